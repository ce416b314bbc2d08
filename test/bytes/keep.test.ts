// Copies that share their memory: each is what was copied, whatever becomes of the source and of other copies.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copyOf } from "../../src/bytes/index.ts";

describe("copies", () => {
  it("stay what they are when their source and their neighbours change", () => {
    const piece = fc.tuple(fc.nat(5_000), fc.nat(40), fc.nat(255));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const copies = pieces.map(([length, start, value]) => {
          const source = new Uint8Array(start + length + 3).fill(value);
          const copy = copyOf(source, start, start + length);
          source.fill(255 - value);
          return copy;
        });
        expect(copies.map((copy) => [...new Set(copy)])).toEqual(
          pieces.map(([length, , value]) => (length === 0 ? [] : [value])),
        );
        expect(copies.map(({ length }) => length)).toEqual(pieces.map(([length]) => length));
      }),
    );
  });
});
