// What the network or the proxy answers in place of the site, and is neither 401 nor 407: the verdict stays, and the sentence says so.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Finding } from "../../src/diagnosis/index.ts";
import { refusedUnasked } from "../../src/diagnosis/own-answer.ts";
import { ownError } from "../../src/diagnosis/own-error.ts";
import type { ServerLeg, Timeline } from "../../src/proxy/index.ts";
import { headline } from "../../src/report/outputs/headline.ts";
import { loadTruth } from "../harness/truth.ts";
import { ACCEPTED, asked, CHALLENGED, read, SENT } from "./asked.ts";
import { diagnosisOf, found } from "./diagnose.ts";
import { HOST, leg, staged } from "./evidence-talk.ts";
import { exchangeFact, requestHead, responseHead, timeline, where } from "./record-talk.ts";

function judged(one: Timeline) {
  const { verdict, summary } = diagnosisOf([one]).facts.connections[0]!;
  return { verdict, summary };
}

const inPlainTunnel = (status: number): Timeline => {
  const one = read(0, [ACCEPTED], [{ status }]);
  return { ...one, tunnel: { ...one.tunnel!, protocol: "http", tls: null } };
};

const inside = (status: number) => judged(read(0, [ACCEPTED], [{ status }]));

function forwarded(status: number) {
  const request = requestHead(where(10, 10), { method: "GET", target: "http://www.example.com/", form: "absolute" });
  return judged(timeline({ forwards: [exchangeFact(request, responseHead(where(12, 12), status))] }));
}

describe("inside a tunnel", () => {
  it("a 511 is told, and nothing is called right", () => {
    const { verdict, summary } = inside(511);
    expect(verdict).toBe("ok");
    expect(summary).toMatch(/no 401 or 407, but GET .* was answered 511 \(frame 201\): the network wants the user to/);
  });

  it("without one the sentence stays", () => {
    expect(inside(403).summary).toContain("nothing wrong");
  });
});

describe("of forwarded requests", () => {
  it("no more is said than that they were answered: a refusal was never passed on", () => {
    expect(forwarded(403)).toEqual({ verdict: "ok", summary: "The proxy answered every request." });
  });

  it("a 511 is told", () => {
    expect(forwarded(511).summary).toMatch(/^The proxy answered every request; GET .* was answered 511 \(frame 12\)/);
  });
});

describe("an answer that there is no site", () => {
  it.each([502, 503, 504])("%i is told in place of nothing wrong", (status) => {
    const words = `was answered ${status} \\(frame \\d+\\): the site could not answer, or was not reached`;
    expect(inside(status)).toMatchObject({
      verdict: "ok",
      summary: expect.stringMatching(`no 401 or 407, but GET .* ${words}`),
    });
    expect(forwarded(status)).toMatchObject({
      verdict: "ok",
      summary: expect.stringMatching(`every request; GET .* ${words}`),
    });
  });

  it("is none that is about the request", () => {
    for (const status of [404, 500]) expect(inside(status).summary).toContain("nothing wrong");
  });
});

describe("a finding under the verdict's name", () => {
  it.each([
    ["ok", read(0, [ACCEPTED], [{ status: 511 }])],
    ["not-tls", inPlainTunnel(511)],
  ] as const)("tells whom to sign in where: %s", (id, one) => {
    const [finding, ...others] = found(id, [one]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: "info", stream: 0, frames: [200, 201] });
    expect(finding?.title).toMatch(/wants the user to sign in first/);
    expect(finding?.detail).toMatch(/but GET .* was answered 511 \(frame 201\)/);
    expect(finding?.advice.helpdesk).toMatch(/sign in on the page/);
  });

  it("tells it also where the proxy had asked with 407 first", () => {
    const [first, last] = [asked(0, [CHALLENGED]), read(1, [ACCEPTED], [{ status: 511 }])];
    expect(found("auth-ok", [first, last]).map(({ stream }) => stream)).toEqual([1]);
  });

  it.each(["ok", "not-tls"] as const)("is none without such an answer: %s", (id) => {
    expect(found(id, [read(0, [ACCEPTED], [{ status: 403 }]), { ...inPlainTunnel(302), stream: 1 }])).toEqual([]);
  });
});

describe("an error inside a tunnel", () => {
  /** Opened for the client, and nothing was sent on it. */
  const SILENT = leg(HOST, []);
  const SENT_ON = leg(HOST, [["client", 300, 200.3]]);
  const ANSWERED = leg(HOST, [
    ["client", 300, 200.3],
    ["server", 940, 200.6],
  ]);
  /** Only proxies have a reason to send it. */
  const ONE_SIGN = ["proxy-connection"];

  function own(status: number, names: readonly string[], legs: readonly ServerLeg[] = []) {
    const { exchange, context } = staged([]);
    const response = { ...exchange.response!, status, names, fields: [], challenges: [] };
    return ownError({ ...exchange, response }, { ...context, legs });
  }

  it.each([403, 451, 502, 503, 504])("%i may be the proxy's by one sign", (status) => {
    const found = own(status, ONE_SIGN);
    expect(found).toMatchObject({ kind: "error", certainty: "possible" });
    expect(found?.text).toMatch(
      new RegExp(`^GET .* was answered ${status} \\(frame 203\\), possibly by the proxy itself$`),
    );
    expect(found?.evidence).toEqual([expect.stringMatching(/proxy-connection stands beside/)]);
  });

  it.each([400, 404, 500])("%i is mostly a site's: one sign is too little", (status) => {
    expect(own(status, ONE_SIGN)).toBeNull();
  });

  it.each([403, 404, 500])("%i is the proxy's where both legs show that the request was not sent on", (status) => {
    const found = own(status, [], [SILENT]);
    expect(found).toMatchObject({ kind: "error", certainty: "certain" });
    expect(found?.text).toMatch(/, by the proxy itself$/);
  });

  it.each([
    ["nothing speaks for the proxy", 403, [], []],
    ["the request was sent on", 403, [], [SENT_ON]],
    ["the site's answer of as many bytes came just before", 403, [], [ANSWERED]],
    ["it asks for credentials: that is a verdict of its own", 407, ONE_SIGN, [SILENT]],
    ["it is no error", 200, ONE_SIGN, [SILENT]],
  ] as const)("is not told where %s", (_why, status, names, legs) => {
    expect(own(status, names, legs)).toBeNull();
  });
});

