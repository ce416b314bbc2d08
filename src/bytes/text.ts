// Text from wire bytes. Latin-1 keeps every byte (RFC 9110 §5.5: field values are octets), so nothing is lost before escaping.

/** One character per byte, each 0–255. Short strings only: heads, names, tokens. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const stop = Math.min(end, bytes.length);
  if (stop - start > SHORT) {
    const piece = bytes.subarray(start, stop);
    return isAscii(bytes, start, stop) ? ASCII.decode(piece) : fromCodes(piece);
  }
  let text = "";
  for (let p = start; p < stop; p++) text += String.fromCharCode(bytes[p]!);
  return text;
}

/**
 * Up to here adding characters one by one is quicker, and gives text in one piece. Beyond, text that grew so holds on to 32 bytes
 * for each of its characters.
 */
const SHORT = 12;
/** ASCII is UTF-8. Decoding gives text in one piece; joined from parts, what is kept of a connection takes twice the memory. */
const ASCII = new TextDecoder();
/** For a text that is copied: URLs are cut to so many characters. */
const ROOM = new Uint8Array(1_024);
/** Arguments of one call; the stack holds some hundred thousand. */
const MAX_CODES = 8_192;

/** A character for each code, in one piece. Applied, as spread would make an array first and take seven times as long. */
function fromCodes(codes: Uint8Array | Uint16Array): string {
  if (codes.length <= MAX_CODES) return Reflect.apply(String.fromCharCode, String, codes);
  const parts: string[] = [];
  for (let p = 0; p < codes.length; p += MAX_CODES) parts.push(fromCodes(codes.subarray(p, p + MAX_CODES)));
  return parts.join("");
}

/** A copy in one piece of a part that is kept of a longer text: by itself it would keep all of that in memory. */
export function ownText(part: string): string {
  if (part.length <= SHORT) return part;
  if (part.length <= ROOM.length) {
    let i = 0;
    for (; i < part.length; i++) {
      const code = part.charCodeAt(i);
      if (code >= 0x80) break;
      ROOM[i] = code;
    }
    // Ten times as quick as what follows.
    if (i === part.length) return ASCII.decode(ROOM.subarray(0, i));
  }
  const codes = new Uint16Array(part.length);
  for (let i = 0; i < part.length; i++) codes[i] = part.charCodeAt(i);
  return fromCodes(codes);
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let p = start; p < end; p++) all |= bytes[p]!;
  return all < 0x80;
}

/** Texts that were met, by a hash of their bytes: those that share a slot take turns. */
const MET: string[] = new Array<string>(1024).fill("");
/** Longer texts seldom come again. */
const MAX_MET = 64;

/**
 * As `latin1`, and the same string as last time if the text was met lately: names, targets and products come again and again.
 * Not for secrets, which would stay in memory.
 */
export function familiar(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > MAX_MET || length <= 0) return latin1(bytes, start, end);
  // FNV-1a, folded to the table's size.
  let hash = 0x811c9dc5;
  for (let p = start; p < end; p++) hash = Math.imul(hash ^ bytes[p]!, 0x01000193);
  const slot = (hash ^ (hash >>> 16)) & (MET.length - 1);
  const met = MET[slot]!;
  if (met.length === length && isAt(met, bytes, start)) return met;
  const text = latin1(bytes, start, end);
  MET[slot] = text;
  return text;
}

function isAt(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** A byte order mark is a character of the text. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What `latin1` gave, for people: read as UTF-8 where it is that, which no other encoding looks like by chance. */
export function readable(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return text;
    bytes[i] = code;
  }
  try {
    return UTF8.decode(bytes);
  } catch {
    return text;
  }
}

/** UTF-16LE text as NTLM carries it (MS-NLMP 2.2.2); a trailing odd byte is dropped. */
export function utf16le(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const codes = new Uint16Array(Math.max(0, (end - start) >> 1));
  for (let i = 0, p = start; i < codes.length; i++, p += 2) codes[i] = bytes[p]! | (bytes[p + 1]! << 8);
  return fromCodes(codes);
}

/** Whether `bytes` has the characters of `ascii` at `at`, not looking past `end`. */
export function startsWith(bytes: Uint8Array, at: number, end: number, ascii: string): boolean {
  if (at + ascii.length > end) return false;
  for (let i = 0; i < ascii.length; i++) if (bytes[at + i] !== ascii.charCodeAt(i)) return false;
  return true;
}

/** Whether two values on the wire are the same byte for byte. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/**
 * Text off the wire inside a sentence. Quotes in it become apostrophes: whoever reads the sentence, or takes names out of it,
 * finds where the text ends.
 */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', "'")}"`;
}
