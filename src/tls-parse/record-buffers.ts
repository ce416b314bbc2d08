// Buffers for record bodies that have to be contiguous and are not: one per direction, held only while a record arrives.
import { MAX_CIPHERTEXT } from "./looks-like.ts";

/** First size of a buffer that is not at hand: it grows with what comes, as connections that hang in their handshake must not hold what a header promised. */
const FIRST = 512;
/** Buffers beyond this size get the largest, so that they serve any record once they are given back. */
const SMALL = 4096;
/** Large buffers kept for the next record: 32 of 18 KiB. Connections take turns; more are made when more are needed at once. */
const MAX_IDLE = 32;

const idle: Uint8Array[] = [];

/**
 * A buffer with room for the first `needed` bytes of a body of `length`, which is at most `MAX_CIPHERTEXT`. `before`: what there
 * is of it already, whose bytes move along and which must not be used any more. Give it back when the record is done.
 */
export function recordBuffer(before: Uint8Array | null, needed: number, length: number): Uint8Array {
  if (before !== null && before.length >= needed) return before;
  const size = Math.min(length, Math.max(FIRST, needed, before === null ? 0 : 2 * before.length));
  const buffer = (length > SMALL ? idle.pop() : undefined) ?? new Uint8Array(size > SMALL ? MAX_CIPHERTEXT : size);
  if (before !== null) buffer.set(before);
  return buffer;
}

/** The buffer must not be used any more. */
export function giveRecordBuffer(buffer: Uint8Array): void {
  if (buffer.length === MAX_CIPHERTEXT && idle.length < MAX_IDLE) idle.push(buffer);
}
