// Buffers for record bodies that have to be contiguous and are not: one per direction, held only while a record arrives.
import { MAX_CIPHERTEXT } from "./looks-like.ts";

/** Buffers kept for the next record: 32 of 18 KiB. Connections take turns; more are made when more are needed at once. */
const MAX_IDLE = 32;

const idle: Uint8Array[] = [];

/** A buffer for one record body; give it back when the record is done. */
export function takeRecordBuffer(): Uint8Array {
  return idle.pop() ?? new Uint8Array(MAX_CIPHERTEXT);
}

/** The buffer must not be used any more. It held ciphertext only. */
export function giveRecordBuffer(buffer: Uint8Array): void {
  if (idle.length < MAX_IDLE) idle.push(buffer);
}
