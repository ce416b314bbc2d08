// Padding that no real program sends: whose bytes are not its length, under a MAC that is right (RFC 5246 §6.2.3.2).
import { createCipheriv, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { CbcProtection, RecordMac } from "../../src/tls-decrypt/mac.ts";
import type { OpenedRecord } from "../../src/tls-parse/index.ts";

const BLOCK = 16;
const KEY = new Uint8Array(16).fill(7);
const MAC_KEY = new Uint8Array(20).fill(9);
const IV = new Uint8Array(BLOCK).fill(3);
const TYPE = 23;
const VERSION = 0x0303;
const CONTENT = new TextEncoder().encode("HTTP/1.1 401 Unauthorized");

/** A record of sequence number 0 with `padding`, the length byte last, and its IV in front. */
function recordWith(padding: readonly number[]): Uint8Array {
  const head = Buffer.alloc(13);
  head[8] = TYPE;
  head.writeUInt16BE(VERSION, 9);
  head.writeUInt16BE(CONTENT.length, 11);
  const mac = createHmac("sha1", MAC_KEY).update(head).update(CONTENT).digest();
  const cipher = createCipheriv("aes-128-cbc", KEY, IV).setAutoPadding(false);
  const plain = Buffer.concat([CONTENT, mac, Uint8Array.from(padding)]);
  return new Uint8Array(Buffer.concat([IV, cipher.update(plain), cipher.final()]));
}

function opened(padding: readonly number[], ssl3 = false): string | null {
  const layout = { block: BLOCK, explicitIv: true, encryptThenMac: false, ssl3 };
  const mac = new RecordMac(nodeCrypto, "sha1", MAC_KEY, false);
  const protection = new CbcProtection(nodeCrypto.cbc("aes-128-cbc", KEY)!, mac, layout, new Uint8Array(BLOCK));
  const out: OpenedRecord = { type: 0, early: false, bytes: new Uint8Array(0), start: 0, end: 0 };
  const record = recordWith(padding);
  if (!protection.open(0, TYPE, VERSION, record, 0, record.length, out)) return null;
  return new TextDecoder().decode(out.bytes.subarray(out.start, out.end));
}

const LEFT = BLOCK - 1 - ((CONTENT.length + 20) % BLOCK);
const padded = (length: number): number[] => new Array<number>(length + 1).fill(length);

describe("CBC padding", () => {
  it.each([LEFT, LEFT + BLOCK, LEFT + 14 * BLOCK])("of %i bytes is opened", (length) => {
    expect(opened(padded(length))).toBe("HTTP/1.1 401 Unauthorized");
  });

  it("with any byte that is not its length is refused", () => {
    for (const length of [LEFT, LEFT + BLOCK]) {
      for (let at = 0; at < length; at++) expect(opened(padded(length).with(at, length ^ 1))).toBeNull();
    }
  });

  it("of SSL 3.0 has a length and nothing else", () => {
    expect(opened(padded(LEFT).with(0, 0xff), true)).toBe("HTTP/1.1 401 Unauthorized");
  });

  it("longer than the record is refused", () => {
    expect(opened(padded(LEFT).with(LEFT, 0xff))).toBeNull();
  });
});
