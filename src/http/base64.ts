// Base64 (RFC 4648 §4), forgiving: white space and missing padding are accepted, as servers accept them.

/** The decoded bytes, or null if a character is no base64 at all. */
export function decodeBase64(text: string): Uint8Array | null {
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === EQUALS || code === 0x20 || code === 0x09) continue;
    const value = code < 128 ? VALUES[code]! : NONE;
    if (value === NONE) return null;
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[length++] = (bits >> held) & 0xff;
    }
  }
  return out.subarray(0, length);
}

const EQUALS = 0x3d;
const NONE = 255;
const VALUES = new Uint8Array(128).fill(NONE);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;
// RFC 4648 §5: some clients use the URL-safe alphabet.
VALUES["-".charCodeAt(0)] = 62;
VALUES["_".charCodeAt(0)] = 63;
