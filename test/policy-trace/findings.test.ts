// What the stages of a tunnel tell: named cases, each a trace written for it.
import { describe, expect, it } from "vitest";
import { STAGE_NAMES } from "../../src/policy-trace/findings.ts";
import type { TraceFacts } from "../../src/policy-trace/summary.ts";
import { bytesOf, fixture, summarise } from "./harness.ts";

interface Stage {
  readonly request: string;
  /** Of the client. */
  readonly port?: number;
  readonly rules?: readonly string[];
  readonly client?: string;
  readonly user?: string | null;
  readonly server?: number;
  readonly status?: number;
  readonly exception?: string;
  readonly time?: string;
  readonly service?: string;
}

const CONNECT = "CONNECT tcp://www.example.com:443/";
const SSL = "unknown ssl://www.example.com:443/";
const GET = "GET https://www.example.com/";
const CORP = "MATCH: authenticate(corp) authenticate.force(no) authenticate.mode(proxy)";
const FAILED = "authentication_failed";

function written(stages: readonly Stage[]): Uint8Array {
  return bytesOf(
    stages
      .map(
        ({
          request,
          port,
          rules = [],
          client = "10.0.0.1",
          user,
          server = 0,
          status = 200,
          exception,
          time,
          service,
        }) =>
          [
            "start transaction ---",
            " <Proxy>",
            ...rules.map((rule) => `   ${rule}`),
            ` connection: service.name=${service ?? "Explicit HTTP"} client.address=${client}${port === undefined ? "" : `:${port}`} proxy.port=8080`,
            ` time: 2026-01-02 ${time ?? "03:04:05"} UTC`,
            ` ${request}`,
            user == null ? " user: unauthenticated" : ` user: name="EXAMPLE\\${user}" realm=corp`,
            ...(exception === undefined ? [] : [` EXCEPTION(${exception}): text`]),
            ` server.response.code: ${server}`,
            ` client.response.code: ${status}`,
            "stop transaction ---",
          ].join("\n"),
      )
      .join("\n"),
  );
}

/** Findings of all tunnels, one line each. */
const told = (facts: TraceFacts): string[] =>
  facts.tunnels.flatMap(({ tunnel, findings }) =>
    findings.map(({ id, severity }) => `${tunnel.host} ${id} ${severity}`),
  );

const details = (facts: TraceFacts): string =>
  facts.tunnels.flatMap(({ findings }) => findings.map(({ detail }) => detail)).join("\n");

const refused = { request: GET, status: 401, exception: FAILED } as const;

describe.each<[string, readonly Stage[], readonly string[], RegExp | null]>([
  [
    "nothing where one rule decides at all stages",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: SSL, rules: [CORP], user: "alice", status: 0 },
      { request: GET, rules: [CORP], user: "alice", server: 200 },
    ],
    [],
    null,
  ],
  [
    "the rule that matches only inside",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: SSL, user: "alice", status: 0 },
      { ...refused, rules: ["MATCH: url.scheme=https authenticate(domain1) authenticate.mode(proxy-ip)"] },
    ],
    ["trace-401-after-connect error", "trace-auth-rule-differs error", "trace-unauthenticated-stage warning"],
    /`url\.scheme=https authenticate\(domain1\) authenticate\.mode\(proxy-ip\)` matches only at GET https:\/\/, after CONNECT/,
  ],
  [
    "another mode, as a warning while nothing was refused",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: GET, rules: ["MATCH: authenticate(corp) authenticate.mode(proxy-ip)"], user: "alice", server: 200 },
    ],
    ["trace-auth-rule-differs warning"],
    /At GET https:\/\/ authenticate\.mode is proxy-ip, at CONNECT tcp:\/\/ it is proxy\./,
  ],
  [
    "forced authentication inside",
    [
      {
        request: CONNECT,
        rules: ["MATCH: authenticate(corp) authenticate.force(yes) authenticate.mode(proxy)"],
        user: "alice",
      },
      { ...refused, rules: ["MATCH: authenticate(corp) authenticate.force(yes) authenticate.mode(proxy)"] },
    ],
    ["trace-401-after-connect error", "trace-force-auth warning", "trace-unauthenticated-stage warning"],
    /forces authentication at GET https:\/\//,
  ],
  [
    "a user who is logged out on the way",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: SSL, rules: ["MATCH: url.domain=//www.example.com/ user.login.log_out(yes)"], status: 0 },
      { ...refused, rules: [CORP] },
    ],
    ["trace-401-after-connect error", "trace-unauthenticated-stage warning"],
    /`url\.domain=\/\/www\.example\.com\/ user\.login\.log_out\(yes\)` logs the user out at unknown ssl:\/\//,
  ],
  [
    "the site's own login, which is none of them",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: GET, rules: [CORP], user: "alice", server: 401, status: 401 },
    ],
    [],
    null,
  ],
  [
    "a 407 on the CONNECT, which is in order",
    [{ request: CONNECT, rules: [CORP], status: 407, exception: FAILED }],
    [],
    null,
  ],
  [
    "a CONNECT challenged first, then let through",
    [
      { request: CONNECT, rules: [CORP], status: 407, exception: FAILED },
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: GET, rules: [CORP], user: "alice", server: 200 },
    ],
    [],
    null,
  ],
  [
    "nothing where only the handshake has other rules",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: SSL, rules: ["MATCH: ssl.forward_proxy(https)"], user: "alice", status: 0 },
      { request: GET, rules: [CORP], user: "alice", server: 200 },
    ],
    [],
    null,
  ],
  [
    "the value of the last layer where several set one",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: GET, rules: [CORP, "MATCH: authenticate.mode(origin-ip)"], user: "alice", server: 200 },
    ],
    ["trace-auth-rule-differs warning"],
    /At GET https:\/\/ authenticate\.mode is origin-ip, at CONNECT tcp:\/\/ it is proxy\./,
  ],
  [
    "forced authentication in the handshake",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: SSL, rules: ["MATCH: authenticate(corp) authenticate.force(yes)"], user: "alice", status: 0 },
      { request: GET, rules: [CORP], user: "alice", server: 200 },
    ],
    ["trace-force-auth warning"],
    /forces authentication at unknown ssl:\/\//,
  ],
  [
    "nobody logged out by a rule that says no",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: GET, rules: [CORP, "MATCH: user.login.log_out(no)"], server: 200 },
    ],
    ["trace-unauthenticated-stage warning"],
    /and is unauthenticated at GET https:\/\/\.$/,
  ],
  [
    "nobody unauthenticated where a user is known inside, or none is wanted",
    [
      { request: CONNECT, rules: ["MATCH: authenticate(no)"] },
      { request: GET, rules: ["MATCH: authenticate(no)"], server: 200 },
      { request: GET, rules: ["MATCH: authenticate(no)"], server: 200 },
    ],
    [],
    null,
  ],
  [
    "nobody unauthenticated where one request inside had its user",
    [
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: GET, rules: [CORP], server: 200 },
      { request: GET, rules: [CORP], user: "alice", server: 200 },
    ],
    [],
    null,
  ],
])("finds %s", (_what, stages, expected, sentence) => {
  it(stages.map(({ request }) => request.split(" ")[0]).join(", "), () => {
    const facts = summarise(written(stages));
    expect(told(facts)).toEqual(expected.map((finding) => `www.example.com ${finding}`));
    expect(facts.tunnelCount).toBe(1);
    if (sentence !== null) expect(details(facts)).toMatch(sentence);
  });
});

