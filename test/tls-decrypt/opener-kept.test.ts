// What an opener says that it keeps of a handshake, however its messages are cut: it is added up over all connections.
import { describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { createKeyStore, createRecordOpener, createSessionCache, type KeyStore } from "../../src/tls-decrypt/index.ts";
import { SECRET } from "../../src/tls-decrypt/key-store.ts";
import { type ClientHello, createTlsConversation, type ServerHello } from "../../src/tls-parse/index.ts";

const RANDOM = new Uint8Array(32).fill(7);
const CLIENT_HELLO = { random: RANDOM, extensions: [], supportedVersions: [], cipherSuites: [0x2f], earlyData: false };
/** TLS 1.2, TLS_RSA_WITH_AES_128_CBC_SHA, DEFLATE (RFC 5246 §7.4.1.3). */
const SERVER_HELLO = {
  ...{ random: RANDOM, sessionId: new Uint8Array(0), version: 0x0303, cipherSuite: 0x2f, extensions: [], retry: false },
  raw: Uint8Array.of(2, 0, 0, 38, 3, 3, ...RANDOM, 0, 0, 0x2f, 1),
};
const SERVER_HELLO_DONE = Uint8Array.of(14, 0, 0, 0);

function opener(fill: (keys: KeyStore) => void) {
  const keys = createKeyStore();
  fill(keys);
  const made = createRecordOpener(keys, nodeCrypto, createSessionCache());
  made.clientHello(CLIENT_HELLO as unknown as ClientHello);
  made.serverHello(SERVER_HELLO as unknown as ServerHello);
  return made;
}

describe("what an opener keeps", () => {
  it("of tens of thousands of messages is little more than their bytes", () => {
    const made = opener((keys) => keys.addPremaster(new Uint8Array(8), new Uint8Array(48)));
    expect(made.kept).toBe(0);
    for (let i = 0; i < 40_000; i++) made.handshake("server", SERVER_HELLO_DONE, 0, 4);
    expect(made.kept).toBeGreaterThanOrEqual(160_000);
    expect(made.kept).toBeLessThan(400_000);
    const setup = { note() {}, now: () => 0n, opener: made, sink: null };
    expect(createTlsConversation(setup).kept).toBe(made.kept);
    for (let i = 0; i < 40_000; i++) made.handshake("server", SERVER_HELLO_DONE, 0, 4);
    expect(made.kept).toBe(0);
  });

  it("of a key exchange is no more than can be one", () => {
    const made = opener((keys) => keys.addPremaster(new Uint8Array(8), new Uint8Array(48)));
    const exchange = Uint8Array.of(16, 1, 0, 0, ...new Uint8Array(65_536));
    made.handshake("client", exchange, 0, exchange.length);
    expect(made.kept).toBeGreaterThan(exchange.length);
    expect(made.kept).toBeLessThan(exchange.length + 5_000);
  });

  it("counts the windows of compressed records, which begin small", () => {
    const made = opener((keys) => keys.add(SECRET.master, RANDOM, new Uint8Array(48).fill(1)));
    for (const from of ["client", "server"] as const) {
      made.changeCipherSpec(from);
      expect(made.wants(from, 23, 100)).toBe(true);
    }
    expect(made.kept).toBeGreaterThan(8_000);
  });
});
