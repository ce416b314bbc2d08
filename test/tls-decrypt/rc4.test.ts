// RC4 (RFC 5246 §6.2.3.1) through an opener: what OpenSSL has no more is made here of a key log's master secret.
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SECRET } from "../../src/tls-decrypt/key-store.ts";
import { Rc4 } from "../../src/tls-decrypt/legacy/rc4.ts";
import type { ClientHello, ServerHello, TlsRole } from "../../src/tls-parse/index.ts";
import { openerFor, storeOf } from "./walk.ts";

const MASTER = Buffer.alloc(48, 0x4d);
const SERVER_RANDOM = Buffer.alloc(32, 0x5e);
const APPLICATION_DATA = 23;
const TLS12 = 0x0303;

/** P_SHA256 of RFC 5246 §5. */
function prf(label: string, seed: Buffer, length: number): Buffer {
  const hmac = (data: Buffer) => createHmac("sha256", MASTER).update(data).digest();
  const all = Buffer.concat([Buffer.from(label), seed]);
  let a = hmac(all);
  const blocks: Buffer[] = [];
  for (let at = 0; at < length; at += 32, a = hmac(a)) blocks.push(hmac(Buffer.concat([a, all])));
  return Buffer.concat(blocks).subarray(0, length);
}

/** Seals the records of both sides of one session with TLS_RSA_WITH_RC4_128_SHA, in order. */
function sealer(clientRandom: Buffer) {
  const block = prf("key expansion", Buffer.concat([SERVER_RANDOM, clientRandom]), 2 * (20 + 16));
  const side = (nth: number) => ({
    mac: block.subarray(20 * nth, 20 * nth + 20),
    cipher: new Rc4(block.subarray(40 + 16 * nth, 56 + 16 * nth)),
    sequence: 0,
  });
  const sides = { client: side(0), server: side(1) };
  return (from: TlsRole, text: string): Uint8Array => {
    const { mac, cipher, sequence } = sides[from];
    sides[from].sequence++;
    const body = Buffer.from(text);
    const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, sequence, APPLICATION_DATA, 3, 3, body.length >> 8, body.length]);
    const plain = Buffer.concat([body, createHmac("sha1", mac).update(head).update(body).digest()]);
    const sealed = new Uint8Array(plain.length);
    cipher.apply(plain, 0, plain.length, sealed);
    return sealed;
  };
}

function session(byte: number) {
  const random = Buffer.alloc(32, byte);
  return { random, seal: sealer(random) };
}

function greet(opener: ReturnType<typeof openerFor>, random: Buffer): void {
  opener.clientHello({ random, extensions: [], supportedVersions: [], earlyData: false } as unknown as ClientHello);
  opener.serverHello({
    ...{ random: SERVER_RANDOM, sessionId: new Uint8Array(0), version: TLS12, cipherSuite: 0x05, extensions: [] },
    ...{ retry: false, raw: new Uint8Array(40) },
  } as unknown as ServerHello);
  opener.changeCipherSpec("client");
  opener.changeCipherSpec("server");
}

describe("RC4", () => {
  const [first, second] = [session(0xc1), session(0xc2)];
  const keys = storeOf("");
  for (const { random } of [first, second]) keys.add(SECRET.master, random, MASTER);
  const opener = openerFor(keys);
  const open = (from: TlsRole, body: Uint8Array): string | null => {
    if (!opener.wants(from, APPLICATION_DATA, body.length)) return null;
    const opened = opener.open(from, APPLICATION_DATA, TLS12, body, 0, body.length);
    return opened === null ? null : Buffer.from(opened.bytes.slice(opened.start, opened.end)).toString();
  };

  it("is opened on both sides, records without content and long ones between them", () => {
    greet(opener, first.random);
    const long = "x".repeat(16_384);
    for (const text of ["GET", "", long, "GET again"]) expect(open("client", first.seal("client", text))).toBe(text);
    expect(open("server", first.seal("server", "401"))).toBe("401");
  });

  it("stays closed behind lost bytes, on that side only", () => {
    first.seal("client", "lost");
    opener.gap("client");
    expect(open("client", first.seal("client", "GET"))).toBeNull();
    expect(opener.stats.client.why).toBe("lost");
    expect(open("server", first.seal("server", "200"))).toBe("200");
  });

  it("is opened again with the keys of a renegotiation", () => {
    greet(opener, second.random);
    expect(open("client", second.seal("client", "GET"))).toBe("GET");
    expect(open("server", second.seal("server", "403"))).toBe("403");
    expect(opener.stats).toMatchObject({ source: "key-log", client: { why: "open" }, server: { why: "open" } });
  });

  it("is lost behind a record that was passed over, too", () => {
    const passed = second.seal("server", "passed over");
    opener.skipped("server", APPLICATION_DATA, passed.length);
    expect(open("server", second.seal("server", "200"))).toBeNull();
    expect(opener.stats.server.why).toBe("lost");
  });
});
