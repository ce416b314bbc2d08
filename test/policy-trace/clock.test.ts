// The difference of two clocks, of more pairs than are looked at.
import { describe, expect, it } from "vitest";
import { type ClockPair, clockDifference } from "../../src/policy-trace/clock.ts";

const SECOND = 1_000_000_000n;

/** A record that meets an event, both in these seconds; by the capture's clock the event was `at` seconds after the others. */
const pair = (
  record: number,
  event: number,
  seconds: number,
  at = 0,
  placed = false,
  host = "a.example",
): ClockPair => ({
  record,
  event,
  difference: BigInt(seconds) * SECOND,
  time: (BigInt(at) * SECOND) as ClockPair["time"],
  placed,
  host,
});

describe("the difference of the clocks", () => {
  it("is found where a log of a day meets the same host all day, and what is near comes last", () => {
    function* pairs(): Generator<ClockPair> {
      for (let i = 0; i < 450_000; i++) yield pair(i, i % 10, 600 + (i % 80_000));
      for (let i = 0; i < 10; i++) yield pair(450_000 + i, i, 1);
    }
    expect(clockDifference(pairs())).toMatchObject({ difference: SECOND, matches: 10 });
  });

  it("is none of another day", () => {
    expect(clockDifference([pair(0, 0, 27 * 3_600)])).toBe(null);
    expect(clockDifference([pair(0, 0, -27 * 3_600)])).toBe(null);
  });

  const burst = (seconds: number, ...more: readonly [at?: number, placed?: boolean, host?: string]) => [
    pair(0, 0, seconds),
    pair(1, 1, seconds),
    pair(2, 2, seconds, ...more),
  ];

  it.each<[string, readonly ClockPair[], boolean]>([
    ["clocks that are set", burst(1), true],
    ["a clock that is off, by one visit to a host: there may have been one an hour before", burst(-3_600), false],
    ["a clock that is off, by a visit to several", burst(-3_600, 0, false, "b.example"), true],
    ["a clock that is off, by one tunnel", [pair(0, 0, -600)], false],
    ["a clock that is off, by connections with a pause between them", burst(-3_600, 30), true],
    ["a clock that is off, by a client's port", burst(-3_600, 0, true), true],
    [
      "one that many of them meet at another difference as well",
      [...burst(-3_600, 30), ...burst(-3_660).slice(1)],
      false,
    ],
  ])("is as certain as it can be: %s", (_what, pairs, certain) => {
    expect(clockDifference(pairs)).toMatchObject({ certain });
  });
});
