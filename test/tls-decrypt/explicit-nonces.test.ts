// The explicit nonces of TLS 1.2 (RFC 5288 §3): most senders count them, from any start, so they tell a record's number behind a loss.
import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { Aead12 } from "../../src/tls-decrypt/aead.ts";
import { createRecordOpener, createSessionCache, type TlsPlatform } from "../../src/tls-decrypt/index.ts";
import { SECRET } from "../../src/tls-decrypt/key-store.ts";
import type { ClientHello, OpenedRecord, ServerHello } from "../../src/tls-parse/index.ts";
import { storeOf } from "./walk.ts";

const KEY = Buffer.alloc(16, 7);
const IV = Buffer.alloc(4, 9);
const TLS12 = 0x0303;

/** A record of this number, with this explicit nonce. */
function sealed(sequence: number, nonce: bigint, content = "GET"): Uint8Array {
  const explicit = Buffer.alloc(8);
  explicit.writeBigUInt64BE(nonce);
  const aad = Buffer.alloc(13);
  aad.writeBigUInt64BE(BigInt(sequence));
  aad.set([23, 3, 3, 0, content.length], 8);
  const cipher = createCipheriv("aes-128-gcm", KEY, Buffer.concat([IV, explicit]));
  cipher.setAAD(aad);
  const body = Buffer.concat([cipher.update(content), cipher.final()]);
  return new Uint8Array(Buffer.concat([explicit, body, cipher.getAuthTag()]));
}

describe("an explicit nonce", () => {
  const out = (): OpenedRecord => ({ type: 0, early: false, bytes: new Uint8Array(0), start: 0, end: 0 });
  const protection = () => new Aead12(nodeCrypto.aead("aes-128-gcm", KEY)!, IV, 16);

  it.each([
    ["the sequence number itself", 0n],
    ["counted from any start", 0x1234_5678_9abc_def0n],
    ["beyond 32 bits meanwhile", 0xffff_fff8n],
  ])("tells the number of a record behind a loss, %s", (_name, start) => {
    const one = protection();
    const first = sealed(6, start + 6n);
    expect(one.open(6, 23, TLS12, first, 0, first.length, out())).toBe(true);
    const later = sealed(9_006, start + 9_006n);
    expect(one.hint(later, 0)).toBe(9_006);
    expect(one.open(9_006, 23, TLS12, later, 0, later.length, out())).toBe(true);
  });

  it("is taken for the sequence number before any record was opened", () => {
    const later = sealed(70, 70n);
    expect(protection().hint(later, 0)).toBe(70);
  });
});

describe("a cipher that the platform does not have", () => {
  it.each([
    ["AES-GCM", 0xc02f],
    ["a suite that is not known", 0x0abc],
  ])("leaves the records closed, and is told: %s", (_name, cipherSuite) => {
    const platform: TlsPlatform = { ...nodeCrypto, aead: () => null };
    const [random, keys] = [Buffer.alloc(32, 0xc1), storeOf("")];
    keys.add(SECRET.master, random, Buffer.alloc(48, 1));
    const opener = createRecordOpener(keys, platform, createSessionCache());
    opener.clientHello({ random, extensions: [], supportedVersions: [], earlyData: false } as unknown as ClientHello);
    opener.serverHello({
      ...{ random: Buffer.alloc(32, 2), sessionId: new Uint8Array(0), version: TLS12, cipherSuite, extensions: [] },
      ...{ retry: false, raw: new Uint8Array(40) },
    } as unknown as ServerHello);
    opener.changeCipherSpec("client");
    const record = sealed(0, 0n);
    expect(opener.wants("client", 23, record.length)).toBe(false);
    expect(opener.open("client", 23, TLS12, record, 0, record.length)).toBeNull();
    expect(opener.unsupported).toBe(true);
    expect(opener.stats.client.why).toBe("unsupported");
  });
});
