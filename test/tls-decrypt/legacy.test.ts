// What old captures need: DEFLATE against Node's zlib, RC4 and compressed records behind a loss, SSL 3.0's key schedule.
import { createHash } from "node:crypto";
import { constants, deflateRawSync, deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { Compressed } from "../../src/tls-decrypt/compression.ts";
import { Inflater } from "../../src/tls-decrypt/legacy/inflate.ts";
import { Rc4 } from "../../src/tls-decrypt/legacy/rc4.ts";
import { RecordMac, StreamProtection } from "../../src/tls-decrypt/mac.ts";
import { keyBlock } from "../../src/tls-decrypt/schedule-1.2.ts";
import { parseSuite } from "../../src/tls-decrypt/suites.ts";
import { times } from "../harness/times.ts";

const flush = { finishFlush: constants.Z_SYNC_FLUSH };
const text = fc.array(fc.constantFrom("GET / ", "HTTP/1.1 401 ", "\r\n", "x", "Host: origin.example"), {
  maxLength: 300,
});

/** Records as one zlib stream writes them: a two-byte header, then each record flushed (RFC 3749 §2.1). */
function compressedRecords(parts: readonly Buffer[], level: number): Buffer[] {
  return parts.map((part, i) => {
    const dictionary = Buffer.concat(parts.slice(0, i));
    const raw = deflateRawSync(part, { ...flush, level, ...(dictionary.length > 0 ? { dictionary } : {}) });
    return i === 0 ? Buffer.concat([deflateSync("").subarray(0, 2), raw]) : raw;
  });
}

describe("DEFLATE over records (RFC 3749)", () => {
  it("gives back what zlib compressed, record by record", () => {
    const parts = fc.array(
      fc.oneof(
        text.map((words) => Buffer.from(words.join(""))),
        fc.uint8Array({ maxLength: 4000 }).map(Buffer.from),
      ),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(parts, fc.constantFrom(0, 1, 6, 9), (plain, level) => {
        const inflater = new Inflater();
        for (const [i, record] of compressedRecords(plain, level).entries()) {
          const out = inflater.record(record, 0, record.length);
          expect(out === null ? null : Buffer.from(out).equals(plain[i]!)).toBe(true);
        }
      }),
      { numRuns: times(100) },
    );
  });

  it.each([
    ["stored", { level: 0 }],
    ["without repetitions", { strategy: constants.Z_HUFFMAN_ONLY }],
    ["with repetitions", { level: 9 }],
  ])("gives back records as long as they may be, %s", (_, how) => {
    const longest = Buffer.from(Array.from({ length: 1 << 14 }, (_, i) => (i * i) % 251));
    const inflater = new Inflater();
    for (let i = 0; i < 5; i++) {
      const raw = deflateRawSync(longest, { ...flush, ...how });
      const record = i === 0 ? Buffer.concat([deflateSync("").subarray(0, 2), raw]) : raw;
      expect(Buffer.from(inflater.record(record, 0, record.length)!).equals(longest)).toBe(true);
    }
    expect(inflater.kept).toBe((1 << 15) + (1 << 14));
  });

  it("keeps a window of 32 KiB over many records", () => {
    const plain = Array.from({ length: 12 }, (_, i) => Buffer.from(`${i}`.repeat(8000)));
    const inflater = new Inflater();
    for (const [i, record] of compressedRecords(plain, 9).entries()) {
      expect(Buffer.from(inflater.record(record, 0, record.length)!).equals(plain[i]!)).toBe(true);
    }
  });

  it("takes any bytes without throwing, and gives no record more than TLS allows", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const out = new Inflater().record(bytes, 0, bytes.length);
        expect(out === null || out.length <= 1 << 14).toBe(true);
      }),
      { numRuns: times(500) },
    );
  });

  it("refuses what unpacks to more than a record may hold", () => {
    const bomb = compressedRecords([Buffer.alloc(20_000)], 9)[0]!;
    expect(new Inflater().record(bomb, 0, bomb.length)).toBeNull();
  });
});

