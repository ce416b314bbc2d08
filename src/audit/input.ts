// Brings the bytes of a capture to its reader: from a file, standard input, a stream or memory, compressed or not.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { NoteSink } from "../bytes/index.ts";
import {
  type CaptureReader,
  type CaptureSummary,
  type Compression,
  detectCompression,
  type NotACapture,
} from "../pcap-parser/index.ts";
import type { Decompressor } from "./decompress.ts";
import { codeOf, readFailure } from "./files.ts";

/**
 * Where a capture comes from: the path of a file, "-" for standard input, its bytes, a Node stream or any other
 * iterable of byte chunks, or a web stream.
 */
export type CaptureSource = string | Uint8Array | AsyncIterable<Uint8Array> | WebStream;

/** A `ReadableStream` of bytes, by whatever types it is declared: those of Node, of the DOM, or none. */
export interface WebStream {
  getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }> };
}

/** The capture was read, to its end or as far as possible. */
export interface CaptureRead {
  readonly kind: "capture";
  readonly summary: CaptureSummary;
  readonly compression: Compression | null;
}

/** The source could not be read at all. `why` is for a sentence and names no path. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly why: string;
}

export interface ReadOptions {
  /** Receives what is wrong with the compression. */
  readonly note: NoteSink;
  /** Called after each chunk with the bytes read from the source so far and its size, null where it is not known. */
  readonly progress?: (done: number, size: number | null) => void;
}

/** Reads `source` to its end into `reader` and ends it. Never rejects for what the source holds or fails to give. */
export async function readCapture(
  source: CaptureSource,
  reader: CaptureReader,
  options: ReadOptions,
): Promise<CaptureRead | NotACapture | Unreadable> {
  const intake = new Intake(reader, options.note);
  let failure: string | null;
  if (typeof source === "string") failure = await readDescriptor(source, intake, options);
  else if (source instanceof Uint8Array) failure = await readMemory(source, intake);
  else failure = await readStream(source, intake, options);
  const outcome = await intake.end();
  return failure === null ? outcome : { kind: "unreadable", why: failure };
}

/** Bytes of a chunk: larger ones gain nothing, and the whole chunk stays in the processor's second-level cache. */
const CHUNK_BYTES = 1024 * 1024;

/** Reading to a page-aligned place costs more than twice as much on processors that copy pages in microcode. */
const CHUNK_AT = 64;

/** The one buffer of all files. It is used up before anything else can run: what waits for something has its own copy. */
let chunk: Uint8Array | null = null;

/** How long to wait for a terminal or a pipe that says there is nothing to read yet. */
const RETRY_MS = 5;

/** How long is read without letting signals, timers and other work of the process in. */
const BREATH_MS = 100;
/** When that was done last, in whichever file. */
let breathed = Date.now();

const STANDARD_INPUT = 0;

/** Reads a file, or standard input for "-". Gives why it could not, or null. */
async function readDescriptor(path: string, intake: Intake, { progress }: ReadOptions): Promise<string | null> {
  let descriptor = STANDARD_INPUT;
  try {
    if (path !== "-") descriptor = openSync(path, "r");
    const size = progress === undefined ? null : sizeOf(descriptor);
    chunk ??= new Uint8Array(CHUNK_AT + CHUNK_BYTES);
    for (let done = 0; intake.wanted; ) {
      const length = readSome(descriptor, chunk);
      if (length === 0) return null;
      if (length === NOTHING_YET) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      if (!intake.take(chunk, CHUNK_AT, CHUNK_AT + length))
        await intake.unpack(chunk.slice(CHUNK_AT, CHUNK_AT + length));
      done += length;
      progress?.(done, size);
      if (Date.now() - breathed > BREATH_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        breathed = Date.now();
      }
    }
    return null;
  } catch (error) {
    const folder = codeOf(error) === "EISDIR" ? "; for many captures use: pcapcheck audit FOLDER" : "";
    return `${readFailure(error)}${folder}`;
  } finally {
    if (descriptor !== STANDARD_INPUT) closeSync(descriptor);
  }
}

/** null where it cannot be told: of standard input Windows does not always tell. */
function sizeOf(descriptor: number): number | null {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() ? stat.size : null;
  } catch {
    return null;
  }
}

const NOTHING_YET = -1;

function readSome(descriptor: number, into: Uint8Array): number {
  try {
    return readSync(descriptor, into, CHUNK_AT, CHUNK_BYTES, null);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EAGAIN") return NOTHING_YET;
    // Windows reports the end of a pipe as an error.
    if (code === "EOF") return 0;
    throw error;
  }
}

async function readMemory(given: Uint8Array, intake: Intake): Promise<null> {
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (!intake.take(bytes, 0, bytes.length)) await intake.unpack(bytes);
  return null;
}

async function readStream(
  source: AsyncIterable<Uint8Array> | WebStream,
  intake: Intake,
  { progress }: ReadOptions,
): Promise<string | null> {
  let done = 0;
  try {
    for await (const given of source as AsyncIterable<Uint8Array>) {
      if (!(given instanceof Uint8Array)) return "the stream gives text instead of bytes";
      // A Buffer's slice() is a view and no copy: the rooms below take plain arrays.
      const piece = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
      if (!intake.take(piece, 0, piece.length)) await intake.unpack(piece);
      done += piece.length;
      progress?.(done, null);
      if (!intake.wanted) break;
    }
    return null;
  } catch (error) {
    return readFailure(error);
  }
}

/** Bytes that tell whether a file is compressed. */
const MAGIC_BYTES = 4;

/** Looks at the first bytes for compression and then passes everything on, unpacked. */
class Intake {
  readonly #reader: CaptureReader;
  readonly #note: NoteSink;
  /** The first bytes while they are fewer than needed; null once it is known whether they are compressed. */
  #first: Uint8Array | null = new Uint8Array(0);
  #compression: Compression | null = null;
  #decompressor: Decompressor | null = null;
  /** Whether anything came out of the compressed file. */
  #unpacked = false;

  constructor(reader: CaptureReader, note: NoteSink) {
    this.#reader = reader;
    this.#note = note;
  }

  /** Whether reading on makes sense. */
  get wanted(): boolean {
    return this.#reader.failed === null && (this.#decompressor === null || this.#decompressor.damaged === null);
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
    if (this.#decompressor === null) {
      const { createDecompressor } = await import("./decompress.ts");
      this.#decompressor = await createDecompressor(this.#compression, (out, start, end) => {
        this.#unpacked ||= end > start;
        this.#reader.push(out, start, end);
        return this.#reader.failed === null;
      });
    }
    await this.#decompressor.push(bytes);
  }

  async end(): Promise<CaptureRead | NotACapture> {
    if (this.#first !== null) this.#reader.push(this.#first, 0, this.#first.length);
    // A decompressor that was left in the middle, because the content is no capture, has not met its end: no damage.
    const wanted = this.wanted;
    const why = this.#decompressor === null ? null : await this.#decompressor.end();
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
