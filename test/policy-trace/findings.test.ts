// What the stages of a tunnel tell: named cases, each a trace written for it.
import { describe, expect, it } from "vitest";
import { STAGE_NAMES } from "../../src/policy-trace/findings.ts";
import type { TraceFacts } from "../../src/policy-trace/summary.ts";
import { bytesOf, fixture, summarise } from "./harness.ts";

interface Stage {
  readonly request: string;
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
      .map(({ request, rules = [], client = "10.0.0.1", user, server = 0, status = 200, exception, time, service }) =>
        [
          "start transaction ---",
          " <Proxy>",
          ...rules.map((rule) => `   ${rule}`),
          ` connection: service.name=${service ?? "Explicit HTTP"} client.address=${client} proxy.port=8080`,
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
