// Text from wire bytes. Latin-1 keeps every byte (RFC 9110 §5.5: field values are octets), so nothing is lost before escaping.

/** One character per byte, each 0–255. Short strings only: heads, names, tokens. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const stop = Math.min(end, bytes.length);
  if (stop - start > SHORT && isAscii(bytes, start, stop)) return ASCII.decode(bytes.subarray(start, stop));
  let text = "";
  for (let p = start; p < stop; p++) text += String.fromCharCode(bytes[p]!);
  return text;
}

/** Up to here adding characters one by one is quicker, and gives text in one piece. */
const SHORT = 12;
/** ASCII is UTF-8. Decoding gives text in one piece; joined from parts, what is kept of a connection takes twice the memory. */
const ASCII = new TextDecoder();

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let p = start; p < end; p++) all |= bytes[p]!;
  return all < 0x80;
}

/** UTF-16LE text as NTLM carries it (MS-NLMP 2.2.2); a trailing odd byte is dropped. */
export function utf16le(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = "";
  for (let p = start; p + 1 < end; p += 2) text += String.fromCharCode(bytes[p]! | (bytes[p + 1]! << 8));
  return text;
}

/** Whether `bytes` has the characters of `ascii` at `at`, not looking past `end`. */
export function startsWith(bytes: Uint8Array, at: number, end: number, ascii: string): boolean {
  if (at + ascii.length > end) return false;
  for (let i = 0; i < ascii.length; i++) if (bytes[at + i] !== ascii.charCodeAt(i)) return false;
  return true;
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}
