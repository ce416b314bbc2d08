// Answers that want a sign-in and are neither 401 nor 407: the verdict stays, and the sentence says so.
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../src/proxy/index.ts";
import { ACCEPTED, asked, CHALLENGED, read } from "./asked.ts";
import { diagnosisOf, found } from "./diagnose.ts";
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
