// Header blocks of one direction (RFC 7541 §3, §6): fields out of indices and literals, with the table that they build.
import { decodedLimit, decodeHuffman } from "./huffman.ts";
import { HeaderTable } from "./table.ts";

/** Larger integers than 28 bits index nothing and measure nothing; RFC 7541 §5.1 asks for a limit. */
const MAX_SHIFT = 28;

/** Room for the decoded text of ordinary fields stays; what a large one needed is given back. */
const MAX_KEPT_SCRATCH = 16 * 1024;

/**
 * Bytes of values in the table that are read for each byte of field blocks. One byte may refer to 256 KiB, a million times; requests
 * that repeat all they say, a token of a kilobyte among it, refer to a hundred times what they take on the wire.
 */
const READ_PER_BYTE = 128;
/** Reading a shorter value again costs no more than the reference to it. */
const SHORT_VALUE = 64;
/** What frames add to a field block on the wire, at least (RFC 9113 §4.1). */
const FRAME_HEADER = 9;

/**
 * Takes one field; views that are valid during the call. null: what the capture does not tell. `repeated`: the value is in the table, and
 * to be read only if `mayRead` allows it.
 */
export type TakeField = (name: Uint8Array | null, value: Uint8Array | null, repeated: boolean) => void;

/**
 * How a block was read. `unknown`: it refers to entries that are not known, though they may well have been there.
 * `malformed`: it refers to what cannot be, or breaks off; fields before that were given.
 */
export type BlockResult = "whole" | "unknown" | "malformed";

/** The decoder of one direction. */
export class HpackDecoder {
  readonly #table = new HeaderTable();
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  #end = 0;
  #failed = false;
  #result: BlockResult = "whole";
  /** Entries were added that were not seen. */
  #missed = false;
  #scratch: Uint8Array = NOTHING;
  #scratchLength = 0;
  /** Bytes of values in the table that may still be read. */
  #readable = 0;

  /** What the table takes in memory, roughly. */
  get kept(): number {
    return this.#table.kept;
  }

  /** Whether a value of the table, of `length` bytes, may be read once more. Counts it. */
  mayRead(length: number): boolean {
    if (length <= SHORT_VALUE) return true;
    if (length > this.#readable) return false;
    this.#readable -= length;
    return true;
  }

  /** Blocks are missing: what they added to the table is not known. */
  forget(): void {
    this.#table.forget();
    this.#missed = true;
  }

  /** Reads the whole block `bytes[start, end)`. */
  decode(bytes: Uint8Array, start: number, end: number, take: TakeField): BlockResult {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#failed = false;
    this.#result = "whole";
    this.#readable += (end - start + FRAME_HEADER) * READ_PER_BYTE;
    while (this.#at < end && !this.#failed) this.#representation(take);
    this.#bytes = NOTHING;
    if (this.#scratch.length > MAX_KEPT_SCRATCH) this.#scratch = NOTHING;
    if (!this.#failed) return this.#result;
    // What else the block would have added is not known.
    this.forget();
    return "malformed";
  }

  /** One of the representations of RFC 7541 §6, told apart by the first bits. */
  #representation(take: TakeField): void {
    const first = this.#bytes[this.#at]!;
    if (first >= 0x80) this.#indexed(take);
    else if (first >= 0x40) this.#literal(6, true, take);
    else if (first >= 0x20) {
      const size = this.#integer(5);
      if (!this.#failed) this.#table.resize(size);
    } else this.#literal(4, false, take);
  }

  #indexed(take: TakeField): void {
    const index = this.#integer(7);
    if (this.#failed) return;
    const entry = this.#table.get(index);
    const name = entry?.name ?? null;
    const value = entry?.value ?? null;
    if (name === null || value === null) this.#notFound(index);
    take(name, value, true);
  }

  /** Without indexing (§6.2.2) and never indexed (§6.2.3) differ for those who pass the field on, not for us. */
  #literal(prefix: number, add: boolean, take: TakeField): void {
    this.#scratchLength = 0;
    const index = this.#integer(prefix);
    const name = index === 0 ? this.#string() : (this.#table.get(index)?.name ?? null);
    if (name === null && index !== 0) this.#notFound(index);
    const value = this.#string();
    if (this.#failed) return;
    if (add) this.#table.add({ name, value });
    take(name, value, false);
  }

  #notFound(index: number): void {
    if (this.#result === "whole") this.#result = this.#missed && index !== 0 ? "unknown" : "malformed";
  }

  /** RFC 7541 §5.1. */
  #integer(prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = this.#bytes[this.#at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift < MAX_SHIFT && this.#at < this.#end; shift += 7) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    this.#failed = true;
    return 0;
  }

  /** RFC 7541 §5.2: a view of the block or of decoded text; null if its Huffman code is broken, or it does not fit. */
  #string(): Uint8Array | null {
    if (this.#failed || this.#at >= this.#end) {
      this.#failed = true;
      return null;
    }
    const huffman = this.#bytes[this.#at]! >= 0x80;
    const length = this.#integer(7);
    const from = this.#at;
    if (this.#failed || from + length > this.#end) {
      this.#failed = true;
      return null;
    }
    this.#at = from + length;
    return huffman ? this.#decoded(from, from + length) : this.#bytes.subarray(from, from + length);
  }

  #decoded(from: number, to: number): Uint8Array | null {
    const start = this.#scratchLength;
    const needed = start + decodedLimit(to - from);
    if (needed > this.#scratch.length) {
      // A name that was decoded before keeps the old buffer: it is not written to any more.
      this.#scratch = new Uint8Array(Math.max(1024, needed));
    }
    const end = decodeHuffman(this.#bytes, from, to, this.#scratch, start);
    if (end < 0) {
      this.#result = "malformed";
      return null;
    }
    this.#scratchLength = end;
    return this.#scratch.subarray(start, end);
  }
}

const NOTHING = new Uint8Array(0);
