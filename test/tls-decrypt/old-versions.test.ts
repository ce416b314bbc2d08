// SSL 3.0 (RFC 6101) and TLS 1.0 (RFC 2246) through an opener, export suites too: sealed here by the formulas of these documents, since
// OpenSSL has them no more.
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SECRET } from "../../src/tls-decrypt/key-store.ts";
import { Rc4 } from "../../src/tls-decrypt/legacy/rc4.ts";
import type { ClientHello, ServerHello, TlsRole } from "../../src/tls-parse/index.ts";
import { openerFor, storeOf } from "./walk.ts";

const MASTER = Buffer.alloc(48, 0x4d);
const CLIENT_RANDOM = Buffer.alloc(32, 0xc1);
const SERVER_RANDOM = Buffer.alloc(32, 0x5e);
const APPLICATION_DATA = 23;
const SSL30 = 0x0300;
const TLS10 = 0x0301;

const hashed = (hash: string, ...parts: readonly Uint8Array[]): Buffer =>
  createHash(hash).update(Buffer.concat(parts)).digest();
const text = (ascii: string): Buffer => Buffer.from(ascii, "latin1");

/** RFC 2246 §5. */
function prf(secret: Buffer, label: string, seed: Buffer, length: number): Buffer {
  const half = Math.ceil(secret.length / 2);
  const expand = (hash: string, key: Buffer): Buffer => {
    const hmac = (data: Buffer) => createHmac(hash, key).update(data).digest();
    const all = Buffer.concat([text(label), seed]);
    const blocks: Buffer[] = [];
    for (let a = hmac(all), got = 0; got < length; got += blocks.at(-1)!.length, a = hmac(a))
      blocks.push(hmac(Buffer.concat([a, all])));
    return Buffer.concat(blocks).subarray(0, length);
  };
  const [md5, sha] = [expand("md5", secret.subarray(0, half)), expand("sha1", secret.subarray(secret.length - half))];
  return md5.map((byte, i) => byte ^ sha[i]!) as Buffer;
}

/** RFC 6101 §6.2.2. */
function ssl3Block(length: number): Buffer {
  const rounds = ["A", "BB", "CCC", "DDDD", "EEEEE", "FFFFFF", "GGGGGGG", "HHHHHHHH"].map((salt) =>
    hashed("md5", MASTER, hashed("sha1", text(salt), MASTER, SERVER_RANDOM, CLIENT_RANDOM)),
  );
  return Buffer.concat(rounds).subarray(0, length);
}

interface OldSuite {
  readonly id: number;
  readonly mac: "md5" | "sha1";
  readonly cipher: "rc4" | "aes-128-cbc" | "des-ede3-cbc";
  /** Bytes of the key, and of its secret material where that is less (RFC 2246 §6.3.1). */
  readonly key: number;
  readonly material: number | null;
}

