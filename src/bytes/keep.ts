// Copies of short pieces of the input that outlive it: memory of their own for each would cost more than the bytes.

const SLAB = 8 * 1024;
/** Longer ones get memory of their own: one that is kept keeps its slab alive. */
const MAX_SHARED = SLAB / 4;

let slab = new Uint8Array(SLAB);
let used = 0;

/** A copy of `bytes[start, end)`; it may share its buffer with other copies. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > MAX_SHARED) return bytes.slice(start, end);
  if (used + length > SLAB) {
    slab = new Uint8Array(SLAB);
    used = 0;
  }
  const copy = slab.subarray(used, used + length);
  copy.set(bytes.subarray(start, end));
  used += length;
  return copy;
}
