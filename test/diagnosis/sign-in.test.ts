// Answers that want a sign-in and are neither 401 nor 407: the verdict stays, and the sentence says so.
import { describe, expect, it } from "vitest";
import { ACCEPTED, read } from "./asked.ts";
import { diagnosisOf } from "./diagnose.ts";
import { exchangeFact, requestHead, responseHead, timeline, where } from "./record-talk.ts";

function judged(one: ReturnType<typeof timeline>) {
  const { verdict, summary } = diagnosisOf([one]).facts.connections[0]!;
  return { verdict, summary };
}

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
