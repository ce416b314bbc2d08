// pcapng: sections, interfaces, every kind of packet block, the blocks around them, and what writers get wrong.
import { describe, expect, it } from "vitest";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { ascii, concat, PcapngBlocks } from "../harness/capture-file.ts";
import { expectSameHoweverCut, piecesOf } from "../harness/split.ts";
import { collect, collectWhole, refusalOf, summaryOf } from "./collect.ts";

const little = new PcapngBlocks();
const big = new PcapngBlocks(true);
const HELLO = ascii("hello");
const HELLO_HEX = "68656c6c6f";
/** 2023-11-14T22:13:20.000001Z in microseconds. */
const STAMP = 1_700_000_000_000_001n;

const simple = (...blocks: Uint8Array[]): Uint8Array => concat(little.section(), little.interface(), ...blocks);

describe("pcapng", () => {
  it.each([
    ["little", little],
    ["big", big],
  ] as const)("reads every packet block in %s endian, however the file is cut", (byteOrder, blocks) => {
    const file = concat(
      blocks.section(),
      blocks.interface(1, 3, concat(blocks.option(2, ascii("eth0")), blocks.option(0, new Uint8Array(0)))),
      blocks.interface(113, 0, blocks.option(9, Uint8Array.of(9))),
      blocks.packet(HELLO, STAMP, 0, 60, blocks.option(2, blocks.u32(1))),
      blocks.packet(HELLO, STAMP * 1000n + 7n, 1),
      blocks.oldPacket(HELLO, STAMP, 0, 3),
      blocks.simplePacket(HELLO.slice(0, 3), 5),
    );
    const kept = expectSameHoweverCut(file, collect);
    expect(kept.notes).toEqual([]);
    expect(kept.packets).toMatchObject([
      {
        frame: 1,
        seconds: 1_700_000_000,
        nanoseconds: 1000,
        data: HELLO_HEX,
        wireLength: 60,
        linkType: 1,
        interfaceId: 0,
      },
      { frame: 2, seconds: 1_700_000_000, nanoseconds: 1007, data: HELLO_HEX, linkType: 113, interfaceId: 1 },
      { frame: 3, seconds: 1_700_000_000, nanoseconds: 1000, data: HELLO_HEX, linkType: 1 },
      { frame: 4, seconds: 0, nanoseconds: 0, data: HELLO_HEX.slice(0, 6), wireLength: 5, linkType: 1 },
    ]);
    expect(kept.result).toMatchObject({
      format: "pcapng",
      byteOrder,
      sections: 1,
      packets: 4,
      truncatedPackets: 2,
      cutShort: false,
      stopped: null,
      start: 1_700_000_000_000_001_000n,
      end: 1_700_000_000_000_001_007n,
      interfaces: [
        { linkType: 1, snapLength: 3, name: "eth0", dropped: null },
        { linkType: 113, snapLength: 0, name: null, dropped: null },
      ],
    });
  });

  it("reads sections of both byte orders; interfaces count anew in each and on over the file", () => {
    const file = concat(
      little.section(),
      little.interface(1),
      little.packet(HELLO, STAMP),
      big.section([1, 2]),
      big.interface(101),
      big.packet(HELLO, STAMP),
      little.section(),
    );
    const kept = expectSameHoweverCut(file, collect);
    expect(kept.packets).toMatchObject([
      { linkType: 1, interfaceId: 0 },
      { linkType: 101, interfaceId: 1 },
    ]);
    expect(kept.result).toMatchObject({
      byteOrder: "mixed",
      sections: 3,
      interfaces: [{ linkType: 1 }, { linkType: 101 }],
    });
  });

  it.each([
    ["10⁻⁹ s", Uint8Array.of(9), 1_500_000_001n, [1, 500_000_001]],
    ["10⁻³ s", Uint8Array.of(3), 1_501n, [1, 501_000_000]],
    ["whole seconds", Uint8Array.of(0), 17n, [17, 0]],
    ["10⁻¹² s", Uint8Array.of(12), 1_500_000_001_999n, [1, 500_000_001]],
    ["2⁻¹ s", Uint8Array.of(0x81), 3n, [1, 500_000_000]],
    ["2⁻⁸ s", Uint8Array.of(0x88), 0x17fn, [1, 496_093_750]],
    ["2⁻⁶³ s", Uint8Array.of(0xbf), (1n << 63n) | 1n, [1, 0]],
    ["2⁻¹²⁷ s", Uint8Array.of(0xff), (1n << 64n) - 1n, [0, 0]],
    ["10⁻¹²⁷ s", Uint8Array.of(0x7f), (1n << 64n) - 1n, [0, 0]],
    ["an option without a value", new Uint8Array(0), 1_000_002n, [1, 2000]],
  ])("reads time stamps in %s", (_, resolution, stamp, [seconds, nanoseconds]) => {
    const file = concat(
      little.section(),
      little.interface(1, 0, little.option(9, resolution)),
      little.packet(HELLO, stamp),
    );
    expect(collectWhole(file).packets).toMatchObject([{ seconds, nanoseconds }]);
  });

  it.each([
    [1_000n, 1_700_001_000],
    [-1_700_000_001n, -1],
  ])("adds an if_tsoffset of %s", (offset, seconds) => {
    const options = big.option(14, big.u64(offset));
    const file = concat(big.section(), big.interface(1, 0, options), big.packet(HELLO, STAMP));
    expect(collectWhole(file).packets).toMatchObject([{ seconds, nanoseconds: 1000 }]);
  });

  it.each([
    [4, 4],
    [32, 4],
    [16, 2],
    [8, 1],
    [0, 0],
  ])("reads if_fcslen %i as %i bytes", (value, fcsBytes) => {
    const options = little.option(13, Uint8Array.of(value));
    const file = concat(little.section(), little.interface(1, 0, options), little.packet(HELLO));
    expect(collectWhole(file).packets).toMatchObject([{ fcsBytes }]);
  });

  it("passes over an if_tsoffset that is too short, and reads what follows", () => {
    const options = concat(little.option(14, new Uint8Array(7).fill(1)), little.option(13, Uint8Array.of(4)));
    const file = concat(little.section(), little.interface(1, 0, options), little.packet(HELLO));
    expect(collectWhole(file).packets).toMatchObject([{ seconds: 0, fcsBytes: 4 }]);
  });

  it("takes no other option for the length of the frame check sequence", () => {
    for (const code of [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15]) {
      const options = little.option(code, Uint8Array.of(4, 4, 4, 4, 4, 4, 4, 4));
      const file = concat(little.section(), little.interface(1, 0, options), little.packet(HELLO));
      expect(collectWhole(file).packets, `option ${code}`).toMatchObject([{ fcsBytes: 0 }]);
    }
  });

  it("gives names, secrets and drop counts", () => {
    const record = (type: number, address: number[], ...names: string[]): Uint8Array =>
      little.option(type, concat(Uint8Array.from(address), ...names.map((name) => ascii(`${name}\0`))));
    const file = simple(
      little.block(
        4,
        concat(
          record(1, [10, 0, 0, 2], "proxy.example", "", "cache.example"),
          record(2, [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "six.example"),
          record(9, [1, 2], "unknown"),
          record(0, []),
        ),
      ),
      little.block(5, concat(little.u32(0, 0, 0), little.option(5, little.u64(7n)))),
      little.block(5, concat(little.u32(0, 0, 0), little.option(5, little.u64(8n)), little.option(7, little.u64(2n)))),
      little.block(10, concat(little.u32(0x544c534b, 5), HELLO)),
    );
    const kept = expectSameHoweverCut(file, collect);
    expect(kept.names).toEqual(["10.0.0.2 proxy.example", "10.0.0.2 cache.example", "2001:db8::1 six.example"]);
    expect(kept.secrets).toEqual([{ type: 0x544c534b, data: HELLO_HEX }]);
    expect(summaryOf(kept).interfaces[0]?.dropped).toBe(10);
    expect(kept.notes).toEqual([]);
  });

  it("gives secrets that stay when the chunk is used again, a Buffer's too", () => {
    const chunk = Buffer.from(simple(little.block(10, concat(little.u32(0x544c534b, 5), HELLO))));
    let data: Uint8Array = new Uint8Array(0);
    const reader = createCaptureReader({
      packet: () => {},
      secrets: (secrets) => {
        data = new Uint8Array(secrets.data.buffer);
      },
      name: () => {},
      note: () => {},
    });
    // The first bytes go through the reader's own buffer, the block with the secrets is read in place.
    reader.push(chunk, 0, 48);
    reader.push(chunk, 48, chunk.length);
    chunk.fill(0);
    expect(data).toEqual(HELLO);
  });

  it("passes over custom and unknown blocks without counting them as frames, unlike tshark", () => {
    const custom = little.block(0xbad, little.u32(32_473, 1, 2));
    const file = simple(
      custom,
      little.packet(HELLO),
      little.block(0x40000bad, little.u32(32_473)),
      custom,
      little.packet(HELLO),
    );
    const kept = expectSameHoweverCut(file, collect);
    expect(kept.packets.map(({ frame }) => frame)).toEqual([1, 2]);
    expect(kept.notes).toMatchObject([
      { id: "capture-block-unsupported", frame: 0, detail: { why: "block type 0xbad", count: 2 } },
      { id: "capture-block-unsupported", frame: 1, detail: { why: "block type 0x40000bad", count: 1 } },
    ]);
  });
});

describe("pcapng that contradicts itself", () => {
  it("reads options up to the one that is longer than its block", () => {
    const options = concat(little.option(9, Uint8Array.of(9)), little.u16(2, 12_336), ascii("0000"));
    const kept = collectWhole(concat(little.section(), little.interface(1, 0, options), little.packet(HELLO, 5n)));
    expect(kept.packets).toMatchObject([{ nanoseconds: 5 }]);
    expect(kept.notes).toMatchObject([{ id: "capture-block-malformed", at: 28 }]);
  });

  it("accepts options without an end and without padding", () => {
    const unpadded = concat(little.u16(1, 0), little.u32(0), little.u16(2, 2), ascii("en"));
    const kept = collectWhole(concat(little.section(), little.block(1, unpadded), little.packet(HELLO)));
    expect(summaryOf(kept).interfaces[0]?.name).toBe("en");
    expect(kept.notes).toEqual([]);
  });

  it.each([
    ["names an interface that was not described", little.packet(HELLO, 0n, 1)],
    ["is longer than its block", little.block(6, little.u32(0, 0, 0, 100, 100))],
    ["is longer than its block by a byte", little.block(6, little.u32(0, 0, 0, 5, 5, 0))],
    ["is too short", little.block(6, little.u32(0))],
    ["is too short (old)", little.block(2, little.u32(0))],
    ["is too short (simple)", little.block(3, new Uint8Array(0))],
  ])("notes a packet that %s and goes on behind it", (_, block) => {
    const kept = expectSameHoweverCut(simple(block, little.packet(HELLO)), collect);
    expect(kept.packets).toMatchObject([{ frame: 1, data: HELLO_HEX }]);
    expect(kept.notes).toMatchObject([{ id: "capture-block-malformed", at: 48 }]);
  });

  it("notes packets before any interface", () => {
    const kept = collectWhole(concat(little.section(), little.packet(HELLO), little.simplePacket(HELLO)));
    expect(kept.result).toMatchObject({ packets: 0, stopped: null });
    expect(kept.notes).toMatchObject([{ detail: { count: 2 } }]);
  });

  it("gives what is there of a simple packet that claims more", () => {
    const kept = collectWhole(simple(little.simplePacket(HELLO, 1000)));
    expect(kept.packets).toMatchObject([{ wireLength: 1000, data: `${HELLO_HEX}000000` }]);
    expect(kept.notes).toMatchObject([{ id: "capture-block-malformed" }]);
  });

  it("goes by the first of two lengths that differ", () => {
    const block = little.block(6, concat(little.u32(0, 0, 0, 5, 5), HELLO), undefined, 4711);
    const kept = collectWhole(simple(block, little.packet(HELLO)));
    expect(kept.packets).toHaveLength(2);
    expect(kept.notes).toMatchObject([
      { id: "capture-block-malformed", detail: { why: "the two lengths of a block differ" } },
    ]);
  });

  it.each([0, 8, 11, 33, 34, 0xffff_fff0])("stops at a block of %i bytes and keeps what came before", (length) => {
    const kept = expectSameHoweverCut(simple(little.packet(HELLO), little.block(6, HELLO, length)), collect);
    expect(kept.packets).toHaveLength(1);
    expect(kept.result).toMatchObject({ cutShort: false, stopped: { frame: 1, at: 48 + 40 } });
  });

  it("stops at zeros behind the last block", () => {
    const kept = collectWhole(concat(simple(little.packet(HELLO)), new Uint8Array(5000)));
    expect(kept.result).toMatchObject({ packets: 1, stopped: { at: 88 } });
  });

  it.each([
    ["of a new version", little.section([2, 0])],
    ["without a byte order", concat(little.u32(0x0a0d0d0a, 28), new Uint8Array(20))],
    ["that is too short", concat(little.u32(0x0a0d0d0a, 12, 0x1a2b3c4d), new Uint8Array(20))],
  ])("stops at a later section %s", (_, section) => {
    const kept = expectSameHoweverCut(concat(simple(little.packet(HELLO)), section), collect);
    expect(kept.result).toMatchObject({ packets: 1, sections: 1, stopped: { frame: 1, at: 88 } });
  });

  it.each([
    [0, 1],
    [1, 1],
    [2, 0],
  ] as const)("refuses a first section of version %i.%i", (major, minor) => {
    const file = concat(little.section([major, minor]), little.interface());
    expect(refusalOf(expectSameHoweverCut(file, collect)).seemsToBe).toBe(
      `a pcapng file of the unknown version ${major}.${minor}`,
    );
  });

  it("refuses a first block that is damaged", () => {
    const file = simple(little.packet(HELLO));
    file[8] = 0;
    expect(refusalOf(collectWhole(file)).seemsToBe).toContain("first block is cut or damaged");
    expect(refusalOf(collectWhole(little.section().slice(0, 20))).seemsToBe).toContain("first block is cut or damaged");
    expect(refusalOf(collectWhole(little.block(0x0a0d0d0a, little.u32(0x1a2b3c4d), 0x7fff_fff0))).seemsToBe).toContain(
      "damaged",
    );
  });

  it("reports a file cut at every place and keeps the packets before the cut", () => {
    const file = simple(little.packet(HELLO), little.packet(HELLO));
    for (let length = 28; length < file.length; length++) {
      const kept = collectWhole(file.subarray(0, length));
      const boundary = length === 28 || length === 48 || length === 88;
      expect(summaryOf(kept).cutShort, `${length} bytes`).toBe(!boundary);
      expect(kept.packets, `${length} bytes`).toHaveLength(length < 88 ? 0 : 1);
    }
  });

  it("passes over blocks too long to be looked at, but hands on the beginning of a packet in one", () => {
    const length = 16 * 1024 * 1024 + 400;
    const long = new Uint8Array(length - 12);
    new DataView(long.buffer).setUint32(12, length - 100, true);
    const file = simple(little.block(6, long), little.block(0xbad, long), little.packet(HELLO));
    const kept = expectSameHoweverCut(
      file,
      (pieces) => {
        const { packets, notes } = collect(pieces);
        return { packets: packets.map(({ fileOffset, data }) => [fileOffset, data.length / 2]), notes };
      },
      { places: 3, randomRuns: 3, byteByByte: false },
    );
    expect(kept.packets).toEqual([
      [48 + 28, 262_144],
      [48 + 2 * length + 28, 5],
    ]);
    // The beginning of the packet is in two chunks, and there is more of it than goes on.
    const { packets } = collect(piecesOf(file, [48 + 100, 48 + 100_000]));
    expect(packets.map(({ data }) => data.length / 2)).toEqual([262_144, 5]);
    expect(kept.notes).toMatchObject([{ id: "capture-block-unsupported" }]);
  });

  it("counts the whole of a long block whose head crosses chunks", () => {
    const length = 16 * 1024 * 1024 + 400;
    const kept = expectSameHoweverCut(simple(little.u32(0xbad, length, 0, 0)), collect);
    expect(kept.notes).toMatchObject([
      { id: "capture-cut-short", detail: { missing: length - 16 } },
      { detail: { count: 1 } },
    ]);
  });

  it("keeps its notes few whatever the file holds", () => {
    const unknown = Array.from({ length: 3000 }, (_, i) => little.block(0x1000 + (i % 1000), HELLO));
    const notes = collectWhole(simple(...unknown)).notes;
    expect(notes).toHaveLength(64);
    expect(notes[0]).toMatchObject({ detail: { count: 3 } });
  });
});
