// The first bytes of compressed files: each magic number is asked for whole, wherever it stands.
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { detectCompression } from "../../src/pcap-parser/index.ts";

const MAGICS = [
  { name: "gzip", bytes: [...gzipSync("").subarray(0, 4)], asked: 3, compression: "gzip" },
  { name: "a zstd frame", bytes: [0x28, 0xb5, 0x2f, 0xfd], asked: 4, compression: "zstd" },
  { name: "a skippable frame of zstd", bytes: [0x50, 0x2a, 0x4d, 0x18], asked: 4, compression: "zstd" },
  { name: "the last skippable frame of zstd", bytes: [0x5f, 0x2a, 0x4d, 0x18], asked: 4, compression: "zstd" },
] as const;

describe.each(MAGICS)("$name", ({ bytes, asked, compression }) => {
  it("is known by its first bytes", () => {
    expect(detectCompression(Uint8Array.from(bytes))).toBe(compression);
    expect(detectCompression(Uint8Array.of(1, 2, 3, ...bytes), 3)).toBe(compression);
  });

  it("is not known by fewer", () => {
    expect(detectCompression(Uint8Array.from(bytes.slice(0, 3)))).toBeNull();
    expect(detectCompression(Uint8Array.of(0, ...bytes.slice(0, 3)), 1)).toBeNull();
  });

  it("is not known with another one of them", () => {
    for (let at = 0; at < asked; at++) {
      for (const mask of [0x20, 0x80]) {
        const other = Uint8Array.from(bytes);
        other[at]! ^= mask;
        expect(detectCompression(other), `byte ${at}`).toBeNull();
      }
    }
  });
});
