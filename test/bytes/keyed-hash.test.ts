import { describe, expect, it } from "vitest";
import { createKeyedHash } from "../../src/bytes/index.ts";

/** Outputs of the reference implementation of HalfSipHash-2-4-64 for the key 00..07 and the input 00, 01, 02 …, by length. */
const VECTORS: Readonly<Record<number, string>> = {
  0: "218d1f59b9b83cc8",
  1: "be552412f8387315",
  2: "064f39ef7c50eb57",
  3: "ce0f1a45f7060679",
  4: "d5e78a175be52ea1",
};

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

/** Eight bytes, little-endian, from the tag's four characters. */
function bytesOf(tag: string): string {
  const view = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < 4; i++) view.setUint16(2 * i, tag.charCodeAt(i), true);
  return [...new Uint8Array(view.buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

describe("the keyed hash", () => {
  for (const [length, expected] of Object.entries(VECTORS)) {
    it(`gives the reference output for ${length} bytes`, () => {
      expect(bytesOf(createKeyedHash(counting(8))(counting(Number(length))))).toBe(expected);
    });
  }

  it("depends on the key", () => {
    expect(createKeyedHash(counting(8))(counting(20))).not.toBe(createKeyedHash(new Uint8Array(8))(counting(20)));
  });
});
