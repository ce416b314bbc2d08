// Classic captures in all their variants.
import { describe, expect, it } from "vitest";
import { ascii, concat, pcapFile } from "../harness/capture-file.ts";
import { expectSameHoweverCut } from "../harness/split.ts";
import { collect, collectWhole, refusalOf, summaryOf } from "./collect.ts";

const HELLO = ascii("hello");
const WORLD = ascii("world!");
const ROWS = [
  { data: HELLO, seconds: 1_700_000_000, fraction: 999_999 },
  { data: WORLD, seconds: 1_700_000_001, fraction: 1, wireLength: 60 },
];

describe("pcap", () => {
  const variants = {
    "little endian": {},
    "big endian": { bigEndian: true },
    "a record header of 24 bytes (Kuznetzov)": { magic: 0xa1b2cd34, extraRecord: 8 },
    "the same, big endian": { magic: 0xa1b2cd34, extraRecord: 8, bigEndian: true },
    "Ixia software capture": { magic: 0x1c0001ab, extraHeader: 4 },
    "version 2.2, where the wire length comes first": { version: [2, 2] as const, wireFirst: true },
    "version 2.3 in the old order": { version: [2, 3] as const, wireFirst: true },
    "version 2.3 in the new order": { version: [2, 3] as const },
    "version 543.0 (DG/UX)": { version: [543, 0] as const, wireFirst: true },
    "version 2.5, which nobody defined": { version: [2, 5] as const },
  };
  it.each(Object.entries(variants))("reads %s, however it is cut", (_, shape) => {
    const kept = expectSameHoweverCut(pcapFile(ROWS, shape), collect);
    expect(kept.notes).toEqual([]);
    expect(kept.packets).toMatchObject([
      { frame: 1, seconds: 1_700_000_000, nanoseconds: 999_999_000, data: "68656c6c6f", wireLength: 5, linkType: 1 },
      { frame: 2, seconds: 1_700_000_001, nanoseconds: 1_000, data: "776f726c6421", wireLength: 60, fcsBytes: 0 },
    ]);
    expect(kept.result).toMatchObject({
      format: "pcap",
      packets: 2,
      truncatedPackets: 1,
      cutShort: false,
      stopped: null,
      sections: 1,
      start: 1_700_000_000_999_999_000n,
      end: 1_700_000_001_000_001_000n,
      interfaces: [{ linkType: 1, snapLength: 262_144, name: null, dropped: null }],
    });
  });

  it.each([
    ["nanoseconds", { magic: 0xa1b23c4d }],
    ["nanoseconds, big endian", { magic: 0xa1b23c4d, bigEndian: true }],
    ["Ixia hardware capture", { magic: 0x1c0001ac, extraHeader: 4 }],
  ])("reads %s", (_, shape) => {
    const kept = expectSameHoweverCut(pcapFile([{ data: HELLO, seconds: 1, fraction: 999_999_999 }], shape), collect);
    expect(kept.packets).toMatchObject([{ seconds: 1, nanoseconds: 999_999_999, data: "68656c6c6f" }]);
  });

  it.each([
    [6, 1],
    [9, 6],
    [15, 10],
    [24, 0],
  ])("takes version 2.2 with ifType %i for AIX: link type %i, nanoseconds", (linkType, expected) => {
    const file = pcapFile([{ data: HELLO, fraction: 7, wireLength: 9 }], {
      version: [2, 2],
      linkType,
      wireFirst: true,
    });
    expect(collectWhole(file).packets).toMatchObject([{ linkType: expected, nanoseconds: 7, wireLength: 9 }]);
  });

  it("accepts the FCS length of the link-type word, in 16-bit units", () => {
    const kept = collectWhole(pcapFile(ROWS, { linkType: 0x2400_0001 }));
    expect(kept.packets[0]).toMatchObject({ linkType: 1, fcsBytes: 4 });
    expect(kept.notes).toEqual([]);
  });

  it("ignores the FCS length where its flag is not set", () => {
    expect(collectWhole(pcapFile(ROWS, { linkType: 0x3000_0071 })).packets[0]).toMatchObject({
      linkType: 113,
      fcsBytes: 0,
    });
  });

  it.each([0x0800_0001, 0x0020_0001, 0x0001_0001])(
    "notes the reserved bits of link-type word 0x%s and reads on",
    (linkType) => {
      const kept = collectWhole(pcapFile(ROWS, { linkType }));
      expect(kept.packets).toHaveLength(2);
      expect(kept.notes).toMatchObject([{ id: "capture-block-malformed", at: 20, detail: { count: 1 } }]);
    },
  );

  it("accepts fractions of a second and more", () => {
    const kept = collectWhole(pcapFile([{ data: HELLO, seconds: 10, fraction: 2_500_000 }]));
    expect(kept.packets).toMatchObject([{ seconds: 12, nanoseconds: 500_000_000 }]);
  });

  it("keeps the earliest and latest time where packets are out of order", () => {
    const rows = [5, 9, 3, 7].map((seconds) => ({ data: HELLO, seconds, fraction: seconds }));
    expect(collectWhole(pcapFile(rows)).result).toMatchObject({ start: 3_000_003_000n, end: 9_000_009_000n });
  });

  it("reports a file without packets", () => {
    expect(expectSameHoweverCut(pcapFile([]), collect).result).toMatchObject({
      packets: 0,
      start: null,
      end: null,
      cutShort: false,
    });
  });

  it("reports a file cut at every place and keeps the packets before the cut", () => {
    const file = pcapFile(ROWS);
    const secondAt = 24 + 16 + HELLO.length;
    for (let length = 24; length < file.length; length++) {
      const kept = collectWhole(file.subarray(0, length));
      const whole = length === 24 || length === secondAt;
      expect(summaryOf(kept).cutShort, `${length} bytes`).toBe(!whole);
      expect(kept.packets.length, `${length} bytes`).toBe(length < secondAt ? 0 : 1);
      expect(kept.notes.map(({ id }) => id)).toEqual(whole ? [] : ["capture-cut-short"]);
    }
    for (let length = 4; length < 24; length++) {
      expect(refusalOf(collectWhole(file.subarray(0, length))).seemsToBe).toContain("cut within its header");
    }
  });

  it("stops at a record that claims more than a packet can have, and says where", () => {
    const bogus = pcapFile([{ data: HELLO, wireLength: 1 }]).slice(24);
    new DataView(bogus.buffer).setUint32(8, 262_145, true);
    const kept = expectSameHoweverCut(concat(pcapFile(ROWS), bogus, bogus), collect);
    expect(kept.packets).toHaveLength(2);
    const at = 24 + 32 + HELLO.length + WORLD.length;
    expect(kept.result).toMatchObject({ packets: 2, cutShort: false, stopped: { frame: 2, at } });
    expect(kept.notes).toMatchObject([{ id: "capture-block-malformed", frame: 2, at }]);
  });

  it("counts a few empty records at the end as Wireshark does, and takes many for unwritten disk", () => {
    const few = expectSameHoweverCut(concat(pcapFile(ROWS), new Uint8Array(64 * 16)), collect, { places: 100 });
    expect(few.result).toMatchObject({ packets: 66, stopped: null, start: 1_700_000_000_999_999_000n });
    expect(few.packets[65]).toMatchObject({ frame: 66, data: "", fileOffset: 24 + 32 + 11 + 64 * 16 });
    const many = expectSameHoweverCut(concat(pcapFile(ROWS), new Uint8Array(65 * 16)), collect, { places: 100 });
    expect(many.result).toMatchObject({ packets: 2, cutShort: false, stopped: { at: 24 + 32 + 11 } });
  });

  it("numbers empty records between packets", () => {
    const kept = collectWhole(concat(pcapFile(ROWS), new Uint8Array(32), pcapFile(ROWS).slice(24)));
    expect(kept.packets.map(({ frame, data }) => [frame, data.length / 2])).toEqual([
      [1, 5],
      [2, 6],
      [3, 0],
      [4, 0],
      [5, 5],
      [6, 6],
    ]);
  });

  it("hands on the first 256 KiB of a longer packet where the link type allows one", () => {
    const long = new Uint8Array(300_000).fill(7);
    const file = pcapFile([{ data: long }, { data: HELLO }], { linkType: 231 });
    const kept = expectSameHoweverCut(
      file,
      (pieces) => collect(pieces).packets.map(({ data, ...rest }) => ({ ...rest, length: data.length / 2 })),
      {
        places: 6,
        randomRuns: 4,
        byteByByte: false,
      },
    );
    expect(kept).toMatchObject([
      { length: 262_144, wireLength: 300_000 },
      { length: 5, fileOffset: 24 + 32 + 300_000 },
    ]);
  });

  it("refuses version 1", () => {
    expect(refusalOf(collectWhole(pcapFile(ROWS, { version: [1, 4] }))).seemsToBe).toBe(
      "a pcap file of the unknown version 1.4",
    );
  });
});
