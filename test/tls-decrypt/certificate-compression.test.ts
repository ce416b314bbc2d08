// Compressed certificates (RFC 8879): recorded ones of each algorithm, and what lies about its length or decompresses to nothing.
import { readFileSync } from "node:fs";
import { brotliCompressSync, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { createRecordOpener, createSessionCache, type TlsPlatform } from "../../src/tls-decrypt/index.ts";
import { portableCiphers } from "../../src/web/index.ts";
import { fixture, play } from "../tls-parse/play.ts";
import { openerFor, storeOf } from "./walk.ts";

const RECORDED = [
  { algorithm: 1, name: "zlib" },
  { algorithm: 2, name: "brotli" },
  { algorithm: 3, name: "zstd" },
] as const;

const keysOf = (name: string): string =>
  readFileSync(new URL(`../fixtures/tls/tls13-${name}.keys`, import.meta.url), "latin1");

function recorded(name: string, platform: TlsPlatform = nodeCrypto) {
  const opener = createRecordOpener(storeOf(keysOf(name)), platform, createSessionCache());
  return play(fixture(`tls13-${name}`), { opener });
}

describe("a recorded session with a compressed certificate", () => {
  it.each(RECORDED)("of $name shows it", ({ name }) => {
    const { facts, ladder, noteIds } = recorded(name);
    expect(facts.certificates.map(({ subject, malformed }) => [subject, malformed])).toEqual([
      ["CN=origin.example", false],
    ]);
    expect(ladder).toContain("server certificate 2");
    expect(facts.certificateWhere?.frame).toBe(2);
    expect(noteIds).toEqual([]);
  });

  it("of zstd shows it without anything of the platform", () => {
    expect(recorded("zstd", portableCiphers).facts.certificates).toHaveLength(1);
  });

  it.each(["zlib", "brotli"])("of %s goes on where the platform does not decompress", (name) => {
    const { facts, noteIds } = recorded(name, portableCiphers);
    expect(facts.certificates).toEqual([]);
    expect([facts.handshakeComplete, facts.damaged, noteIds]).toEqual([true, 0, []]);
  });

  it.each(RECORDED)("of $name is the same byte by byte", ({ name }) => {
    const steps = fixture(`tls13-${name}`).flatMap(({ from, bytes }) =>
      Array.from(bytes, (_, at) => ({ from, bytes: bytes.subarray(at, at + 1) })),
    );
    const { facts } = play(steps, { opener: openerFor(keysOf(name)) });
    expect(facts.certificates.map(({ der }) => Buffer.from(der))).toEqual(
      recorded(name).facts.certificates.map(({ der }) => Buffer.from(der)),
    );
  });
});

/** A zstd frame (RFC 8878 §3.1.1) of one raw block, that says the size of its content in as many bytes as `flag` stands for. */
function rawFrame(content: Uint8Array, flag: 0 | 1 | 2 | 3, says = content.length, isSingle = true): Uint8Array {
  const size = Buffer.alloc(8);
  size.writeUIntLE(says - (flag === 1 ? 256 : 0), 0, 6);
  const sizeBytes = flag === 0 ? (isSingle ? 1 : 0) : 1 << flag;
  const block = (content.length << 3) | 1;
  return Uint8Array.from([
    ...[0x28, 0xb5, 0x2f, 0xfd, (flag << 6) | (isSingle ? 0x20 : 0), ...(isSingle ? [] : [0])],
    ...[...size.subarray(0, sizeBytes), block, block >> 8, block >> 16, ...content],
  ]);
}

describe("what is said to be compressed", () => {
  const text = Uint8Array.from({ length: 300 }, (_, at) => at % 7);
  const opener = openerFor("");
  const packed = { 1: deflateSync(text), 2: brotliCompressSync(text), 3: rawFrame(text, 1) };
  const algorithms = [1, 2, 3] as const;

  it.each(algorithms)("is given as long as it says: %i", (algorithm) => {
    expect([...opener.decompressCertificates(algorithm, packed[algorithm], 300)]).toEqual([...text]);
  });

  it.each(algorithms)("is refused where it is longer or shorter: %i", (algorithm) => {
    for (const length of [0, 1, 299, 301, 128 * 1024])
      expect(opener.decompressCertificates(algorithm, packed[algorithm], length)).toBe("malformed");
  });

  it.each(algorithms)("is refused where it is cut, and never throws: %i", (algorithm) => {
    // The last four bytes of zlib are a checksum of what has come out.
    for (let end = 0; end < packed[algorithm].length - 4; end++)
      expect(opener.decompressCertificates(algorithm, packed[algorithm].subarray(0, end), 300)).toBe("malformed");
  });

  it.each(algorithms)("may have any byte changed: %i", (algorithm) => {
    for (let at = 0; at < packed[algorithm].length; at++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const bytes = Uint8Array.from(packed[algorithm]);
        bytes[at]! ^= mask;
        const plain = opener.decompressCertificates(algorithm, bytes, 300);
        expect(plain === "malformed" || plain.length === 300).toBe(true);
      }
    }
  });

  it("may be a zstd frame with its size in any form, but must say it", () => {
    for (const flag of [1, 2, 3] as const) {
      expect(opener.decompressCertificates(3, rawFrame(text, flag), 300)).toEqual(text);
      expect(opener.decompressCertificates(3, rawFrame(text, flag, 300, false), 300)).toEqual(text);
    }
    const short = text.subarray(0, 200);
    expect(opener.decompressCertificates(3, rawFrame(short, 0), 200)).toEqual(short);
    expect(opener.decompressCertificates(3, rawFrame(short, 0, 200, false), 200)).toBe("malformed");
  });

  it("of an algorithm that nobody knows is left alone", () => {
    for (const algorithm of [0, 4, 16384, 65535])
      expect(opener.decompressCertificates(algorithm, packed[1], 300)).toBe("unsupported");
  });
});
