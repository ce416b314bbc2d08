// The one reader of wire bytes. A read past the end gives 0 and latches the first place and reason; nothing throws.

/** Why and where reading stopped: `cut` past the captured bytes, `malformed` past the enclosing length. */
export interface Damage {
  readonly kind: "cut" | "malformed";
  /** Offset of the field that did not fit, counted like the reader's `position`. */
  readonly at: number;
}

/** The first damage of a reader and of all its sub-readers. */
interface Latch {
  damage: Damage | null;
}

/**
 * Reads big-endian fields from `bytes[start, end)`.
 *
 * It has two ends: `end`, where the captured bytes stop, and `limit`, where the enclosing length says that the structure
 * stops (`limit` may lie beyond `end`). A read past `limit` is `malformed`, one past `end` is `cut`. After the first
 * failed read every further read gives 0 or an empty array, and `more` is false.
 */
export class Reader {
  readonly bytes: Uint8Array;
  /** Index in `bytes` of the next byte. */
  position: number;
  readonly end: number;
  readonly limit: number;
  readonly #latch: Latch;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, limit = end, latch: Latch = { damage: null }) {
    this.bytes = bytes;
    this.position = start;
    this.limit = limit;
    this.end = Math.min(end, limit, bytes.length);
    this.#latch = latch;
  }

  /** The first failed read of this reader, its parents and its sub-readers; null while all went well. */
  get failed(): Damage | null {
    return this.#latch.damage;
  }

  /** Whether there is another byte to read within the limit; false once failed. */
  get more(): boolean {
    return this.#latch.damage === null && this.position < this.limit;
  }

  /** Bytes up to the limit, captured or not; 0 once failed. */
  get remaining(): number {
    return this.#latch.damage === null ? this.limit - this.position : 0;
  }

  u8(): number {
    if (!this.#has(1)) return 0;
    return this.bytes[this.position++]!;
  }

  u16(): number {
    if (!this.#has(2)) return 0;
    const p = this.position;
    this.position = p + 2;
    return (this.bytes[p]! << 8) | this.bytes[p + 1]!;
  }

  u24(): number {
    if (!this.#has(3)) return 0;
    const p = this.position;
    this.position = p + 3;
    return (this.bytes[p]! << 16) | (this.bytes[p + 1]! << 8) | this.bytes[p + 2]!;
  }

  u32(): number {
    if (!this.#has(4)) return 0;
    const p = this.position;
    this.position = p + 4;
    const b = this.bytes;
    return ((b[p]! << 24) | (b[p + 1]! << 16) | (b[p + 2]! << 8) | b[p + 3]!) >>> 0;
  }

  u16le(): number {
    const value = this.u16();
    return ((value & 0xff) << 8) | (value >> 8);
  }

  u32le(): number {
    if (!this.#has(4)) return 0;
    const low = this.u16le();
    return (low | (this.u16le() << 16)) >>> 0;
  }

  /** The next `length` bytes as a view on the same memory (copy it to keep it); empty on failure. */
  view(length: number): Uint8Array {
    if (!this.#has(length)) return EMPTY;
    const p = this.position;
    this.position = p + length;
    return this.bytes.subarray(p, p + length);
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    if (this.#has(length)) this.position += length;
  }

  /**
   * Opens a reader on the next `length` bytes and moves behind them. The sub-reader cannot leave its bounds and shares
   * this reader's memory of failure. A length beyond this reader's limit is `malformed`; one beyond the captured bytes
   * gives a sub-reader that is `cut` when it gets there, so that what was captured can still be read.
   */
  sub(length: number): Reader {
    const p = this.position;
    if (this.#latch.damage !== null || p + length > this.limit) {
      this.#fail("malformed");
      return new Reader(this.bytes, p, p, p, this.#latch);
    }
    this.position = p + length;
    return new Reader(this.bytes, p, this.end, p + length, this.#latch);
  }

  #has(length: number): boolean {
    if (this.#latch.damage !== null) return false;
    if (this.position + length > this.limit) return this.#fail("malformed");
    if (this.position + length > this.end) return this.#fail("cut");
    return true;
  }

  #fail(kind: Damage["kind"]): false {
    this.#latch.damage ??= { kind, at: this.position };
    return false;
  }
}

const EMPTY = new Uint8Array(0);
