// Text from wire bytes. Latin-1 keeps every byte (RFC 9110 §5.5: field values are octets), so nothing is lost before escaping.

/** One character per byte, each 0–255. Short strings only: heads, names, tokens. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = "";
  const stop = Math.min(end, bytes.length);
  let p = start;
  // Eight at a time: spreading a view into fromCharCode costs ten times as much, one by one two to four times.
  for (; p + 8 <= stop; p += 8) {
    text += String.fromCharCode(
      bytes[p]!,
      bytes[p + 1]!,
      bytes[p + 2]!,
      bytes[p + 3]!,
      bytes[p + 4]!,
      bytes[p + 5]!,
      bytes[p + 6]!,
      bytes[p + 7]!,
    );
  }
  for (; p < stop; p++) text += String.fromCharCode(bytes[p]!);
  return text;
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
