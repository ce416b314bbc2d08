// What hostile records can make a search cost: trials over all connections of a capture, and the keys of epochs that are over.
import { describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { Direction } from "../../src/tls-decrypt/direction.ts";
import { Epochs13 } from "../../src/tls-decrypt/epochs-1.3.ts";
import { createKeyStore, createSessionCache } from "../../src/tls-decrypt/index.ts";
import { SECRET } from "../../src/tls-decrypt/key-store.ts";
import type { Protection } from "../../src/tls-decrypt/protection.ts";
import type { OpenedRecord } from "../../src/tls-parse/index.ts";

/** Opens number 0 alone. */
const FIRST_ONLY: Protection = {
  ...{
    ready: true,
    located: -1,
    resync: "sequence",
    advance() {},
    lost() {},
    plaintextLength: () => -1,
    hint: () => -1,
  },
  open: (sequence) => sequence === 0,
};
const OUT: OpenedRecord = { type: 23, early: false, bytes: new Uint8Array(0), start: 0, end: 0 };

/** Trials of `connections` directions that open one record, lose something, and meet forty records of `length` that do not open. */
function triesOf(connections: number, length: number, trials: { left: number }): number {
  let tries = 0;
  for (let i = 0; i < connections; i++) {
    const direction = new Direction(trials);
    direction.begin({ protection: () => FIRST_ONLY, hasNext: false, unsupported: false }, 0);
    const open = () => direction.open(23, 0x0303, new Uint8Array(length), 0, length, OUT);
    open();
    direction.gap();
    for (let record = 0; record < 40; record++) open();
    tries += direction.tries;
  }
  return tries;
}

describe("a search for lost records", () => {
  it("makes as many trials as it has", () => {
    expect(triesOf(1, 22, { left: 100_000 })).toBe(40 * 32 - 1);
  });

  it("is bounded over all connections, where records are short", () => {
    const { left } = createSessionCache().trials;
    const short = triesOf(1_000, 22, { left });
    expect(short).toBeGreaterThan(left);
    expect(short).toBeLessThan(left + 1_000 * 41);
  });

  it("has all its trials when the capture is read again", () => {
    const sessions = createSessionCache();
    const { left } = sessions.trials;
    sessions.trials.left = 0;
    sessions.refill();
    expect(sessions.trials.left).toBe(left);
  });

  it("goes on where records of usual length earn its trials", () => {
    expect(triesOf(1, 4_096, { left: 0 })).toBe(40 * 32 - 1);
  });
});

describe("the keys of an epoch", () => {
  it("are let go when others took their place", () => {
    const random = new Uint8Array(32).fill(1);
    const keys = createKeyStore();
    keys.add(SECRET.clientTraffic, random, new Uint8Array(32).fill(2));
    const session = { keys, platform: nodeCrypto, clientRandom: random, offered: [0x1301], suite: 0x1301 };
    const epochs = new Epochs13(session, "client");
    for (let epoch = 2; epoch <= 100; epoch++) expect(epochs.protection(epoch)).not.toBeNull();
    const held = Array.from({ length: 101 }, (_, epoch) => epoch).filter((epoch) => epochs.protection(epoch) !== null);
    expect(held).toEqual([98, 99, 100]);
  });
});
