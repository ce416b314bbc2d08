// A rotated capture of which files are missing: what may have happened meanwhile is not said not to have happened.
import { describe, expect, it } from "vitest";
import type { Hole } from "../../src/diagnosis/index.ts";
import type { ExchangeFact, Timeline } from "../../src/proxy/index.ts";
import { ACCEPTED, asked, CHALLENGED, read } from "./asked.ts";
import { diagnosisOf } from "./diagnose.ts";
import { atMs, exchangeFact, requestHead, timeline, where } from "./record-talk.ts";

const OPEN = { closedBy: "open", clientEnd: "capture-end", proxyEnd: "capture-end" } as const;
const TEXT = "of the rotated capture number 3 is missing";

/** Files are missing between the two times. */
function hole(fromMs: number, toMs: number): Hole {
  return { between: { from: atMs(fromMs), to: atMs(toMs) }, text: TEXT };
}

function diagnosed(one: Timeline, holes: readonly Hole[]) {
  return diagnosisOf([one], { quality: { end: atMs(600_000), holes } });
}

/** A request that was forwarded 300 ms behind the start, and had no answer. */
function waiting(unanswered: ExchangeFact["unanswered"], change: Partial<Timeline> = {}): Timeline {
  const request = requestHead(where(300, 300), { method: "GET", target: "http://www.example.com/" });
  return timeline({ forwards: [exchangeFact(request, null, { unanswered })], end: atMs(5_000), ...change });
}

const challenged = asked(0, [CHALLENGED], OPEN);
const early = hole(1_000, 60_000);
const late = hole(300_000, 360_000);

describe("a rotated capture of which files are missing", () => {
  it.each<[string, Timeline, Hole, string, string]>([
    ["an answer that may be in them", waiting("still-open", OPEN), early, "no-response", "incomplete"],
    ["an answer that had its time before", waiting("still-open", OPEN), late, "no-response", "no-response"],
    ["a close that is behind them", waiting("reset", { end: atMs(90_000) }), early, "no-response", "incomplete"],
    ["a close in front of them", waiting("reset", { end: atMs(900) }), early, "no-response", "no-response"],
    ["credentials that may be in them", challenged, early, "auth-abandoned", "incomplete"],
    ["credentials that had their time before", challenged, late, "auth-abandoned", "auth-abandoned"],
    ["a tunnel that was open", read(0, [{ status: 200 }], [{ status: 200 }], OPEN), late, "ok", "incomplete"],
  ])("%s", (_name, one, missing, whole, holed) => {
    expect(diagnosed(one, []).facts.connections[0]!.verdict).toBe(whole);
    const { verdict, summary } = diagnosed(one, [missing]).facts.connections[0]!;
    expect(verdict).toBe(holed);
    if (whole !== holed) expect(summary).toMatch(/missing|not in the capture/);
  });

  it("is not fine where all of its connections are, and says what is missing", () => {
    const { facts, verdict, findings } = diagnosed(asked(0, [CHALLENGED, ACCEPTED]), [{ between: null, text: TEXT }]);
    expect([facts.connections[0]!.verdict, verdict]).toEqual(["auth-ok", "incomplete"]);
    expect(findings.find(({ id }) => id === "capture-quality")?.detail).toContain(TEXT);
  });

  it("names a few of many", () => {
    const { findings } = diagnosed(
      asked(0, [CHALLENGED, ACCEPTED]),
      Array.from({ length: 20 }, () => late),
    );
    expect(findings.find(({ id }) => id === "capture-quality")?.detail).toMatch(/; and so in 12 further places\.$/);
  });
});
