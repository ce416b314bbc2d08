// The difference of two clocks, of more pairs than are looked at.
import { describe, expect, it } from "vitest";
import { type ClockPair, clockDifference } from "../../src/policy-trace/clock.ts";

const SECOND = 1_000_000_000n;

describe("the difference of the clocks", () => {
  it("is found where a log of a day meets the same host all day, and what is near comes last", () => {
    function* pairs(): Generator<ClockPair> {
      for (let i = 0; i < 450_000; i++)
        yield { record: i, event: i % 10, difference: BigInt(600 + (i % 80_000)) * SECOND };
      for (let i = 0; i < 10; i++) yield { record: 450_000 + i, event: i, difference: SECOND };
    }
    expect(clockDifference(pairs())).toMatchObject({ difference: SECOND, matches: 10 });
  });

  it("is none of another day", () => {
    expect(clockDifference([{ record: 0, event: 0, difference: 27n * 3_600n * SECOND }])).toBe(null);
    expect(clockDifference([{ record: 0, event: 0, difference: -27n * 3_600n * SECOND }])).toBe(null);
  });
});