it("is less sure of a 401 without CONNECT, where a reverse proxy could have sent it", () => {
  const certainty = (service: string): string | undefined =>
    summarise(written([{ ...refused, service }])).tunnels[0]?.findings[0]?.certainty;
  expect(certainty("Explicit HTTP")).toBe("certain");
  expect(certainty("HTTPS Reverse Proxy")).toBe("likely");
});

it("keeps two clients apart, however their stages are interleaved", () => {
  const stages = (client: string, guilty: boolean): Stage[] => [
    { request: CONNECT, rules: [CORP], user: "alice", client },
    { request: SSL, user: "alice", client, status: 0 },
    guilty ? { ...refused, client } : { request: GET, rules: [CORP], user: "alice", client, server: 200 },
  ];
  const [a, b] = [stages("10.0.0.1", true), stages("10.0.0.2", false)];
  for (const order of [
    [a[0], b[0], a[1], b[1], b[2], a[2]],
    [b[0], a[0], a[1], a[2], b[1], b[2]],
  ]) {
    const facts = summarise(written(order as Stage[]));
    const byClient = Object.fromEntries(
      facts.tunnels.map(({ tunnel, findings }) => [
        tunnel.client,
        findings.some(({ id }) => id === "trace-401-after-connect"),
      ]),
    );
    expect(byClient).toEqual({ "10.0.0.1": true, "10.0.0.2": false });
    expect(facts.tunnels.every(({ tunnel }) => tunnel.stages.connect !== null && tunnel.stages.tls !== null)).toBe(
      true,
    );
  }
});

it("says that it is not certain where two tunnels of one client and site are open at once", () => {
  const facts = summarise(
    written([
      { request: CONNECT, user: "alice" },
      { request: CONNECT, user: "alice" },
      { request: SSL, user: "alice", status: 0 },
      { request: SSL, user: "alice", status: 0 },
      { request: GET, user: "alice", server: 200 },
      { ...refused },
    ]),
  );
  expect(facts.tunnelCount).toBe(2);
  expect(facts.notes.map(({ id }) => id)).toContain("trace-tunnel-ambiguous");
  expect(facts.tunnels.every(({ tunnel }) => tunnel.ambiguous)).toBe(true);
});

it("takes a tunnel that did not go on for ten seconds for left, and a request for that of the newest one", () => {
  const ambiguous = (second: string): boolean[] =>
    summarise(
      written([
        { request: CONNECT, user: "alice", time: "03:04:05" },
        { request: CONNECT, user: "alice", time: second },
        { request: SSL, user: "alice", status: 0, time: second },
      ]),
    ).tunnels.map(({ tunnel }) => tunnel.ambiguous);
  expect(ambiguous("03:04:15")).toEqual([true, true]);
  expect(ambiguous("03:04:16")).toEqual([false, false]);
});

