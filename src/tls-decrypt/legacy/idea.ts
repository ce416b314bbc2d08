// IDEA (X. Lai, "On the Design and Security of Block Ciphers", 1992; RFC 5469 for its place in TLS): decryption only.
import type { DecryptBlock } from "./block.ts";

const ROUNDS = 8;

/** A decryptor for a 16-byte key; blocks of 8 bytes. */
export function ideaDecryptor(key: Uint8Array): DecryptBlock {
  const k = invert(expand(key));
  return (bytes, at, out, to) => {
    let x1 = (bytes[at]! << 8) | bytes[at + 1]!;
    let x2 = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    let x3 = (bytes[at + 4]! << 8) | bytes[at + 5]!;
    let x4 = (bytes[at + 6]! << 8) | bytes[at + 7]!;
    let p = 0;
    for (let round = 0; round < ROUNDS; round++, p += 6) {
      x1 = multiply(x1, k[p]!);
      x2 = (x2 + k[p + 1]!) & 0xffff;
      x3 = (x3 + k[p + 2]!) & 0xffff;
      x4 = multiply(x4, k[p + 3]!);
      const a = multiply(x1 ^ x3, k[p + 4]!);
      const b = multiply(((x2 ^ x4) + a) & 0xffff, k[p + 5]!);
      const c = (a + b) & 0xffff;
      x1 ^= b;
      x4 ^= c;
      const swap = x2 ^ c;
      x2 = x3 ^ b;
      x3 = swap;
    }
    write(out, to, multiply(x1, k[p]!));
    write(out, to + 2, (x3 + k[p + 1]!) & 0xffff);
    write(out, to + 4, (x2 + k[p + 2]!) & 0xffff);
    write(out, to + 6, multiply(x4, k[p + 3]!));
  };
}

/** The 52 encryption subkeys: the key, rotated left by 25 bits after every eight. */
function expand(key: Uint8Array): Uint16Array {
  let bits = 0n;
  for (const byte of key) bits = (bits << 8n) | BigInt(byte);
  const k = new Uint16Array(6 * ROUNDS + 4);
  for (let i = 0; i < k.length; i++) {
    k[i] = Number((bits >> BigInt(112 - 16 * (i % 8))) & 0xffffn);
    if (i % 8 === 7) bits = ((bits << 25n) | (bits >> 103n)) & ((1n << 128n) - 1n);
  }
  return k;
}

/** Decryption subkeys: in reverse, inverted; the two sums change places in all rounds but the outer ones. */
function invert(k: Uint16Array): Uint16Array {
  const d = new Uint16Array(k.length);
  for (let round = 0; round <= ROUNDS; round++) {
    const from = 6 * (ROUNDS - round);
    const to = 6 * round;
    const outer = round === 0 || round === ROUNDS;
    d[to] = inverse(k[from]!);
    d[to + 1] = -k[from + (outer ? 1 : 2)]!;
    d[to + 2] = -k[from + (outer ? 2 : 1)]!;
    d[to + 3] = inverse(k[from + 3]!);
    if (round === ROUNDS) break;
    d[to + 4] = k[from - 2]!;
    d[to + 5] = k[from - 1]!;
  }
  return d;
}

/** Multiplication modulo 65,537, where 0 stands for 65,536. */
function multiply(a: number, b: number): number {
  if (a === 0) return (0x10001 - b) & 0xffff;
  if (b === 0) return (0x10001 - a) & 0xffff;
  return ((a * b) % 0x10001) & 0xffff;
}

/** a^(65,537 − 2), the inverse by Fermat's little theorem. */
function inverse(a: number): number {
  let result = 1;
  let square = a;
  for (let exponent = 0xffff; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

function write(out: Uint8Array, at: number, value: number): void {
  out[at] = value >> 8;
  out[at + 1] = value;
}
