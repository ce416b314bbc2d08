// Numbers for identities, by their digests: a million paths are 150 MB as keys of a `Map`, and 30 MB so.
import { createHash } from "node:crypto";

/** Of a digest so many words of 32 bits are kept: 128 bits, so that nobody finds two paths that have them in common. */
const WORDS = 4;
const FIRST_SLOTS = 1024;

/** Gives each identity the next number when it is first met, and another one when it is met again after it was forgotten. */
export class Places {
  /** Open addressing with linear probing: 0 is an empty slot, else the number of a place and 1. A power of two of them. */
  #slots = new Uint32Array(FIRST_SLOTS);
  /** Of each place its digest. */
  readonly #digests = new Numbers(Uint32Array);
  /** Places that keep their slots, so that what stands behind is found. */
  readonly #forgotten = new Set<number>();
  #made = 0;

  /** Numbers that were given, those that were forgotten as well. */
  get made(): number {
    return this.#made;
  }

  get(identity: string): number | undefined {
    return this.#placeIn(this.#slotOf(digestOf(identity)));
  }

  /** The number of `identity`, a new one if it has none. */
  add(identity: string): number {
    const digest = digestOf(identity);
    // One that was forgotten and comes again, as often as it likes, has no second slot.
    const slot = this.#slotOf(digest);
    const known = this.#placeIn(slot);
    if (known !== undefined) return known;
    const place = this.#made++;
    for (let i = 0; i < WORDS; i++) this.#digests.set(place * WORDS + i, digest[i]!);
    this.#slots[slot] = place + 1;
    if (2 * this.#made > this.#slots.length) this.#grow();
    return place;
  }

  /** Returns the number that `identity` had. */
  forget(identity: string): number | undefined {
    const place = this.get(identity);
    if (place !== undefined) this.#forgotten.add(place);
    return place;
  }

  #placeIn(slot: number): number | undefined {
    const place = this.#slots[slot]! - 1;
    return place < 0 || this.#forgotten.has(place) ? undefined : place;
  }

  /** Where `digest` stands, or is to be put. */
  #slotOf(digest: Uint32Array): number {
    const mask = this.#slots.length - 1;
    let slot = digest[0]! & mask;
    while (this.#slots[slot] !== 0 && !this.#has(this.#slots[slot]! - 1, digest)) slot = (slot + 1) & mask;
    return slot;
  }

  #has(place: number, digest: Uint32Array): boolean {
    for (let i = 0; i < WORDS; i++) if (this.#digests.at(place * WORDS + i) !== digest[i]) return false;
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    const mask = this.#slots.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = this.#digests.at((entry - 1) * WORDS) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }
}

/** Of SHA-256. Lone surrogates, which are all the same in UTF-8, stay what they are in UTF-16. */
function digestOf(identity: string): Uint32Array {
  const digest = createHash("sha256").update(identity, "utf16le").digest();
  return Uint32Array.from({ length: WORDS }, (_, i) => digest.readUInt32LE(4 * i));
}

type Storage = Uint32Array | Float64Array;

/** A list of numbers that grows, without an object for each. */
export class Numbers {
  readonly #kind: new (
    length: number,
  ) => Storage;
  #values: Storage;

  constructor(kind: new (length: number) => Storage) {
    this.#kind = kind;
    this.#values = new kind(FIRST_SLOTS);
  }

  /** The one at `index`, which was set. */
  at(index: number): number {
    return this.#values[index]!;
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) {
      const larger = new this.#kind(Math.max(2 * this.#values.length, index + 1));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[index] = value;
  }
}
