// Which later connection of a client answers which 407.
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../src/proxy/index.ts";
import { ACCEPTED, asked, CHALLENGED, NTLM, ntlm, read, SENT, TYPE_1 } from "./asked.ts";
import { diagnosisOf, found } from "./diagnose.ts";

const REFUSED = { with: SENT, ...CHALLENGED };

function verdicts(timelines: readonly Timeline[]): readonly (string | null)[] {
  const { connections } = diagnosisOf(timelines).facts;
  return timelines.map((one) => connections.find(({ timeline }) => timeline === one)?.verdict ?? null);
}

describe("the answer to a challenge", () => {
  it("belongs to the one before it, not to an older one that the client had given up", () => {
    const runs = [asked(0, [CHALLENGED]), asked(5, [CHALLENGED]), read(6, [ACCEPTED], [{ status: 200 }])];
    expect(verdicts(runs)).toEqual(["auth-abandoned", "auth-ok", "auth-ok"]);
  });

  it("belongs to the one that was asked before it, in whatever order the connections were opened", () => {
    const idle = { ...asked(6, [CHALLENGED]), stream: 9 };
    const answered = { ...read(8, [ACCEPTED], [{ status: 200 }]), stream: 3 };
    expect(verdicts([answered, idle])).toEqual(["auth-ok", "auth-ok"]);
    expect(verdicts([idle, answered])).toEqual(["auth-ok", "auth-ok"]);
  });

  it.each([
    ["another program", "Updater/3.1", "Mozilla/5.0 Chrome/140", ["auth-abandoned", "ok"]],
    ["the same program, which says more of itself", "Mozilla/5.0", "mozilla/5.0 Chrome/140", ["auth-ok", "auth-ok"]],
    ["a program that says nothing of itself", "Updater/3.1", undefined, ["auth-ok", "auth-ok"]],
    ["a program behind one that says nothing", undefined, "Updater/3.1", ["auth-ok", "auth-ok"]],
  ] as const)("is judged where it comes from %s", (_who, first, second, expected) => {
    const called = (agent: string | undefined) => (agent === undefined ? {} : { agent });
    const runs = [
      asked(0, [{ ...CHALLENGED, ...called(first) }]),
      read(1, [{ ...ACCEPTED, ...called(second) }], [{ status: 200 }]),
    ];
    expect(verdicts(runs)).toEqual(expected);
  });

  it("may come with a name that is cut, as by the snap length", () => {
    const challenged = asked(0, [{ ...CHALLENGED, agent: "Moz" }]);
    const connects = challenged.connects.map((one) => ({ ...one, request: { ...one.request, cut: true } }));
    const answer = read(1, [{ ...ACCEPTED, agent: "Mozilla/5.0" }], [{ status: 200 }]);
    expect(verdicts([{ ...challenged, connects }, answer])).toEqual(["auth-ok", "auth-ok"]);
  });

  it("belongs to each of several challenges that are answered together", () => {
    const page = [
      asked(0, [CHALLENGED]),
      asked(1, [CHALLENGED]),
      read(2, [ACCEPTED], [{ status: 200 }]),
      read(3, [ACCEPTED], [{ status: 200 }]),
    ];
    expect(verdicts(page)).toEqual(["auth-ok", "auth-ok", "auth-ok", "auth-ok"]);
  });

  it("is followed through refusals, past an older challenge that was given up", () => {
    const loop = [asked(0, [CHALLENGED]), asked(5, [CHALLENGED]), asked(6, [REFUSED]), asked(7, [REFUSED])];
    expect(verdicts(loop)).toEqual(["auth-abandoned", "auth-loop", "auth-loop", "auth-loop"]);
  });

  it("is followed through refusals of several connections at once", () => {
    const start = { start: 0n, end: 900_000_000n };
    const loop = [
      asked(0, [CHALLENGED], start),
      { ...asked(0, [CHALLENGED], start), stream: 1 },
      asked(2, [REFUSED]),
      asked(3, [REFUSED]),
      asked(4, [REFUSED]),
      asked(5, [REFUSED]),
    ];
    expect(verdicts(loop)).toEqual(loop.map(() => "auth-loop"));
  });
});

describe("what is cited of a chain of connections", () => {
  it("are the refusals on all of them, from each", () => {
    const [first, last] = found("auth-loop", [asked(0, [CHALLENGED, REFUSED]), asked(1, [REFUSED])]);
    expect(first?.evidence).toEqual([
      "frame 16: the credentials of frame 14 were refused (407 with Basic)",
      "frame 1012 (stream 1): the credentials of frame 1010 were refused (407 with Basic)",
    ]);
    expect(last?.evidence).toEqual([
      "frame 16 (stream 0): the credentials of frame 14 were refused (407 with Basic)",
      "frame 1012: the credentials of frame 1010 were refused (407 with Basic)",
    ]);
  });

  it("are the challenges on all of them where the client gave up", () => {
    const [first] = found("auth-abandoned", [asked(0, [CHALLENGED]), asked(1, [REFUSED])]);
    expect(first?.evidence).toEqual(["frame 12: 407 with Basic", "frame 1012 (stream 1): 407 with Basic"]);
  });

  it("are the first ones and the last, however long it is", () => {
    const count = 50;
    const findings = found(
      "auth-loop",
      Array.from({ length: count }, (_, stream) => asked(stream, [REFUSED])),
    );
    expect(findings.length).toBe(count);
    for (const { detail, evidence } of findings) {
      expect(detail).toMatch(
        /refused complete credentials 50 times \(frames 12, 1012, 2012, 3012, 4012 \.\.\. 49012\)/,
      );
      expect(evidence.map((text) => /^frame (\d+)/.exec(text)?.[1])).toEqual(
        [0, 1, 2, 3, 4, 45, 46, 47, 48, 49].map((stream) => String(stream * 1_000 + 12)),
      );
    }
  });
});

describe("a challenge that nobody answered in the end", () => {
  const TYPE_2 = { ...NTLM, ntlm: ntlm(2) };
  const said = (steps: Parameters<typeof asked>[1]) =>
    found("auth-abandoned", [asked(0, steps)]).map(({ title, detail }) => `${title}: ${detail}`);

  it("is not said to have been without credentials where some came before", () => {
    expect(said([CHALLENGED, REFUSED, CHALLENGED])).toEqual([
      expect.stringMatching(/^The proxy refused .* refused .* \(frame 16\), and then the client asked without any/),
    ]);
    expect(said([{ with: TYPE_1, status: 407, challenges: [TYPE_2] }, CHALLENGED])).toEqual([
      expect.stringMatching(/handshake was not finished: .* \(NTLM, frame 10\), and then the client asked without any/),
    ]);
  });

  it("has one title and one story, also where another kind of credentials was refused before", () => {
    expect(said([CHALLENGED, REFUSED, { with: TYPE_1, status: 407, challenges: [TYPE_2] }])).toEqual([
      expect.stringMatching(/handshake was not finished: The client began to authenticate \(NTLM/),
    ]);
  });

  it("was not answered by what was let through before", () => {
    expect(said([ACCEPTED, CHALLENGED])).toEqual([expect.stringMatching(/never came back with any: .* never came/)]);
  });
});
