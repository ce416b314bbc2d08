// The reader of wire bytes: every field against plain arithmetic, two ends, and the first failure that stays.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Reader } from "../../src/bytes/index.ts";
import { times } from "../harness/times.ts";

/** The fixed fields: their length, and their value as an integer of so many bytes. */
const FIELDS = {
  u8: { length: 1, little: false },
  u16: { length: 2, little: false },
  u24: { length: 3, little: false },
  u32: { length: 4, little: false },
  u16le: { length: 2, little: true },
  u32le: { length: 4, little: true },
} as const;

type Field = keyof typeof FIELDS;
const fields = Object.keys(FIELDS) as Field[];

/** In powers of 256, with no shifts. */
function integer(bytes: Uint8Array, little: boolean): number {
  const ordered = little ? [...bytes].reverse() : [...bytes];
  return ordered.reduce((value, byte) => value * 256 + byte, 0);
}

describe("a reader", () => {
  const memory = fc.uint8Array({ minLength: 4, maxLength: 24 });
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constantFrom(...fields) }),
      fc.record({ kind: fc.constantFrom("view" as const, "skip" as const), length: fc.nat({ max: 7 }) }),
    ),
    { maxLength: 12 },
  );

  it("reads each field as it stands there, and stops for good at the first that does not fit", () => {
    const cases = fc.record({
      memory,
      start: fc.nat({ max: 3 }),
      end: fc.nat({ max: 24 }),
      limit: fc.nat({ max: 24 }),
      steps,
    });
    fc.assert(
      fc.property(cases, (one) => {
        const end = Math.max(one.start, Math.min(one.end, one.memory.length));
        const limit = Math.max(one.start, one.limit);
        const reader = new Reader(one.memory, one.start, end, limit);
        let at = one.start;
        let damage: { kind: string; at: number } | null = null;
        for (const step of one.steps) {
          expect(reader.more).toBe(damage === null && at < limit);
          expect(reader.remaining).toBe(damage === null ? limit - at : 0);
          const length = "length" in step ? step.length : FIELDS[step.kind].length;
          if (damage === null && at + length > limit) damage = { kind: "malformed", at };
          else if (damage === null && at + length > end) damage = { kind: "cut", at };
          const there = damage === null ? one.memory.subarray(at, at + length) : new Uint8Array(0);
          if (step.kind === "skip") reader.skip(length);
          else if (step.kind === "view") expect([...reader.view(length)]).toEqual([...there]);
          else expect(reader[step.kind]()).toBe(integer(there, FIELDS[step.kind].little));
          at += there.length;
          expect(reader.failed).toEqual(damage);
          if (damage !== null) break;
          expect(reader.position).toBe(at);
        }
        if (damage === null) return;
        for (const field of fields) expect(reader[field]()).toBe(0);
        expect(reader.view(0)).toHaveLength(0);
        expect([reader.more, reader.remaining]).toEqual([false, 0]);
        expect(reader.failed).toEqual(damage);
      }),
      { numRuns: times(2_000) },
    );
  });

  it("is of all its bytes, from the first one, where nothing is said", () => {
    const reader = new Reader(Uint8Array.of(1, 2));
    expect([reader.position, reader.end, reader.limit, reader.u16(), reader.more]).toEqual([0, 2, 2, 0x0102, false]);
  });

  it("opens a part that cannot be left, and stands behind it", () => {
    const reader = new Reader(Uint8Array.of(1, 2, 3, 4, 5));
    const part = reader.sub(3);
    expect([part.u8(), part.remaining, reader.position, reader.u8()]).toEqual([1, 2, 3, 4]);
    expect([part.u24(), part.failed]).toEqual([0, { kind: "malformed", at: 1 }]);
    // The failure is that of the whole.
    expect([reader.failed, reader.more, reader.u8()]).toEqual([part.failed, false, 0]);
    expect(reader.sub(0).more).toBe(false);
  });

  it("opens a part up to its very limit, and none beyond", () => {
    const reader = new Reader(Uint8Array.of(1, 2, 3));
    expect(reader.sub(3).u24()).toBe(0x010203);
    const beyond = new Reader(Uint8Array.of(1, 2, 3));
    beyond.skip(1);
    expect([beyond.sub(3).more, beyond.position, beyond.failed]).toEqual([false, 1, { kind: "malformed", at: 1 }]);
  });

  it("of what was cut reads a part as far as it was captured", () => {
    const part = new Reader(Uint8Array.of(1, 2, 3), 0, 3, 9).sub(6);
    expect([part.u16(), part.remaining, part.more, part.failed]).toEqual([0x0102, 4, true, null]);
    expect([part.u16(), part.failed]).toEqual([0, { kind: "cut", at: 2 }]);
  });
});
