// A capture that is read again: what its connections may try together is there again, as hostile ones spent it the first time.
import { describe, expect, it } from "vitest";
import { loadKeys } from "../../src/audit/keys.ts";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import type { TlsPlatform } from "../../src/tls-decrypt/index.ts";
import type { ClientHello, ServerHello } from "../../src/tls-parse/index.ts";

const RANDOM = new Uint8Array(32).fill(7);
const KEY_LOG = Buffer.from(`CLIENT_RANDOM ${"07".repeat(32)} ${"4d".repeat(48)}\n`);
const [APPLICATION_DATA, TLS12] = [23, 0x0303];
/** TLS_RSA_WITH_AES_128_GCM_SHA256. */
const SUITE = 0x9c;
/** An explicit nonce that counts nothing, and a tag. */
const SHORT = new Uint8Array(24).fill(0xff);

/** Ciphers that open nothing, quickly. */
const CIPHERS: TlsPlatform = { ...nodeCrypto, aead: () => ({ open: () => null }) };

describe("keys of a capture", () => {
  const keys = loadKeys([], { keylogs: [KEY_LOG] }, {}, () => true, CIPHERS);

  /** Trials of a connection that lost something and meets records that do not open. */
  function triesOfOne(): number {
    const opener = keys.opener()!;
    opener.clientHello({ random: RANDOM, extensions: [], supportedVersions: [] } as unknown as ClientHello);
    opener.serverHello({
      ...{ random: RANDOM, sessionId: new Uint8Array(0), version: TLS12, cipherSuite: SUITE, extensions: [] },
      ...{ retry: false, raw: new Uint8Array(40) },
    } as unknown as ServerHello);
    opener.changeCipherSpec("client");
    opener.gap("client");
    for (let record = 0; record < 60; record++) {
      if (opener.wants("client", APPLICATION_DATA, SHORT.length))
        opener.open("client", APPLICATION_DATA, TLS12, SHORT, 0, SHORT.length);
    }
    return opener.stats.client.tries;
  }

  it("bound the trials of all its connections, and grant them again when it is read again", () => {
    const first = triesOfOne();
    expect(first).toBeGreaterThan(1_000);
    let connections = 1;
    while (triesOfOne() === first && connections < 1_000) connections++;
    expect(connections).toBeLessThan(1_000);
    expect(triesOfOne()).toBeLessThan(100);
    keys.again();
    expect(triesOfOne()).toBe(first);
  });
});
