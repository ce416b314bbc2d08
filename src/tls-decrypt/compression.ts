// Compressed records (RFC 3749): authenticated by the protection inside, then decompressed.
import type { OpenedRecord } from "../tls-parse/index.ts";
import { Inflater } from "./legacy/inflate.ts";
import type { Protection } from "./protection.ts";

/** CompressionMethod of RFC 3749 §2. */
export const DEFLATE = 1;

/** Puts decompression behind a protection. What follows a lost record refers back to it, so nothing can go on then. */
export class Compressed implements Protection {
  readonly ready = true;
  readonly located = -1;
  readonly resync = "never";
  readonly #inner: Protection;
  readonly #inflater = new Inflater();
  #broken = false;

  /** Bytes that it takes to decompress what comes. */
  get kept(): number {
    return this.#inflater.kept;
  }

  constructor(inner: Protection) {
    this.#inner = inner;
  }

  open(
    sequence: number,
    type: number,
    version: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: OpenedRecord,
  ): boolean {
    if (this.#broken) return false;
    this.#broken = true;
    if (!this.#inner.open(sequence, type, version, bytes, start, end, out)) return false;
    const plain = this.#inflater.record(out.bytes, out.start, out.end);
    if (plain === null) return false;
    out.bytes = plain;
    out.start = 0;
    out.end = plain.length;
    this.#broken = false;
    return true;
  }

  advance(bytes: Uint8Array, start: number, end: number): void {
    this.#inner.advance(bytes, start, end);
  }

  lost(): void {
    this.#broken = true;
  }

  plaintextLength(): number {
    return -1;
  }

  hint(): number {
    return -1;
  }
}
