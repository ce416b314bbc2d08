// What a connection leaves for later ones, and premaster secrets that no key gives.
import { describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { Compressed } from "../../src/tls-decrypt/compression.ts";
import { createKeyStore, createRecordOpener, createSessionCache } from "../../src/tls-decrypt/index.ts";
import { findPremaster } from "../../src/tls-decrypt/premaster.ts";
import type { Protection } from "../../src/tls-decrypt/protection.ts";
import { identity } from "../harness/tls-talk.ts";
import { clientHello, concat, message, play, record, serverHello, u16 } from "../tls-parse/play.ts";
import { storeOf } from "./walk.ts";

describe("a ticket", () => {
  /** Lengths of what was remembered: a NewSessionTicket (RFC 5077 §3.3) that names `named` bytes and has 40. */
  const remembered = (named: number): number[] => {
    const lengths: number[] = [];
    const cache = createSessionCache();
    const sessions = { ...cache, remember: (handle: Uint8Array) => void lengths.push(handle.length) };
    const keys = storeOf(`CLIENT_RANDOM ${"c1".repeat(32)} ${"11".repeat(48)}\n`);
    const ticket = message(4, concat([0, 0, 14, 16], u16(named), new Uint8Array(40)));
    play(
      [
        { from: "client", bytes: record(22, clientHello()) },
        { from: "server", bytes: record(22, concat(serverHello({ suite: 0xc02f, extensions: [] }), ticket)) },
      ],
      { opener: createRecordOpener(keys, nodeCrypto, sessions) },
    );
    return lengths;
  };

  it("is remembered if it is whole", () => {
    expect(remembered(40)).toEqual([40]);
    expect(remembered(0)).toEqual([]);
    expect(remembered(41)).toEqual([]);
    expect(remembered(44)).toEqual([]);
  });
});

describe("a premaster secret", () => {
  it("is none where the RSA key cannot have encrypted it", () => {
    const keys = createKeyStore();
    keys.addRsaKey(identity("rsa").key, nodeCrypto);
    const size = keys.rsaKeys[0]!.size;
    // Not below the modulus (RFC 8017 §5.1.2).
    expect(findPremaster(keys, concat(u16(size), new Uint8Array(size).fill(0xff)))).toBeNull();
    expect(findPremaster(keys, concat(u16(size), new Uint8Array(size).fill(0x01)))).toBeNull();
  });
});

describe("compressed records", () => {
  it("move the chained IV below them, also of a record that did not open", () => {
    const advanced: number[] = [];
    const inner: Protection = {
      ready: true,
      located: -1,
      resync: "sequence",
      open: () => false,
      advance: (_bytes, start, end) => void advanced.push(start, end),
      lost() {},
      plaintextLength: () => -1,
      hint: () => -1,
    };
    new Compressed(inner).advance(new Uint8Array(40), 5, 37);
    expect(advanced).toEqual([5, 37]);
  });
});
