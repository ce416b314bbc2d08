// HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF", and its 32-bit variant).

/**
 * Makes a keyed hash: equal input, equal tag; without the key a tag tells nothing. Tags stay inside the program (they
 * recognise credentials and pages that come again), so 64 bits are plenty, and a tag is no text: it is four characters of
 * 16 bits each, low ones first. `key` has 8 bytes.
 */
export function createKeyedHash(key: Uint8Array): (bytes: Uint8Array) => string {
  const k0 = word(key, 0);
  const k1 = word(key, 4);
  return (bytes) => hash(k0, k1, bytes);
}

/** One function for all keys: each run has a key of its own, and what it calls is compiled by then. */
function hash(k0: number, k1: number, bytes: Uint8Array): string {
  let v0 = k0;
  let v1 = k1 ^ 0xee;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  const whole = bytes.length & ~3;
  let last = bytes.length << 24;
  for (let i = whole; i < bytes.length; i++) last |= bytes[i]! << (8 * (i - whole));
  let high = 0;
  // Message words, then the last bytes with the length, then four rounds for each half of the output.
  for (let at = 0, phase = 0; phase < 4; ) {
    let message = 0;
    let rounds = 2;
    if (at < whole) message = word(bytes, at);
    else if (phase === 0) message = last;
    else rounds = 4;
    if (phase === 1) v2 ^= 0xee;
    else if (phase === 2) v1 ^= 0xdd;
    if (phase === 3) break;
    v3 ^= message;
    for (; rounds > 0; rounds--) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= message;
    if (at < whole) at += 4;
    else {
      if (phase === 1) high = v1 ^ v3;
      phase++;
    }
  }
  const low = v1 ^ v3;
  return String.fromCharCode(high & 0xffff, high >>> 16, low & 0xffff, low >>> 16);
}

/** Little-endian 32-bit word. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
