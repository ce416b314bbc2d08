// DEFLATE (RFC 1951) in a zlib stream (RFC 1950) that goes on from record to record, as TLS compression has it (RFC 3749).

/** RFC 5246 §6.2.1: a record holds no more plaintext; RFC 3749 §2: decompression must not yield more either. */
const MAX_PLAINTEXT = 1 << 14;
/** RFC 1951 §2: distances reach back 32 KiB. */
const WINDOW = 1 << 15;
/** Most connections that compress send less: a whole window, untouched, costs more than what is done with it. */
const FIRST_ROOM = 1 << 12;

/** One direction's decompressor. Once its input made no sense it gives nothing more. */
export class Inflater {
  /** The last bytes that came out, then those of the record being read. */
  #out: Uint8Array = new Uint8Array(FIRST_ROOM);
  #end = 0;
  #begun = false;
  #broken = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #stop = 0;
  #bits = 0;
  #bitCount = 0;

  /** Bytes that the window and the last record take. */
  get kept(): number {
    return this.#out.length;
  }

  /** Decompresses one record; the plaintext is valid until the next call. Null if the stream is broken. */
  record(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
    if (this.#broken) return null;
    if (this.#end > WINDOW) {
      this.#out.copyWithin(0, this.#end - WINDOW, this.#end);
      this.#end = WINDOW;
    }
    const from = this.#end;
    this.#bytes = bytes;
    this.#at = start;
    this.#stop = end;
    this.#bits = 0;
    this.#bitCount = 0;
    if (!this.#begun) {
      this.#at += 2; // RFC 1950 §2.2: CMF and FLG
      this.#begun = true;
    }
    // RFC 3749 §2.1: each record ends in a flush, so it holds whole blocks and ends at a byte.
    while (this.#at < this.#stop && !this.#broken) this.#block(from + MAX_PLAINTEXT);
    return this.#broken ? null : this.#out.subarray(from, this.#end);
  }

  #block(limit: number): void {
    this.#take(1); // BFINAL: the stream ends with the connection
    switch (this.#take(2)) {
      case 0:
        this.#stored(limit);
        break;
      case 1:
        this.#compressed(FIXED_LITERALS, FIXED_DISTANCES, limit);
        break;
      case 2:
        this.#dynamic(limit);
        break;
      default:
        this.#broken = true;
    }
  }

  /** RFC 1951 §3.2.4. */
  #stored(limit: number): void {
    // Up to the next byte; whole bytes that wait among the bits go back.
    this.#at -= this.#bitCount >> 3;
    this.#bits = 0;
    this.#bitCount = 0;
    const length = this.#take(16);
    const complement = this.#take(16);
    if (length !== (~complement & 0xffff) || this.#at + length > this.#stop || this.#end + length > limit) {
      this.#broken = true;
      return;
    }
    const out = this.#roomFor(length);
    for (let i = 0; i < length; i++) out[this.#end++] = this.#bytes[this.#at++]!;
  }

  /** RFC 1951 §3.2.7. */
  #dynamic(limit: number): void {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const codes = this.#take(4) + 4;
    const lengths = new Uint8Array(19);
    for (let i = 0; i < codes; i++) lengths[CODE_ORDER[i]!] = this.#take(3);
    const meta = codeOf(lengths);
    const all = new Uint8Array(literals + distances);
    for (let i = 0; i < all.length && !this.#broken; ) {
      const symbol = this.#symbol(meta);
      if (symbol < 16) {
        all[i++] = symbol;
        continue;
      }
      const value = symbol === 16 && i > 0 ? all[i - 1]! : 0;
      const times = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (i + times > all.length) this.#broken = true;
      all.fill(value, i, i + times);
      i += times;
    }
    if (this.#broken) return;
    this.#compressed(codeOf(all.subarray(0, literals)), codeOf(all.subarray(literals)), limit);
  }

  /** RFC 1951 §3.2.3, §3.2.5. */
  #compressed(literals: Code, distances: Code, limit: number): void {
    let out = this.#out;
    while (!this.#broken) {
      const symbol = this.#symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        if (this.#end >= limit) this.#broken = true;
        else {
          if (this.#end === out.length) out = this.#roomFor(1);
          out[this.#end++] = symbol;
        }
        continue;
      }
      const row = symbol - 257;
      if (row >= LENGTH_BASE.length) {
        this.#broken = true;
        return;
      }
      const length = LENGTH_BASE[row]! + this.#take(LENGTH_BITS[row]!);
      const step = this.#symbol(distances);
      const distance = (DISTANCE_BASE[step] ?? WINDOW + 1) + this.#take(DISTANCE_BITS[step] ?? 0);
      if (distance > this.#end || this.#end + length > limit) {
        this.#broken = true;
        return;
      }
      if (this.#end + length > out.length) out = this.#roomFor(length);
      for (let i = 0; i < length; i++, this.#end++) out[this.#end] = out[this.#end - distance]!;
    }
  }

  /** The output, with place for `length` bytes more, which its callers have held against the limit. */
  #roomFor(length: number): Uint8Array {
    let size = this.#out.length;
    while (size < this.#end + length) size *= 2;
    if (size > this.#out.length) {
      const larger = new Uint8Array(Math.min(size, WINDOW + MAX_PLAINTEXT));
      larger.set(this.#out);
      this.#out = larger;
    }
    return this.#out;
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      if (this.#at >= this.#stop) {
        this.#broken = true;
        return 0;
      }
      this.#bits |= this.#bytes[this.#at++]! << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  /** RFC 1951 §3.2.2: codes of one length are consecutive numbers. */
  #symbol(code: Code): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= 15; length++) {
      value |= this.#take(1);
      const count = code.counts[length]!;
      if (value - first < count) return code.symbols[index + value - first]!;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
      if (this.#broken) break;
    }
    this.#broken = true;
    return 0;
  }
}

/** A Huffman code: how many codes of each length, and the symbols in order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const next = new Uint16Array(16);
  for (let length = 1; length < 15; length++) next[length + 1] = next[length]! + counts[length]!;
  const symbols = new Uint16Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length > 0) symbols[next[length]!++] = symbol;
  }
  return { counts, symbols };
}

/** RFC 1951 §3.2.7, the order of code length codes. */
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const;

/** RFC 1951 §3.2.5: extra bits of lengths 257–285 and of distances 0–29; each base follows from the one before. */
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0] as const;
const DISTANCE_BITS = Array.from({ length: 30 }, (_, i) => Math.max(0, (i >> 1) - 1));
const LENGTH_BASE = [...bases(3, LENGTH_BITS.slice(0, -1)), 258];
const DISTANCE_BASE = bases(1, DISTANCE_BITS);

function bases(first: number, bits: readonly number[]): number[] {
  let next = first;
  return bits.map((count) => {
    const base = next;
    next += 1 << count;
    return base;
  });
}

/** RFC 1951 §3.2.6. */
const FIXED_LITERALS = codeOf(
  Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = codeOf(new Uint8Array(30).fill(5));
