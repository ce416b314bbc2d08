// What every kind of record protection offers to the search for the right key and sequence number.
import type { OpenedRecord } from "../tls-parse/index.ts";

/** Keys of one direction and epoch. Nothing is given out whose tag or MAC was not verified. */
export interface Protection {
  /**
   * Opens the record body `bytes[start, end)` as number `sequence`; true with the plaintext in `out`. May be called
   * again for the same record with another number, except where `resync` is "never".
   */
  open(
    sequence: number,
    type: number,
    version: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: OpenedRecord,
  ): boolean;
  /** The record that was tried is done with, opened or not: chained IVs move on. */
  advance(bytes: Uint8Array, start: number, end: number): void;
  /** A record was not seen, or passed over. */
  lost(): void;
  /** Number of the record just tried where its MAC proves it although its content cannot be read, else -1. */
  readonly located: number;
  /** Whether a record can be tried now; false while a chained IV is not known. */
  readonly ready: boolean;
  /** Whether reading can go on behind missing records: only a keystream makes that impossible. */
  readonly resync: "sequence" | "never";
  /** Whether a record may be passed over, and how long its plaintext is at most (-1: must be opened). */
  plaintextLength(length: number): number;
  /** Sequence number that the record itself suggests (an explicit nonce that counts), or -1. */
  hint(bytes: Uint8Array, start: number): number;
}

/** Writes a sequence number as 8 bytes, big-endian (RFC 5246 §6.1: it never wraps). */
export function writeSequence(into: Uint8Array, at: number, sequence: number): void {
  const high = Math.floor(sequence / 0x1_0000_0000);
  into[at] = high >>> 24;
  into[at + 1] = high >>> 16;
  into[at + 2] = high >>> 8;
  into[at + 3] = high;
  into[at + 4] = sequence >>> 24;
  into[at + 5] = sequence >>> 16;
  into[at + 6] = sequence >>> 8;
  into[at + 7] = sequence;
}
