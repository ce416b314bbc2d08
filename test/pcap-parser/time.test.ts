// Exact time: every resolution against integer arithmetic.
import fc from "fast-check";
import { expect, it } from "vitest";
import { splitTime, timeUnit } from "../../src/pcap-parser/time.ts";
import { times } from "../harness/times.ts";

const half = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 });
const u32 = fc.oneof(half(32), half(29), fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff));

it("splits any time stamp of any resolution as integers do", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 255 }),
      u32,
      u32,
      fc.integer({ min: -1e9, max: 1e9 }),
      (resolution, high, low, offset) => {
        const target = { seconds: 0, nanoseconds: 0 };
        splitTime(timeUnit(resolution, offset), high, low, target);
        const ticks = resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
        const stamp = (BigInt(high) << 32n) | BigInt(low);
        expect(target).toEqual({
          seconds: Number(stamp / ticks) + offset,
          nanoseconds: Number(((stamp % ticks) * 1_000_000_000n) / ticks),
        });
      },
    ),
    { numRuns: times(3000) },
  );
});

it("is exact on both sides of every second where doubles are not", () => {
  for (let resolution = 4; resolution <= 9; resolution++) {
    const ticks = 10n ** BigInt(resolution);
    const last = ((1n << 64n) - 1n) / ticks;
    const large = Array.from({ length: 20 }, (_, i) => last - BigInt(i));
    // The last three are found by search: seconds whose quotient in doubles is too small by one, for 10⁴, 10⁶ and 10⁹.
    const small = [1n, 1_700_000_000n, 4_294_967_295n, 17_592_186_044_369n, 1_099_511_627_729n, 8_589_934_545n];
    for (const seconds of [...small, ...large].filter((s) => s <= last)) {
      for (let shift = 0n; shift < 13n; shift++) {
        for (const delta of [-(1n << shift), 0n, 1n << shift]) {
          const stamp = seconds * ticks + delta;
          if (stamp >= 1n << 64n) continue;
          const target = { seconds: 0, nanoseconds: 0 };
          splitTime(timeUnit(resolution), Number(stamp >> 32n), Number(stamp & 0xffff_ffffn), target);
          const nanoseconds = Number(((stamp % ticks) * 1_000_000_000n) / ticks);
          expect(target, `${stamp} / ${ticks}`).toEqual({ seconds: Number(stamp / ticks), nanoseconds });
        }
      }
    }
  }
});
