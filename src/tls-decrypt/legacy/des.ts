// Triple DES (NIST SP 800-67r2, with DES as FIPS 46-3 has it): decryption, for platforms that have dropped it.
import type { DecryptBlock } from "./block.ts";

/** FIPS 46-3, the eight S-boxes: four rows of sixteen hexadecimal digits each. */
const S_BOXES = [
  "e4d12fb83a6c5907 0f74e2d1a6cb9538 41e8d62bfc973a50 fc8249175b3ea06d",
  "f18e6b34972dc05a 3d47f28ec01a69b5 0e7ba4d158c6932f d8a13f42b67c05e9",
  "a09e63f51dc7b428 d709346a285ecbf1 d6498f30b12c5ae7 1ad069874fe3b52c",
  "7de3069a1285bc4f d8b56f03472c1ae9 a690cb7df13e5284 3f06a1d8945bc72e",
  "2c417ab6853fd0e9 eb2c47d150fa3986 421bad78f9c5630e b8c71e2d6f09a453",
  "c1af92680d34e75b af427c9561de0b38 9ef528c3704a1db6 432c95fabe17608d",
  "4b2ef08d3c975a61 d0b7491ae35c2f86 14bdc37eaf680592 6bd814a7950fe23c",
  "d2846fb1a93e50c7 1fd8a374c56b0e92 7b419ce206adf358 21e74a8dfc90356b",
];

/** Permutations, as numbers of input bits from 1, the highest first. */
const IP = [58, 60, 62, 64, 57, 59, 61, 63].flatMap((first) => steps(first, 8));
const FP = Array.from({ length: 64 }, (_, i) => IP.indexOf(i + 1) + 1);
const P = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
];
const PC1 = [
  57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55,
  47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
const PC2 = [
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30,
  40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const ROUNDS = 16;
/** Rounds before which the halves of the key move by one bit only. */
const ONE_BIT = new Set([0, 1, 8, 15]);

/** Every eighth bit from `first` downwards: a row of the initial permutation. */
function steps(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first - 8 * i);
}

/** S-box and permutation P in one step, for each six bits of a round; made when the first key is. */
let boxes: readonly Int32Array[] | null = null;

function makeBoxes(): readonly Int32Array[] {
  return S_BOXES.map((rows, number) => {
    const box = [...rows.replaceAll(" ", "")].map((digit) => Number.parseInt(digit, 16));
    return Int32Array.from({ length: 64 }, (_, six) => {
      const row = ((six >> 4) & 2) | (six & 1);
      const nibble = box[row * 16 + ((six >> 1) & 15)]!;
      const placed = nibble << (28 - 4 * number);
      return P.reduce((word, bit, i) => word | (((placed >>> (32 - bit)) & 1) << (31 - i)), 0);
    });
  });
}

/** A decryptor for three keys of 8 bytes (keying option 1), encrypt-decrypt-encrypt; blocks of 8 bytes. */
export function tripleDesDecryptor(key: Uint8Array): DecryptBlock {
  boxes ??= makeBoxes();
  const table = boxes;
  const [k1, k2, k3] = [0, 8, 16].map((at) => roundKeys(key.subarray(at, at + 8)));
  // Decryption takes the last key first, and each round key in reverse.
  const rounds = [[...k3!].reverse(), k2!, [...k1!].reverse()];
  return (bytes, at, out, to) => {
    let [left, right] = permuted(bytes, at, IP);
    for (const keys of rounds) {
      for (const own of keys) {
        let f = 0;
        // The expansion E: six bits from four, with a neighbour on each side.
        for (let i = 0; i < 8; i++) f |= table[i]![(rotated(right, 4 * i + 5) & 0x3f) ^ own[i]!]!;
        [left, right] = [right, left ^ f];
      }
      [left, right] = [right, left];
    }
    const whole = Uint8Array.of(
      left >>> 24,
      left >>> 16,
      left >>> 8,
      left,
      right >>> 24,
      right >>> 16,
      right >>> 8,
      right,
    );
    const [high, low] = permuted(whole, 0, FP);
    for (let i = 0; i < 4; i++) {
      out[to + i] = high >>> (24 - 8 * i);
      out[to + 4 + i] = low >>> (24 - 8 * i);
    }
  };
}

/** Sixteen round keys of eight times six bits. */
function roundKeys(key: Uint8Array): number[][] {
  let bits = PC1.map((bit) => bitOf(key, 0, bit));
  return Array.from({ length: ROUNDS }, (_, round) => {
    const by = ONE_BIT.has(round) ? 1 : 2;
    const [c, d] = [bits.slice(0, 28), bits.slice(28)];
    bits = [...c.slice(by), ...c.slice(0, by), ...d.slice(by), ...d.slice(0, by)];
    const own = PC2.map((bit) => bits[bit - 1]!);
    return Array.from({ length: 8 }, (_, i) => own.slice(6 * i, 6 * i + 6).reduce((word, bit) => (word << 1) | bit, 0));
  });
}

/** 64 bits of `bytes` at `at`, permuted, as two words. */
function permuted(bytes: Uint8Array, at: number, permutation: readonly number[]): [number, number] {
  let high = 0;
  let low = 0;
  for (let i = 0; i < 32; i++) {
    high = (high << 1) | bitOf(bytes, at, permutation[i]!);
    low = (low << 1) | bitOf(bytes, at, permutation[32 + i]!);
  }
  return [high, low];
}

function bitOf(bytes: Uint8Array, at: number, bit: number): number {
  return (bytes[at + ((bit - 1) >> 3)]! >> (7 - ((bit - 1) & 7))) & 1;
}

function rotated(word: number, by: number): number {
  const turn = by & 31;
  return turn === 0 ? word : (word << turn) | (word >>> (32 - turn));
}