describe("an error by the proxy itself", () => {
  it.each([
    ["bump-403-inside", [["ok", 0, "possible"]]],
    [
      "calm-proxy-refuses-some",
      [
        ["ok", 0, "possible"],
        ["ok", 2, "possible"],
        ["ok", 4, "possible"],
      ],
    ],
  ])("is a finding with what to do about it: %s", async (name, expected) => {
    const { path } = loadTruth().find((one) => one.name === name)!;
    const report = await checkCapture(path, {});
    if ("kind" in report) throw new Error(report.message);
    expect(report.verdict).toBe("ok");
    expect(report.findings.map(({ id, stream, certainty }) => [id, stream, certainty])).toEqual(expected);
    const [{ detail, title, advice }] = report.findings as [Finding, ...Finding[]];
    expect(headline(report)).toBe(detail);
    expect(title).toMatch(/seems to answer with an error of its own/);
    expect(advice.helpdesk).toMatch(/without the proxy/);
    expect(advice.proxyAdmin).toMatch(/the same authentication rule has to match at CONNECT/);
  });
});

describe("a refusal inside a tunnel for want of credentials", () => {
  const refused = (value: string, status = 403) =>
    read(0, [ACCEPTED], [{ status, fields: [{ name: "x-squid-error", value }] }]);

  it("is told with what to change", () => {
    const [finding] = found("ok", [refused("ERR_CACHE_ACCESS_DENIED 0")]);
    expect(finding?.title).toMatch(/for want of credentials, for which it cannot ask there/);
    expect(finding?.detail).toMatch(
      /no 401 or 407, but GET .* was answered 403 \(frame 201\) for want of credentials: "X-Squid/,
    );
    expect(finding?.certainty).toBe("likely");
    expect(finding?.advice.proxyAdmin).toMatch(/Ask on the CONNECT/);
  });

  it.each([
    ["another page of Squid", refused("ERR_ACCESS_DENIED 0")],
    ["another status", refused("ERR_CACHE_ACCESS_DENIED 0", 404)],
  ])("is none with %s", (_what, one) => expect(found("ok", [one])).toEqual([]));

  const inside = [{ status: 403, fields: [{ name: "x-squid-error", value: "ERR_CACHE_ACCESS_DENIED 0" }] }];

  it("is one of a user who is not admitted where he was asked for them on the CONNECT, and let in", () => {
    const [finding] = found("auth-ok", [read(0, [CHALLENGED, ACCEPTED], inside)]);
    expect(finding?.title).toMatch(/to a user whom it had let in on the CONNECT/);
    expect(finding?.detail).toMatch(
      /answered 403 \(frame 201\) in spite of the credentials on the CONNECT \(frame 14\): /,
    );
    expect(finding?.detail).toContain("asks for others by 407");
    expect(finding?.advice.helpdesk).toContain("another password will not help");
  });

  it("is that also where a browser sends what was let through before without being asked", () => {
    const next = (tag: string) => read(1, [{ ...ACCEPTED, with: { ...SENT, tag } }], inside);
    const titles = (tag: string) =>
      diagnosisOf([asked(0, [CHALLENGED, ACCEPTED]), next(tag)]).findings.map(({ title }) => title);
    expect(titles(SENT.tag)).toContainEqual(expect.stringMatching(/to a user whom it had let in on the CONNECT/));
    expect(titles("other")).toContainEqual(expect.stringMatching(/for want of credentials/));
  });

  it("is that also where the 407 closed the connection, and the credentials came on the next one", () => {
    const closed = asked(0, [CHALLENGED]);
    const titles = diagnosisOf([closed, read(1, [ACCEPTED], inside)]).findings.map(({ title }) => title);
    expect(titles).toContainEqual(expect.stringMatching(/to a user whom it had let in on the CONNECT/));
  });

  it.each([
    ["nobody had asked for them", [ACCEPTED]],
    ["he came without", [CHALLENGED, { status: 200 }]],
  ])("is for want of them where %s", (_what, steps) => {
    const { findings } = diagnosisOf([read(0, steps, inside)]);
    expect(findings.map(({ title }) => title)).toContainEqual(expect.stringMatching(/for want of credentials/));
  });

  it("is none of the proxy's where it does not end the tunnel's TLS", () => {
    const one = refused("ERR_CACHE_ACCESS_DENIED 0");
    expect(refusedUnasked(one, { state: "unknown", why: null }, [], new Map())).not.toBeNull();
    expect(
      refusedUnasked(one, { state: "no", why: "the certificate leads to a public root" }, [], new Map()),
    ).toBeNull();
  });
});
