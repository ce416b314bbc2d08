// Addresses as 32-bit numbers, so that a flow's key is three integers: an IPv4 address is its own number, an IPv6 address gets one.
import { ipv6Text } from "../pcap-parser/index.ts";

/** Stands for "no room for another IPv6 address". */
export const NO_ADDRESS = -1;

const WORDS = 4;
const FIRST_SIZE = 256;
const NO_WORDS = new Int32Array(0);
/** One slot, and it is empty. */
const NO_SLOTS = new Int32Array(1);

/** IPv6 addresses by number, each kept once: 16 bytes and two to four slots of 4 bytes. */
export class AddressTable {
  readonly #limit: number;
  // Made with the first address: most captures have none.
  #words = NO_WORDS;
  #slots = NO_SLOTS;
  #count = 0;
  // Odd random factors: nobody can write a capture whose addresses all fall into one slot. Results do not depend on them.
  readonly #f0 = randomOdd();
  readonly #f1 = randomOdd();
  readonly #f2 = randomOdd();
  readonly #f3 = randomOdd();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The number of the 16 bytes at `at`, from 0; `NO_ADDRESS` if it is new and the table is full. */
  intern(bytes: Uint8Array, at: number): number {
    const a = readInt32(bytes, at);
    const b = readInt32(bytes, at + 4);
    const c = readInt32(bytes, at + 8);
    const d = readInt32(bytes, at + 12);
    const mask = this.#slots.length - 1;
    for (let slot = this.#hash(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]! - 1;
      if (id < 0) return this.#insert(a, b, c, d);
      const w = id * WORDS;
      const words = this.#words;
      if (words[w] === a && words[w + 1] === b && words[w + 2] === c && words[w + 3] === d) return id;
    }
  }

  /** Text of address `id` (RFC 5952). */
  text(id: number): string {
    const bytes = new Uint8Array(16);
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.#words[id * WORDS + (i >> 2)]! >>> (24 - (i & 3) * 8);
    return ipv6Text(bytes);
  }

  #insert(a: number, b: number, c: number, d: number): number {
    if (this.#count === this.#limit) return NO_ADDRESS;
    if ((this.#count + 1) * 2 > this.#slots.length) this.#grow();
    const id = this.#count++;
    this.#words.set([a, b, c, d], id * WORDS);
    this.#place(id);
    return id;
  }

  #grow(): void {
    const words = new Int32Array(Math.max(FIRST_SIZE * WORDS, this.#words.length * 2));
    words.set(this.#words);
    this.#words = words;
    this.#slots = new Int32Array((words.length / WORDS) * 2);
    for (let id = 0; id < this.#count; id++) this.#place(id);
  }

  #place(id: number): void {
    const w = id * WORDS;
    const words = this.#words;
    const mask = this.#slots.length - 1;
    let slot = this.#hash(words[w]!, words[w + 1]!, words[w + 2]!, words[w + 3]!) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id + 1;
  }

  #hash(a: number, b: number, c: number, d: number): number {
    const mixed = Math.imul(a, this.#f0) ^ Math.imul(b, this.#f1) ^ Math.imul(c, this.#f2) ^ Math.imul(d, this.#f3);
    return stir(mixed);
  }
}

/** Big-endian 32 bits at `at`, signed. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** A factor for hashing by multiplication. */
export function randomOdd(): number {
  return (Math.random() * 0x1_0000_0000) | 1;
}

/** Spreads what the multiplications left in the high bits over the low ones, of which a slot is made. */
export function stir(hash: number): number {
  const h = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
