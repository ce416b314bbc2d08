// Buffers for record bodies that have to be contiguous and are not: one per direction, held only while a record arrives.
import { MAX_CIPHERTEXT } from "./looks-like.ts";

/** Bodies up to this size get a buffer of their own size: connections that hang in their handshake must not hold more. */
const SMALL = 4096;
/** Large buffers kept for the next record: 32 of 18 KiB. Connections take turns; more are made when more are needed at once. */
const MAX_IDLE = 32;

const idle: Uint8Array[] = [];

/** A buffer for a body of `length` bytes, at most `MAX_CIPHERTEXT`; give it back when the record is done. */
export function takeRecordBuffer(length: number): Uint8Array {
  if (length <= SMALL) return new Uint8Array(length);
  return idle.pop() ?? new Uint8Array(MAX_CIPHERTEXT);
}

/** The buffer must not be used any more. */
export function giveRecordBuffer(buffer: Uint8Array): void {
  if (buffer.length === MAX_CIPHERTEXT && idle.length < MAX_IDLE) idle.push(buffer);
}
