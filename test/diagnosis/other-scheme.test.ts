// Credentials of a scheme that the proxy does not offer: their password is not what is wrong. And clients that ask more often than is kept.
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../src/proxy/index.ts";
import { asked, BASIC, CHALLENGED, NEGOTIATE, NTLM, ntlm, SENT, TYPE_1 } from "./asked.ts";
import { diagnosisOf, found } from "./diagnose.ts";
import { exchangeFact, requestHead, responseHead, timeline, where } from "./record-talk.ts";

const DIGEST = { ...BASIC, scheme: "Digest" };
const UNOFFERED = { with: SENT, status: 407, challenges: [DIGEST, NEGOTIATE] };
const summaryOf = (one: Timeline) => diagnosisOf([one]).facts.connections[0]!.summary;

describe("credentials of a scheme that the proxy does not offer", () => {
  it("are told as that, and no password is blamed", () => {
    const one = asked(0, [UNOFFERED]);
    expect(summaryOf(one)).toMatch(
      /^The client sent Basic \(frame 10\), which the proxy does not offer \(407 with Digest, Negotiate, frame 12\), and did not try again/,
    );
    const [finding] = found("auth-abandoned", [one]);
    expect(finding?.title).toBe("The client sent credentials of a scheme that the proxy does not offer");
    expect(finding?.advice.helpdesk).toMatch(/^The password is not the problem/);
  });

  it("are told as that also where they are the first message of a handshake, or the client asks without any afterwards", () => {
    const begun = { with: TYPE_1, status: 407, challenges: [BASIC] };
    expect(summaryOf(asked(0, [begun]))).toMatch(/^The client sent NTLM \(frame 10\), which the proxy does not offer/);
    expect(summaryOf(asked(0, [begun, CHALLENGED]))).toMatch(
      /^The client sent NTLM \(frame 10\), which the proxy does not offer .*, and then the client asked without any/,
    );
  });

  it("are told as that where they are sent again and again", () => {
    const one = asked(0, [UNOFFERED, UNOFFERED, UNOFFERED]);
    expect(summaryOf(one)).toBe(
      "The client sent Basic (frame 10), which the proxy does not offer (407 with Digest, Negotiate, frame 12), and sent credentials 3 times in all (407 in frames 12, 16, 20), until the client gave up.",
    );
    const [finding] = found("auth-loop", [one]);
    expect(finding?.title).toBe("The client sent credentials of a scheme that the proxy does not offer");
    expect(finding?.advice.helpdesk).toMatch(/^The password is not the problem/);
  });

  it.each([
    ["it is offered before", [CHALLENGED, UNOFFERED, UNOFFERED]],
    ["it is offered then", [UNOFFERED, { with: SENT, ...CHALLENGED }]],
    ["nobody knows what it is", [{ ...UNOFFERED, with: { ...SENT, scheme: "unknown" } }]],
  ] as const)("are others where %s", (_name, steps) => {
    expect(summaryOf(asked(0, steps))).not.toContain("does not offer");
    expect(diagnosisOf([asked(0, steps)]).findings.map(({ title }) => title)).not.toContain(
      "The client sent credentials of a scheme that the proxy does not offer",
    );
  });
});

it("a client that does not answer the proxy's challenge is not asked whether it can sign in at all", () => {
  const one = asked(0, [{ with: TYPE_1, status: 407, challenges: [{ ...NTLM, ntlm: ntlm(2) }] }]);
  expect(found("auth-abandoned", [one])[0]?.advice.helpdesk).toMatch(/^The program began to sign in, got the proxy's/);
});

describe("a client that asks more often than is kept", () => {
  const often = (one: Timeline): Timeline => ({
    ...one,
    connects: one.connects.map((connect, i) => ({
      ...connect,
      droppedBefore: i === one.connects.length - 1 ? 900 : 0,
    })),
  });

  it("was refused more often than is counted", () => {
    const refused = { with: SENT, ...CHALLENGED };
    expect(summaryOf(often(asked(0, [CHALLENGED, refused, refused])))).toMatch(
      /complete credentials more than 2 times/,
    );
  });

  it("began its handshake again and again", () => {
    const alone = { with: TYPE_1, status: 407, challenges: [NTLM] };
    expect(summaryOf(often(asked(0, [alone, alone])))).toMatch(/ It had asked 900 times more on this connection\.$/);
  });

  it("may have come back, where requests in front of the last one are all that is kept", () => {
    const request = requestHead(where(10, 10), { form: "absolute", host: "www.example.com" });
    const response = responseHead(where(12, 12), 407, { proxyChallenges: [BASIC] });
    const one = timeline({ forwards: [exchangeFact(request, response)] });
    expect(diagnosisOf([one]).facts.connections[0]!.verdict).toBe("auth-abandoned");
    const { verdict, summary } = diagnosisOf([{ ...one, forwardsDropped: 7 }]).facts.connections[0]!;
    expect(verdict).toBe("incomplete");
    expect(summary).toMatch(/cannot be told: 7 more requests on this connection are not looked at\.$/);
  });
});
