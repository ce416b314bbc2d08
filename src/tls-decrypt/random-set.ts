// Client randoms (RFC 8446 §4.1.2: 32 bytes) that were met, as bytes: of millions of lines of a key log each asks here.

const RANDOM = 32;
const FIRST = 64;
const NO_BYTES = new Uint8Array(0);
/** One slot, and it is empty. */
const NO_SLOTS = new Uint32Array(1);

/** A set of byte strings of 32 bytes, at most `limit` of them. */
export class RandomSet {
  size = 0;
  readonly #limit: number;
  // Made with the first random.
  #bytes = NO_BYTES;
  /** Number of the random plus one; 0 is empty. Open addressing, never more than half full. */
  #slots = NO_SLOTS;

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(random: Uint8Array): boolean {
    return random.length === RANDOM && this.#slots[this.#probe(random, 0)] !== 0;
  }

  /** Whether it was not there before, and is now. */
  add(random: Uint8Array): boolean {
    if (random.length !== RANDOM || this.size >= this.#limit || this.has(random)) return false;
    if (this.size * RANDOM === this.#bytes.length) this.#grow();
    this.#bytes.set(random, this.size * RANDOM);
    this.#slots[this.#probe(random, 0)] = ++this.size;
    return true;
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(FIRST * RANDOM, 2 * this.#bytes.length));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#slots = new Uint32Array((2 * bytes.length) / RANDOM);
    for (let i = 0; i < this.size; i++) this.#slots[this.#probe(bytes, i * RANDOM)] = i + 1;
  }

  /** Index of the slot of the random at `bytes[at, at + 32)`, or of the empty one where it belongs. */
  #probe(bytes: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(bytes, at) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]!;
      if (number === 0 || this.#isAt((number - 1) * RANDOM, bytes, at)) return slot;
    }
  }

  #isAt(own: number, bytes: Uint8Array, at: number): boolean {
    for (let i = 0; i < RANDOM; i++) if (this.#bytes[own + i] !== bytes[at + i]) return false;
    return true;
  }
}

/** FNV-1a over all bytes: the first four may be a time (RFC 5246 §7.4.1.2). */
export function hashOf(bytes: Uint8Array, at: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < RANDOM; i++) hash = Math.imul(hash ^ bytes[at + i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

/** Counts different hashes of 32 bits: what is only to be counted needs no 32 bytes each. */
export class HashCounter {
  count = 0;
  /** Open addressing, never more than half full; 0 is empty. */
  #slots = new Int32Array(2 * FIRST);

  add(hash: number): void {
    const slot = this.#probe(hash | 0 || 1);
    if (this.#slots[slot] !== 0) return;
    this.#slots[slot] = hash | 0 || 1;
    if (++this.count * 2 > this.#slots.length) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length);
    for (const hash of old) if (hash !== 0) this.#slots[this.#probe(hash)] = hash;
  }

  #probe(hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }
}
