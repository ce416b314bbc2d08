// Times from the integers of packets, checked with bigints.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nanos } from "../../src/bytes/index.ts";
import { times } from "../harness/times.ts";

describe("nanos", () => {
  it("is exact, whatever a header claims", () => {
    const seconds = fc.oneof(fc.nat(2 ** 31), fc.integer({ min: -(2 ** 40), max: 2 ** 45 }), fc.nat(0xffff));
    const fraction = fc.oneof(fc.nat(999_999_999), fc.nat(2 ** 32));
    fc.assert(
      fc.property(seconds, fraction, (s, n) => {
        expect(nanos(s, n)).toBe(BigInt(s) * 1_000_000_000n + BigInt(n));
      }),
      { numRuns: times(2_000) },
    );
  });

  it.each([0, 1, 65_535, 65_536, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 32])("is exact at the edge %d", (seconds) => {
    for (const rest of [0, 1, 999_999_999])
      expect(nanos(seconds, rest)).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
  });
});
