// Options at the end of pcapng blocks: draft-ietf-opsawg-pcapng §3.5.
import type { Reader } from "../bytes/index.ts";

const END_OF_OPTIONS = 0;

/** Reads a 16-bit field in the section's byte order. */
export function u16(r: Reader, little: boolean): number {
  return little ? r.u16le() : r.u16();
}

/** Reads a 32-bit field in the section's byte order. */
export function u32(r: Reader, little: boolean): number {
  return little ? r.u32le() : r.u32();
}

/** Reads a 64-bit field in the section's byte order, signed. */
export function i64(r: Reader, little: boolean): bigint {
  const first = u32(r, little);
  const second = u32(r, little);
  const high = little ? second : first;
  const low = little ? first : second;
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

/** Passes over the padding behind a field of `length` bytes; some writers leave it out at the end of a block. */
export function skipPadding(r: Reader, length: number): void {
  r.skip(Math.min((4 - (length % 4)) % 4, r.remaining));
}

/**
 * Gives each option's code and a reader on its value to `visit`. opt_endofopt ends the list, and so does the end of the block.
 * An option longer than its block latches `malformed` in `r`; the options before it have been given.
 */
export function readOptions(r: Reader, little: boolean, visit: (code: number, value: Reader) => void): void {
  while (r.remaining >= 4) {
    const code = u16(r, little);
    const length = u16(r, little);
    if (code === END_OF_OPTIONS) return;
    const value = r.sub(length);
    if (r.failed !== null) return;
    visit(code, value);
    skipPadding(r, length);
  }
}
