// Looks at the first bytes of a file for compression and passes everything on to the reader of captures, unpacked.
import type { NoteSink } from "../bytes/index.ts";
import {
  type CaptureReader,
  type CaptureSummary,
  type Compression,
  detectCompression,
  type NotACapture,
} from "../pcap-parser/index.ts";
import type { PieceTaker } from "./byte-source.ts";

/** The capture was read, to its end or as far as possible. */
export interface CaptureRead {
  readonly kind: "capture";
  readonly summary: CaptureSummary;
  readonly compression: Compression | null;
}

/** Takes the bytes that were packed, in order, valid during the call only; false if no more are wanted. */
export type Unpacked = (bytes: Uint8Array, start: number, end: number) => boolean;

/** Undoes one compressed file that is pushed in pieces. */
export interface Decompressor {
  /** Takes a piece, of any size, that must not change until the promise is fulfilled. Never rejects. */
  push(piece: Uint8Array): Promise<void>;
  /** No more will come. Gives what was wrong with the data, or null. */
  end(): Promise<string | null>;
  /** Set once the data turned out damaged: pushing more is in vain. */
  readonly damaged: string | null;
  /** `damaged` because more memory would be needed to unpack it than is spent on that. */
  readonly tooWide: boolean;
}

/** Makes a decompressor; `unpacked` is called for each stretch that comes out. */
export type CreateDecompressor = (compression: Compression, unpacked: Unpacked) => Promise<Decompressor>;

/**
 * Unpacked bytes per packed one that are too many, once they are this many: gzip reaches 1,032 with nothing but zeros, captures of real
 * networks a hundred, while four bytes of zstd can stand for 128 KiB, and a few megabytes for hours of work.
 */
const MAX_RATIO = 1_500;
const ANY_RATIO_BYTES = 128 * 1024 * 1024;

/** Bytes that tell whether a file is compressed. */
const MAGIC_BYTES = 4;

/** Looks at the first bytes for compression and then passes everything on, unpacked. */
export class Intake implements PieceTaker {
  readonly #reader: CaptureReader;
  readonly #note: NoteSink;
  readonly #create: CreateDecompressor;
  /** The first bytes while they are fewer than needed; null once it is known whether they are compressed. */
  #first: Uint8Array | null = new Uint8Array(0);
  #compression: Compression | null = null;
  #decompressor: Decompressor | null = null;
  /** Whether anything came out of the compressed file. */
  #unpacked = false;
  #packedBytes = 0;
  #unpackedBytes = 0;

  constructor(reader: CaptureReader, note: NoteSink, create: CreateDecompressor) {
    this.#reader = reader;
    this.#note = note;
    this.#create = create;
  }

  /** Whether reading on makes sense. */
  get wanted(): boolean {
    if (this.#reader.failed !== null || this.#isBomb) return false;
    return this.#decompressor === null || this.#decompressor.damaged === null;
  }

  get #isBomb(): boolean {
    return this.#unpackedBytes > ANY_RATIO_BYTES && this.#unpackedBytes > MAX_RATIO * this.#packedBytes;
  }

  put(piece: Uint8Array): Promise<void> | undefined {
    return this.take(piece, 0, piece.length) ? undefined : this.unpack(piece);
  }

  /** Takes bytes of a file that is not compressed; false if they have to go to `unpack`. */
  take(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#first !== null) {
      if (this.#first.length > 0 || end - start < MAGIC_BYTES) return false;
      this.#compression = detectCompression(bytes, start);
      this.#first = null;
    }
    if (this.#compression !== null) return false;
    this.#reader.push(bytes, start, end);
    return true;
  }

  /** Takes a piece that does not change until the promise is fulfilled. */
  async unpack(piece: Uint8Array): Promise<void> {
    let bytes = piece;
    if (this.#first !== null) {
      bytes = new Uint8Array(this.#first.length + piece.length);
      bytes.set(this.#first);
      bytes.set(piece, this.#first.length);
      this.#first = bytes;
      if (bytes.length < MAGIC_BYTES) return;
      this.#compression = detectCompression(bytes);
      this.#first = null;
    }
    if (this.#compression === null) {
      this.#reader.push(bytes, 0, bytes.length);
      return;
    }
    this.#decompressor ??= await this.#create(this.#compression, (out, start, end) => {
      this.#unpacked ||= end > start;
      if (this.#isBomb) return false;
      this.#unpackedBytes += end - start;
      this.#reader.push(out, start, end);
      return this.#reader.failed === null && !this.#isBomb;
    });
    this.#packedBytes += bytes.length;
    await this.#decompressor.push(bytes);
  }

  async end(): Promise<CaptureRead | NotACapture> {
    if (this.#first !== null) this.#reader.push(this.#first, 0, this.#first.length);
    // A decompressor that was left in the middle, because the content is no capture, has not met its end: no damage.
    const wanted = this.wanted;
    const ended = this.#decompressor === null ? null : await this.#decompressor.end();
    const why = this.#isBomb ? `it unpacks to more than ${MAX_RATIO} times its size` : ended;
    const damaged = why !== null && (wanted || this.#reader.failed === null);
    const result = this.#reader.end();
    const compression = this.#compression;
    if ("kind" in result) {
      if (compression === null) return result;
      if (damaged && !this.#unpacked) {
        if (this.#decompressor?.tooWide === true) return { ...result, ...TOO_WIDE };
        return {
          ...result,
          seemsToBe: `a ${compression} file that is damaged from its start`,
          advice: "copy it again",
        };
      }
      return { ...result, seemsToBe: `${result.seemsToBe}, compressed with ${compression}` };
    }
    if (!damaged) return { kind: "capture", summary: result, compression };
    this.#note({
      id: "capture-compression-damaged",
      frame: result.packets,
      at: result.bytes,
      detail: { compression: compression!, why },
    });
    return { kind: "capture", summary: { ...result, cutShort: true }, compression };
  }
}

/** Said of a file of which nothing could be unpacked. */
const TOO_WIDE = {
  seemsToBe: "a zstd file that needs more than 128 MiB of memory to be unpacked",
  advice: "unpack it first: zstd -d --long=31 FILE",
};
