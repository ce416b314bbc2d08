// Window sizes of zstd frames, wherever they stand in a file and however it is cut.
import { describe, expect, it } from "vitest";
import { ZstdFrames } from "../../src/audit/zstd-frames.ts";
import { concat } from "../harness/capture-file.ts";
import { expectSameHoweverCut } from "../harness/split.ts";

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const FRAMES = {
  // RFC 8878 §3.1.1.1.2: exponent 7 and mantissa 0 are 128 KiB. Two raw blocks, the bytes of a wide frame in the first.
  raw: [...MAGIC, 0x00, 7 << 3, 11 << 3, 0, 0, ...MAGIC, 0, 0xff, 1, 2, 3, 4, 5, (2 << 3) | 1, 0, 0, 1, 2],
  // One byte stands for 4,096; a checksum behind it.
  run: [...MAGIC, 0x04, 7 << 3, 0x03, 0x80, 0x00, 0xaa, ...MAGIC],
  skippable: [0x5f, 0x2a, 0x4d, 0x18, 6, 0, 0, 0, ...MAGIC, 0, 0xff],
  // Single segment: one byte of size; two bytes, to which 256 are added; a dictionary id in front.
  single: [...MAGIC, 0x20, 3, (3 << 3) | 1, 0, 0, 1, 2, 3],
  singleOfTwo: [...MAGIC, 0x62, 0xff, 0xff, 0xff, 0xff, 1, 0, 0],
  at128MiB: [...MAGIC, 0x00, 17 << 3, 1, 0, 0],
  single128MiB: [...MAGIC, 0xa0, 0, 0, 0, 8, 1, 0, 0],
};
const WIDE = {
  "more than 128 MiB": [...MAGIC, 0x00, (17 << 3) | 1],
  "3.75 TiB": [...MAGIC, 0x00, 0xff],
  "1 GiB beside a content size of 1 byte": [...MAGIC, 0x80, 20 << 3, 1, 0, 0, 0],
  "a single segment of 128 MiB and a byte": [...MAGIC, 0xa0, 1, 0, 0, 8],
  "a single segment of 4 GiB": [...MAGIC, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0],
};

const ordinary = Object.values(FRAMES).map((frame) => Uint8Array.from(frame));

/** What is too wide, and where the frames end. */
function follow(bytes: Uint8Array): { readonly tooWide: boolean; readonly ends: readonly number[] } {
  return expectSameHoweverCut(bytes, (pieces) => {
    const frames = new ZstdFrames();
    const ends: number[] = [];
    let before = 0;
    for (const { bytes, start, end } of pieces) {
      for (let p = start; p < end; ) {
        p = frames.follow(bytes, p, end);
        if (frames.between) ends.push(before + p - start);
      }
      before += end - start;
    }
    return { tooWide: frames.tooWide, ends };
  });
}

const isTooWide = (bytes: Uint8Array): boolean => follow(bytes).tooWide;

describe("windows of zstd frames", () => {
  it.each(Object.entries(FRAMES))("%s is not too wide", (_name, frame) => {
    expect(isTooWide(Uint8Array.from(frame))).toBe(false);
  });

  it.each(Object.entries(WIDE))("%s is too wide, alone and behind all others", (_name, frame) => {
    expect(isTooWide(Uint8Array.from(frame))).toBe(true);
    expect(isTooWide(concat(...ordinary, Uint8Array.from(frame)))).toBe(true);
    for (const other of ordinary) expect(isTooWide(concat(other, Uint8Array.from(frame)))).toBe(true);
  });

  it("are looked for behind the end of the frame before", () => {
    let end = 0;
    const ends = ordinary.map((frame) => (end += frame.length));
    expect(follow(concat(...ordinary)).ends).toEqual(ends);
  });

  it("has no opinion of what is none", () => {
    expect(isTooWide(concat(Uint8Array.of(1, 2, 3, 4), Uint8Array.from(WIDE["3.75 TiB"])))).toBe(false);
  });
});

describe("windows of all frames together", () => {
  const asks = (frame: readonly number[], count: number): boolean => {
    const frames = new ZstdFrames(1024 * 1024 * 1024);
    const bytes = Uint8Array.from(frame);
    for (let i = 0; i < count; i++) for (let p = 0; p < bytes.length; ) p = frames.follow(bytes, p, bytes.length);
    return frames.tooWide;
  };

  it("may ask for so much, wherever frames are tiny", () => {
    expect(asks(FRAMES.at128MiB, 8)).toBe(false);
    expect(asks(FRAMES.at128MiB, 9)).toBe(true);
  });

  it("count for each run, which moves all of it", () => {
    const run = (last: number): readonly number[] =>
      [(128 << 3) | (1 << 1) | last, (128 << 3) >> 8, 0, 0xaa].map((byte) => byte & 0xff);
    const runs = (count: number): readonly number[] =>
      Array.from({ length: count }, (_, i) => run(i === count - 1 ? 1 : 0)).flat();
    expect(asks([...MAGIC, 0x00, 17 << 3, ...runs(7)], 1)).toBe(false);
    expect(asks([...MAGIC, 0x00, 17 << 3, ...runs(8)], 1)).toBe(true);
  });

  it("earn room with the bytes of their blocks", () => {
    // 2 MiB, and two kilobytes of one raw block.
    const frame = [
      ...MAGIC,
      0x00,
      11 << 3,
      ((2_048 << 3) & 0xff) | 1,
      (2_048 << 3) >> 8,
      0,
      ...new Array(2_048).fill(0),
    ];
    expect(asks(frame, 2_000)).toBe(false);
  });
});