it("knows tunnels of one client and site by its ports, by the site's, and by how long one was idle", () => {
  const summary = (...stages: readonly Stage[]): readonly (readonly [string, boolean])[] =>
    summarise(written(stages)).tunnels.map(({ tunnel: { stages: own, ambiguous } }) => [
      `${own.connect?.transactions ?? 0}${own.tls?.transactions ?? 0}${own.https?.transactions ?? 0}`,
      ambiguous,
    ]);
  const other = { request: CONNECT.replace("443", "8443"), user: "alice" };
  const [connect, tls] = [
    { request: CONNECT, user: "alice" },
    { request: SSL, user: "alice", status: 0 },
  ];
  expect(summary({ ...connect, port: 50_001 }, { ...connect, port: 50_002 }, { ...tls, port: 50_001 })).toEqual([
    ["110", false],
    ["100", false],
  ]);
  expect(summary(other, connect, tls)).toEqual([
    ["100", false],
    ["110", false],
  ]);
  const late = { request: GET, user: "alice", server: 200 };
  expect(summary(connect, tls, { ...late, time: "03:34:05" })).toEqual([["111", false]]);
  expect(summary(connect, tls, { ...late, time: "03:34:06" })).toEqual([
    ["110", false],
    ["001", false],
  ]);
  // A handshake stands in front of all requests of its tunnel.
  expect(summary(connect, late, tls)).toEqual([
    ["101", false],
    ["010", false],
  ]);
  // With its client's port a connection is one, however often it is challenged.
  expect(
    summary({ ...connect, port: 50_001, status: 407 }, { ...connect, port: 50_001 }, { ...tls, port: 50_001 }),
  ).toEqual([["210", false]]);
});

it("blames nobody where the codes say that the server asked, and the exception that the proxy did", () => {
  const facts = summarise(
    written([
      { request: CONNECT, user: "alice" },
      { ...refused, server: 401 },
    ]),
  );
  expect(told(facts)).toEqual(["www.example.com trace-unauthenticated-stage warning"]);
});

it("keeps a rule whole between the marks that stand around it in a sentence", () => {
  const rule = "MATCH: url.path=/a`b authenticate(other)";
  const facts = summarise(
    written([
      { request: CONNECT, rules: [CORP], user: "alice" },
      { request: GET, rules: [CORP, rule], user: "alice", server: 200 },
    ]),
  );
  expect(details(facts)).toContain("The rule `url.path=/a'b authenticate(other)` matches at GET https://");
});

it("is less sure of a rule that is cut, and of the tunnels of one client and site that are open at once", () => {
  const only = (rule: string): Stage[] => [
    { request: CONNECT, rules: [CORP], user: "alice" },
    { request: GET, rules: [CORP, rule], user: "alice", server: 200 },
  ];
  const certainty = (stages: readonly Stage[]): string | undefined =>
    summarise(written(stages)).tunnels[0]?.findings.find(({ id }) => id === "trace-auth-rule-differs")?.certainty;
  const rule = "MATCH: url.path=/x authenticate(other)";
  expect(certainty(only(rule))).toBe("certain");
  expect(certainty(only(`${rule} ...`))).toBe("likely");
  // What is longer than what is kept of a rule is cut by us; a space behind it is no part of it.
  const long = (parts: number, part: string): string => `${rule}${` ${part}`.repeat(parts)} `;
  expect(certainty(only(long(3, `url.path=/${"y".repeat(1_000)}`)))).toBe("likely");
  expect(certainty(only(long(62, "a=b")))).toBe("certain");
  expect(certainty(only(long(63, "a=b")))).toBe("likely");
  expect(certainty([only(rule)[0]!, ...only(rule)])).toBe("likely");
});

it("keeps what is open within limits, and counts what it closed", () => {
  const stages = Array.from({ length: 5_000 }, (_, i) => ({ request: `CONNECT tcp://site${i}.example.com:443/` }));
  const facts = summarise(written(stages));
  expect(facts.tunnelCount).toBe(5_000);
  expect(facts.notes.map(({ id }) => id)).toEqual(expect.arrayContaining(["trace-evicted", "trace-not-kept"]));
  expect(facts.tunnels.length).toBeLessThan(1_000);
});

it("cites lines that hold what it says", () => {
  const bytes = fixture("context-lost.txt");
  const lines = new TextDecoder().decode(bytes).split("\n");
  for (const { findings } of summarise(bytes).tunnels) {
    for (const { evidence } of findings) {
      for (const { line, text } of evidence) {
        const word = /client\.response\.code: \d+|EXCEPTION\(\w+\)|authenticate\(\w+\)|user:/.exec(text)?.[0];
        expect(lines[line - 1], text).toContain(word);
      }
    }
  }
  expect(Object.values(STAGE_NAMES)).toHaveLength(3);
});
