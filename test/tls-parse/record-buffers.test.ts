// What is kept of records and hellos: as much as came, whatever a header promises, and no more than any real one has.
import { describe, expect, it } from "vitest";
import { MAX_CIPHERTEXT } from "../../src/tls-parse/looks-like.ts";
import { giveRecordBuffer, recordBuffer } from "../../src/tls-parse/record-buffers.ts";
import { clientHello, concat, play, record } from "./play.ts";

/** Buffers that no test gave back. */
function emptyPool(): void {
  while (recordBuffer(null, 1, MAX_CIPHERTEXT).length === MAX_CIPHERTEXT);
}

describe("the buffer of a record", () => {
  it("takes little memory while little has come", () => {
    emptyPool();
    for (let i = 0; i < 100; i++) expect(recordBuffer(null, 1, MAX_CIPHERTEXT).length).toBeLessThanOrEqual(512);
  });

  it("keeps every byte while it grows, in few steps", () => {
    for (const length of [1, 511, 513, 4096, 4097, 9000, MAX_CIPHERTEXT]) {
      emptyPool();
      let buffer: Uint8Array | null = null;
      const met = new Set<Uint8Array>();
      for (let i = 0; i < length; i++) {
        buffer = recordBuffer(buffer, i + 1, length);
        buffer[i] = i % 251;
        met.add(buffer);
      }
      expect([...buffer!.subarray(0, length)]).toEqual(Array.from({ length }, (_, i) => i % 251));
      expect(met.size).toBeLessThanOrEqual(5);
    }
  });

  it("is handed on where it is large, and never to two", () => {
    emptyPool();
    const large = recordBuffer(null, 5000, MAX_CIPHERTEXT);
    giveRecordBuffer(large);
    expect(recordBuffer(null, 1, 10_000)).toBe(large);
    expect(recordBuffer(null, 1, 10_000)).not.toBe(large);
  });
});

describe("a hello", () => {
  it("that is larger than any is read from its beginning, and is not called malformed for it", () => {
    const hello = clientHello({ extensions: [[0x7777, new Array(60_000).fill(1)]] });
    const pieces = [];
    for (let at = 0; at < hello.length; at += 16_000) pieces.push(record(22, hello.subarray(at, at + 16_000)));
    const { facts, noteIds } = play([{ from: "client", bytes: concat(...pieces) }]);
    expect(facts.clientHello?.raw.length).toBeLessThanOrEqual(32 * 1024);
    expect(facts.clientHello?.cipherSuites).toEqual(
      play([{ from: "client", bytes: record(22, clientHello()) }]).facts.clientHello?.cipherSuites,
    );
    expect(noteIds).toEqual([]);
  });
});