describe("protections that cannot go on behind a loss", () => {
  const mac = () => new RecordMac(nodeCrypto, "sha1", new Uint8Array(20).fill(3), false);
  const out = () => ({ type: 0, early: false, bytes: new Uint8Array(0), start: 0, end: 0 });

  /** Content and MAC under a keystream that goes on. */
  function rc4Records(contents: readonly string[]): Uint8Array[] {
    const cipher = new Rc4(new Uint8Array(16).fill(5));
    return contents.map((content, sequence) => {
      const body = Buffer.from(content);
      const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, sequence, 23, 3, 1, body.length >> 8, body.length]);
      const plain = Buffer.concat([body, nodeCrypto.hmac("sha1", new Uint8Array(20).fill(3), [head, body])]);
      const sealed = new Uint8Array(plain.length);
      cipher.apply(plain, 0, plain.length, sealed);
      return sealed;
    });
  }

  it("RC4 goes on behind a damaged record, as its length is known", () => {
    const [first, second, third] = rc4Records(["one", "two", "three"]) as [Uint8Array, Uint8Array, Uint8Array];
    const protection = new StreamProtection(new Rc4(new Uint8Array(16).fill(5)), mac());
    const record = out();
    expect(protection.resync).toBe("never");
    expect(protection.open(0, 23, 0x0301, first, 0, first.length, record)).toBe(true);
    second[1]! ^= 4;
    expect(protection.open(1, 23, 0x0301, second, 0, second.length, record)).toBe(false);
    expect(protection.open(2, 23, 0x0301, third, 0, third.length, record)).toBe(true);
    expect(Buffer.from(record.bytes.slice(record.start, record.end)).toString()).toBe("three");
  });

  it("RC4 keeps no record: each has bytes of its own, and no more of them", () => {
    const [long, short] = rc4Records(["x".repeat(16_000), "two"]) as [Uint8Array, Uint8Array];
    const protection = new StreamProtection(new Rc4(new Uint8Array(16).fill(5)), mac());
    const [first, second] = [out(), out()];
    expect(protection.open(0, 23, 0x0301, long, 0, long.length, first)).toBe(true);
    expect(protection.open(1, 23, 0x0301, short, 0, short.length, second)).toBe(true);
    expect(Buffer.from(first.bytes.slice(first.start, first.end)).toString()).toBe("x".repeat(16_000));
    expect(second.bytes.buffer.byteLength).toBe(short.length);
  });

  it("a compressed stream gives nothing more once a record is missing", () => {
    const inner = new StreamProtection(null, mac());
    const protection = new Compressed(inner);
    const body = compressedRecords([Buffer.from("hello")], 6)[0]!;
    const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 23, 3, 1, 0, body.length]);
    const sealed = Buffer.concat([body, nodeCrypto.hmac("sha1", new Uint8Array(20).fill(3), [head, body])]);
    const record = out();
    expect(new Compressed(inner).open(0, 23, 0x0301, sealed, 0, sealed.length, record)).toBe(true);
    expect(Buffer.from(record.bytes.slice(record.start, record.end)).toString()).toBe("hello");
    protection.lost();
    expect(protection.open(0, 23, 0x0301, sealed, 0, sealed.length, record)).toBe(false);
  });
});

describe("SSL 3.0 (RFC 6101)", () => {
  const secret = new Uint8Array(48).fill(1);
  const random = new Uint8Array(32).fill(2);
  const server = new Uint8Array(32).fill(4);

  it("§6.2.2 makes the key block of MD5 over SHA", () => {
    const sha = createHash("sha1").update("A").update(secret).update(server).update(random).digest();
    const md5 = createHash("md5").update(secret).update(sha).digest();
    const block = keyBlock({ platform: nodeCrypto, era: "ssl3", hash: "sha256" }, secret, random, server, 40);
    expect(Buffer.from(block.subarray(0, 16))).toEqual(md5);
    expect(block).toHaveLength(40);
  });
});

describe("suites by name", () => {
  it.each([
    [
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      { cipher: { name: "aes-128-gcm", tag: 16 }, mac: null, prf: "sha256", tls13: false, rsaKeyExchange: false },
    ],
    ["TLS_RSA_WITH_AES_256_GCM_SHA384", { cipher: { key: 32 }, mac: null, prf: "sha384", rsaKeyExchange: true }],
    ["TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", { cipher: { name: "aes-128-ccm8", tag: 8 }, prf: "sha256" }],
    ["TLS_AES_128_CCM_8_SHA256", { cipher: { tag: 8 }, tls13: true }],
    ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", { cipher: { kind: "cbc" }, mac: "sha384", prf: "sha384" }],
    ["TLS_RSA_WITH_3DES_EDE_CBC_SHA", { cipher: { name: "3des-ede-cbc", repeat: 1 }, mac: "sha1", prf: "sha256" }],
    ["TLS_RSA_EXPORT_WITH_RC4_40_MD5", { cipher: { kind: "rc4", exportKey: 5 }, mac: "md5", rsaKeyExchange: true }],
    ["TLS_RSA_WITH_NULL_SHA256", { cipher: { kind: "null" }, mac: "sha256" }],
  ])("reads %s", (name, expected) => {
    expect(parseSuite(name)).toMatchObject(expected);
  });

  it.each([
    "TLS_FALLBACK_SCSV",
    "TLS_SM4_GCM_SM3",
    "TLS_KRB5_WITH_FOO_CBC_SHA",
    "0x1234",
    "constructor",
    "TLS_constructor",
  ])("leaves %s alone", (name) => {
    expect(parseSuite(name)).toBeNull();
  });
});
