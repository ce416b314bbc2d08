// RC2 (RFC 2268) with as many effective bits as the key has: decryption only, for TLS's export suites.
import type { DecryptBlock } from "./block.ts";

/** A decryptor; blocks of 8 bytes. */
export function rc2Decryptor(key: Uint8Array): DecryptBlock {
  const k = expand(key);
  const r = new Uint16Array(4);
  return (bytes, at, out, to) => {
    for (let i = 0; i < 4; i++) r[i] = bytes[at + 2 * i]! | (bytes[at + 2 * i + 1]! << 8);
    // RFC 2268 §4: 5 mixing rounds, a mashing round, 6, mash, 5, all backwards.
    let j = 63;
    for (let round = 15; round >= 0; round--) {
      for (let i = 3; i >= 0; i--, j--) {
        const s = ROTATE[i]!;
        const rotated = (r[i]! >> s) | (r[i]! << (16 - s));
        r[i] = rotated - k[j]! - (r[(i + 3) & 3]! & r[(i + 2) & 3]!) - (~r[(i + 3) & 3]! & r[(i + 1) & 3]!);
      }
      if (round === 11 || round === 5) for (let i = 3; i >= 0; i--) r[i]! -= k[r[(i + 3) & 3]! & 63]!;
    }
    for (let i = 0; i < 4; i++) {
      out[to + 2 * i] = r[i]!;
      out[to + 2 * i + 1] = r[i]! >> 8;
    }
  };
}

const ROTATE = [1, 2, 3, 5] as const;

/** RFC 2268 §2. */
function expand(key: Uint8Array): Uint16Array {
  const l = new Uint8Array(128);
  l.set(key);
  const t = key.length;
  for (let i = t; i < 128; i++) l[i] = PITABLE[(l[i - 1]! + l[i - t]!) & 0xff]!;
  l[128 - t] = PITABLE[l[128 - t]!]!;
  for (let i = 127 - t; i >= 0; i--) l[i] = PITABLE[l[i + 1]! ^ l[i + t]!]!;
  return Uint16Array.from({ length: 64 }, (_, i) => l[2 * i]! | (l[2 * i + 1]! << 8));
}

/** RFC 2268 §2: a permutation of the bytes derived from the digits of pi. */
const PITABLE = fromHex(
  `d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2
   179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82
   54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626
   6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7
   08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec
   c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731
   2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9
   0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad`,
);

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g)!, (pair) => Number.parseInt(pair, 16));
}
