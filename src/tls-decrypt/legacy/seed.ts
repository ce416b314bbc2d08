// SEED (RFC 4269): decryption only. The S-boxes are computed from their definition instead of being typed.
import type { DecryptBlock } from "./block.ts";

const ROUNDS = 16;
const GOLDEN = 0x9e3779b9;

/** A decryptor for a 16-byte key; blocks of 16 bytes. */
export function seedDecryptor(key: Uint8Array): DecryptBlock {
  fillBoxes();
  const k = expand(key);
  return (bytes, at, out, to) => {
    let l0 = read(bytes, at);
    let l1 = read(bytes, at + 4);
    let r0 = read(bytes, at + 8);
    let r1 = read(bytes, at + 12);
    for (let round = ROUNDS - 1; round >= 0; round--) {
      // RFC 4269 §2.1, the round function F.
      let t0 = r0 ^ k[2 * round]!;
      let t1 = g(t0 ^ r1 ^ k[2 * round + 1]!);
      t0 = g((t0 + t1) | 0);
      t1 = g((t1 + t0) | 0);
      t0 = (t0 + t1) | 0;
      const n0 = l0 ^ t0;
      const n1 = l1 ^ t1;
      l0 = r0;
      l1 = r1;
      r0 = n0;
      r1 = n1;
    }
    // The last round does not swap.
    write(out, to, r0);
    write(out, to + 4, r1);
    write(out, to + 8, l0);
    write(out, to + 12, l1);
  };
}

/** RFC 4269 §2.2: 16 pairs of round keys. */
function expand(key: Uint8Array): Int32Array {
  let a = read(key, 0);
  let b = read(key, 4);
  let c = read(key, 8);
  let d = read(key, 12);
  const k = new Int32Array(2 * ROUNDS);
  for (let i = 0; i < ROUNDS; i++) {
    // KC_i: the golden ratio, rotated left by one bit per round.
    const kc = i === 0 ? GOLDEN | 0 : (GOLDEN << i) | (GOLDEN >>> (32 - i));
    k[2 * i] = g((a + c - kc) | 0);
    k[2 * i + 1] = g((b - d + kc) | 0);
    if (i % 2 === 0) {
      const low = a & 0xff;
      a = (a >>> 8) | (b << 24);
      b = (b >>> 8) | (low << 24);
    } else {
      const high = c >>> 24;
      c = (c << 8) | (d >>> 24);
      d = (d << 8) | high;
    }
  }
  return k;
}

/** RFC 4269 §2.1, the function G. */
function g(x: number): number {
  const y0 = S0[x & 0xff]!;
  const y1 = S1[(x >>> 8) & 0xff]!;
  const y2 = S0[(x >>> 16) & 0xff]!;
  const y3 = S1[x >>> 24]!;
  const z0 = (y0 & 0xfc) ^ (y1 & 0xf3) ^ (y2 & 0xcf) ^ (y3 & 0x3f);
  const z1 = (y0 & 0xf3) ^ (y1 & 0xcf) ^ (y2 & 0x3f) ^ (y3 & 0xfc);
  const z2 = (y0 & 0xcf) ^ (y1 & 0x3f) ^ (y2 & 0xfc) ^ (y3 & 0xf3);
  const z3 = (y0 & 0x3f) ^ (y1 & 0xfc) ^ (y2 & 0xf3) ^ (y3 & 0xcf);
  return z0 | (z1 << 8) | (z2 << 16) | (z3 << 24);
}

/** S(x) = A·x^n ⊕ b over GF(2^8) modulo x^8 + x^6 + x^5 + x + 1; `columns` are the images of the unit vectors under A. */
function fill(box: Uint8Array, exponent: number, columns: readonly number[], constant: number): void {
  for (let x = 0; x < box.length; x++) {
    const power = raise(x, exponent);
    let y = constant;
    for (let bit = 0; bit < 8; bit++) if ((power >> bit) & 1) y ^= columns[bit]!;
    box[x] = y;
  }
}

function raise(x: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = multiply(result, x);
  return result;
}

function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) product ^= a << bit;
  }
  for (let bit = 14; bit >= 8; bit--) if ((product >> bit) & 1) product ^= 0x163 << (bit - 8);
  return product;
}

// Empty until the first key: computing them at every start would cost more than reading a small capture.
const S0 = new Uint8Array(256);
const S1 = new Uint8Array(256);
let filled = false;

function fillBoxes(): void {
  if (filled) return;
  fill(S0, 247, [0x2c, 0xd0, 0x69, 0xc2, 0x41, 0x44, 0x58, 0xe2], 169);
  fill(S1, 251, [0xd0, 0x2a, 0xe1, 0x2c, 0x21, 0x30, 0xa2, 0x6c], 56);
  filled = true;
}

function read(b: Uint8Array, at: number): number {
  return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
}

function write(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}
