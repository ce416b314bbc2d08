// The header by which a load balancer tells the proxy behind it whose connection it passes on (PROXY protocol, versions 1 and 2).
import { startsWith } from "../bytes/index.ts";

const VERSION_1 = "PROXY ";
const VERSION_2 = "\r\n\r\n\0\r\nQUIT\n";
/** The longest line of version 1, with its end (section 2.1 of the specification). */
const MAX_LINE = 107;
/** Signature, version and command, family, length (section 2.2). */
const FIXED = 16;
const P = 0x50;
const CR = 0x0d;
const LF = 0x0a;

/** How long the header is with which these bytes begin: 0 if there is none, null if more bytes are needed to tell. */
export function proxyHeaderLength(bytes: Uint8Array, start: number, end: number): number | null {
  if (bytes[start] === P) {
    const known = beginsAlike(bytes, start, end, VERSION_1);
    return known === true ? lineLength(bytes, start, end) : known;
  }
  if (bytes[start] !== CR) return 0;
  const known = beginsAlike(bytes, start, end, VERSION_2);
  if (known !== true) return known;
  if (end - start < FIXED) return null;
  return bytes[start + 12]! >> 4 === 2 ? FIXED + ((bytes[start + 14]! << 8) | bytes[start + 15]!) : 0;
}

/** Whether they begin so: 0 if not, null if they are too few. */
function beginsAlike(bytes: Uint8Array, start: number, end: number, signature: string): true | 0 | null {
  if (end - start >= signature.length) return startsWith(bytes, start, end, signature) ? true : 0;
  return startsWith(bytes, start, end, signature.slice(0, end - start)) ? null : 0;
}

function lineLength(bytes: Uint8Array, start: number, end: number): number | null {
  const last = Math.min(end, start + MAX_LINE);
  for (let at = start + VERSION_1.length; at + 1 < last; at++)
    if (bytes[at] === CR && bytes[at + 1] === LF) return at + 2 - start;
  return end - start < MAX_LINE ? null : 0;
}
