// Damage: real shapes × mutation × cutting. Nothing throws, every answer is plain data, and what came before stays right.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ascii, concat, PcapngBlocks, pcapFile } from "../harness/capture-file.ts";
import { piecesOf } from "../harness/split.ts";
import { times } from "../harness/times.ts";
import { collect, collectWhole } from "./collect.ts";

const little = new PcapngBlocks();
const big = new PcapngBlocks(true);
const ROWS = ["one", "second", "the third packet", ""].map((text, i) => ({
  data: ascii(text),
  seconds: 1000 + i,
  wireLength: 60,
}));

const CAPTURES: Record<string, Uint8Array> = {
  pcap: pcapFile(ROWS),
  "pcap, big endian, nanoseconds": pcapFile(ROWS, { bigEndian: true, magic: 0xa1b23c4d }),
  "pcap, modified, version 2.3": pcapFile(ROWS, { magic: 0xa1b2cd34, extraRecord: 8, version: [2, 3] }),
  pcapng: concat(
    little.section([1, 0], little.option(1, ascii("a comment"))),
    little.interface(1, 96, concat(little.option(2, ascii("eth0")), little.option(9, Uint8Array.of(9)))),
    ...ROWS.map(({ data }, i) => little.packet(data, BigInt(i), 0, 60, little.option(1, ascii("note")))),
    little.simplePacket(ascii("simple"), 200),
    little.oldPacket(ascii("old"), 5n),
    little.block(4, concat(little.option(1, concat(Uint8Array.of(10, 0, 0, 1), ascii("a\0b\0"))), little.u32(0))),
    little.block(5, concat(little.u32(0, 0, 0), little.option(5, little.u64(3n)))),
    little.block(10, concat(little.u32(0x544c534b, 4), ascii("keys"))),
    big.section(),
    big.interface(101, 0, big.option(14, big.u64(-5n))),
    big.packet(ascii("big"), 1n),
    big.block(0xbad, big.u32(1)),
  ),
};

const mutation = (length: number): fc.Arbitrary<(file: Uint8Array) => Uint8Array> => {
  const at = fc.nat({ max: length - 1 });
  return fc.oneof(
    fc.tuple(at, fc.nat({ max: 255 })).map(
      ([place, value]) =>
        (file: Uint8Array) =>
          file.map((byte, i) => (i === place ? value : byte)),
    ),
    fc.tuple(at, fc.nat({ max: 7 })).map(
      ([place, bit]) =>
        (file: Uint8Array) =>
          file.map((byte, i) => (i === place ? byte ^ (1 << bit) : byte)),
    ),
    at.map((place) => (file: Uint8Array) => file.slice(0, place)),
    fc.tuple(at, at).map(
      ([from, to]) =>
        (file: Uint8Array) =>
          concat(file.slice(0, from), file.slice(Math.max(from, to))),
    ),
    fc.tuple(at, fc.uint8Array({ maxLength: 40 })).map(
      ([place, junk]) =>
        (file: Uint8Array) =>
          concat(file.slice(0, place), junk, file.slice(place)),
    ),
    fc.tuple(at, fc.constantFrom(0, 0xff)).map(([place, fill]) => (file: Uint8Array) => {
      const copy = file.slice();
      copy.fill(fill, place, place + 4);
      return copy;
    }),
  );
};

describe.each(Object.entries(CAPTURES))("a damaged %s", (_, file) => {
  it("is reported the same way however it is cut, and never throws", () => {
    const whole = collectWhole(file);
    expect(whole.packets.length).toBeGreaterThan(3);
    let damaged = 0;
    fc.assert(
      fc.property(
        fc.array(mutation(file.length), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat({ max: file.length }), { maxLength: 12 }),
        (mutations, cuts) => {
          const bad = mutations.reduce((bytes, mutate) => mutate(bytes), file);
          const kept = collectWhole(bad);
          const cut = cuts.map((place) => Math.min(place, bad.length));
          expect(collect(piecesOf(bad, cut))).toEqual(kept);
          if ("kind" in kept.result || kept.notes.length > 0) damaged++;
          for (const { data, wireLength } of kept.packets) {
            expect(data.length / 2).toBeLessThanOrEqual(bad.length);
            expect(wireLength).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: times(1500) },
    );
    expect(damaged).toBeGreaterThan(300);
  });

  it("keeps every packet that lies before a flipped byte", () => {
    const whole = collectWhole(file).packets;
    for (let place = 24; place < file.length; place++) {
      const bad = file.slice();
      bad[place] = bad[place]! ^ 0xff;
      const before = whole.filter(({ fileOffset, data }) => fileOffset + data.length / 2 + 64 <= place);
      expect(collectWhole(bad).packets.slice(0, before.length), `byte ${place}`).toEqual(before);
    }
  });
});

describe("noise", () => {
  it.each(["d4c3b2a1", "a1b2c3d4", "34cdb2a1", "0a0d0d0a1c0000004d3c2b1a", ""])("behind %s never throws", (magic) => {
    const head = Uint8Array.from(magic.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.nat({ max: 400 }), { maxLength: 6 }),
        (noise, cuts) => {
          const bytes = concat(head, noise);
          const cut = cuts.map((place) => Math.min(place, bytes.length));
          expect(collect(piecesOf(bytes, cut))).toEqual(collectWhole(bytes));
        },
      ),
      { numRuns: times(500) },
    );
  });
});