/** Seals records of one side. */
function sealer(from: TlsRole, version: number, suite: OldSuite) {
  const nth = from === "client" ? 0 : 1;
  const macLength = suite.mac === "md5" ? 16 : 20;
  const block = suite.cipher === "rc4" ? 0 : suite.cipher === "aes-128-cbc" ? 16 : 8;
  const given = suite.material ?? suite.key;
  const needed = 2 * (macLength + given + block);
  const randoms = Buffer.concat([SERVER_RANDOM, CLIENT_RANDOM]);
  const keys = version === SSL30 ? ssl3Block(needed) : prf(MASTER, "key expansion", randoms, needed);
  const part = (at: number, length: number) => keys.subarray(at + nth * length, at + (nth + 1) * length);
  const macKey = part(0, macLength);
  let key = part(2 * macLength, given);
  let iv = part(2 * (macLength + given), block);
  if (suite.material !== null) {
    const own = from === "client" ? [CLIENT_RANDOM, SERVER_RANDOM] : [SERVER_RANDOM, CLIENT_RANDOM];
    const both = Buffer.concat([CLIENT_RANDOM, SERVER_RANDOM]);
    if (version === SSL30) {
      iv = hashed("md5", ...own).subarray(0, block);
      key = hashed("md5", key, ...own).subarray(0, suite.key);
    } else {
      iv = prf(Buffer.alloc(0), "IV block", both, 2 * block).subarray(nth * block, (nth + 1) * block);
      key = prf(key, `${from} write key`, both, suite.key);
    }
  }
  const rc4 = new Rc4(key);
  const cbc = block === 0 ? null : createCipheriv(suite.cipher, block === 8 ? Buffer.concat([key, key, key]) : key, iv);
  cbc?.setAutoPadding(false);
  let sequence = 0;
  return (content: string): Uint8Array => {
    const body = text(content);
    const head = [0, 0, 0, 0, 0, 0, 0, sequence++, APPLICATION_DATA];
    const length = [body.length >> 8, body.length & 0xff];
    const pads = [0x36, 0x5c].map((pad) => Buffer.alloc(suite.mac === "md5" ? 48 : 40, pad));
    const mac =
      version === SSL30
        ? hashed(
            suite.mac,
            macKey,
            pads[1]!,
            hashed(suite.mac, macKey, pads[0]!, Buffer.from([...head, ...length]), body),
          )
        : createHmac(suite.mac, macKey)
            .update(Buffer.from([...head, version >> 8, version & 0xff, ...length]))
            .update(body)
            .digest();
    const plain = Buffer.concat([body, mac]);
    if (cbc === null) {
      const sealed = new Uint8Array(plain.length);
      rc4.apply(plain, 0, plain.length, sealed);
      return sealed;
    }
    const padding = block - 1 - (plain.length % block);
    // RFC 6101 §5.2.3.2: what the padding of SSL 3.0 holds is nobody's business.
    const filler = Buffer.alloc(padding, version === SSL30 ? 0xee : padding);
    return new Uint8Array(cbc.update(Buffer.concat([plain, filler, Buffer.from([padding])])));
  };
}

const SUITES: readonly (readonly [name: string, suite: OldSuite])[] = [
  ["RC4 and SHA", { id: 0x0005, mac: "sha1", cipher: "rc4", key: 16, material: null }],
  ["RC4 and MD5", { id: 0x0004, mac: "md5", cipher: "rc4", key: 16, material: null }],
  ["AES", { id: 0x002f, mac: "sha1", cipher: "aes-128-cbc", key: 16, material: null }],
  ["RC4 for export", { id: 0x0003, mac: "md5", cipher: "rc4", key: 16, material: 5 }],
  ["DES for export", { id: 0x0008, mac: "sha1", cipher: "des-ede3-cbc", key: 8, material: 5 }],
];

describe.each([
  ["SSL 3.0", SSL30],
  ["TLS 1.0", TLS10],
])("%s", (_version, version) => {
  it.each(SUITES)("with %s is opened on both sides", (_name, suite) => {
    const keys = storeOf("");
    keys.add(SECRET.master, CLIENT_RANDOM, MASTER);
    const opener = openerFor(keys);
    const hello = { random: CLIENT_RANDOM, extensions: [], supportedVersions: [], earlyData: false };
    opener.clientHello(hello as unknown as ClientHello);
    opener.serverHello({
      ...{ random: SERVER_RANDOM, sessionId: new Uint8Array(0), version, cipherSuite: suite.id, extensions: [] },
      ...{ retry: false, raw: new Uint8Array(40) },
    } as unknown as ServerHello);
    for (const from of ["client", "server"] as const) {
      opener.changeCipherSpec(from);
      const seal = sealer(from, version, suite);
      const open = (body: Uint8Array): string | null => {
        const opened = opener.open(from, APPLICATION_DATA, version, body, 0, body.length);
        return opened === null ? null : Buffer.from(opened.bytes.slice(opened.start, opened.end)).toString("latin1");
      };
      for (const content of ["GET / HTTP/1.1", "", "x".repeat(300)]) {
        expect(opener.wants(from, APPLICATION_DATA, content.length)).toBe(true);
        expect(open(seal(content)), `${from} ${content.length}`).toBe(content);
      }
    }
  });
});
