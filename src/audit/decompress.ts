// Undoes gzip (RFC 1952) and zstd (RFC 8878) as a stream: what comes out is handed on at once and never kept.
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { Compression } from "../pcap-parser/index.ts";
import type { Decompressor, Unpacked } from "./intake.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** Makes a decompressor; `unpacked` is called for each stretch that comes out. */
export async function createDecompressor(compression: Compression, unpacked: Unpacked): Promise<Decompressor> {
  if (compression === "gzip")
    return new NodeDecompressor(zlib.createGunzip({ chunkSize: OUTPUT_BYTES }), null, unpacked);
  const createZstd = Reflect.get(zlib, "createZstdDecompress") as ZstdFactory | undefined;
  if (createZstd !== undefined)
    return new NodeDecompressor(createZstd({ chunkSize: OUTPUT_BYTES }), new ZstdFrames(), unpacked);
  const { Decompress } = await import("fzstd");
  return new ZstdDecompressor(new Decompress(), unpacked);
}

/** Node has zstd from 22.15 on; the types of the oldest Node that is supported do not know it. */
type ZstdFactory = (options: zlib.ZlibOptions) => Transform;

/** Output of one step of zlib: few steps, and well below what stays in memory of a run anyway. */
const OUTPUT_BYTES = 256 * 1024;

/**
 * zlib loses the output of the step in which it meets damage. So the steps are short at first and grow with what is behind
 * them, and the last eight bytes, checksum and length of gzip, make a step of their own: little is lost of a short file.
 */
const FIRST_STEP = 512;
const LONGEST_STEP = 64 * 1024;
const LAST_STEP = 8;

const TOO_WIDE = "it has to be unpacked with more than 128 MiB of memory";

class NodeDecompressor implements Decompressor {
  damaged: string | null = null;
  readonly #stream: Transform;
  /** Of zstd: Node takes the end of the first frame for the end of all, unless a step ends there, and misses that a frame is cut. */
  readonly #frames: ZstdFrames | null;
  #step = FIRST_STEP;
  #heldBack = new Uint8Array(0);
  /** The compressed data has ended, and what follows it in the file is none of it; or enough of it was seen. */
  #ended = false;
  /** Called when the stream has failed or ended, because then it does not call back for the step that it was given. */
  #wake: () => void = () => {};

  constructor(stream: Transform, frames: ZstdFrames | null, unpacked: Unpacked) {
    this.#stream = stream;
    this.#frames = frames;
    stream.on("data", (bytes: Buffer) => {
      if (!unpacked(bytes, 0, bytes.length)) this.#ended = true;
    });
    stream.on("error", (error) => {
      this.damaged = error.message;
      this.#wake();
    });
    stream.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  async push(piece: Uint8Array): Promise<void> {
    const held = this.#heldBack;
    const bytes = new Uint8Array(held.length + piece.length);
    bytes.set(held);
    bytes.set(piece, held.length);
    const end = Math.max(0, bytes.length - LAST_STEP);
    await this.#steps(bytes, end);
    this.#heldBack = bytes.slice(end);
  }

  async #steps(bytes: Uint8Array, end: number): Promise<void> {
    for (let p = 0; p < end && this.#going; ) {
      const step = Math.min(end, p + this.#step);
      const next = this.#frames?.follow(bytes, p, step) ?? step;
      if (this.tooWide) {
        this.damaged = TOO_WIDE;
        return;
      }
      await this.#write(bytes.subarray(p, next));
      this.#step = Math.min(LONGEST_STEP, 2 * this.#step);
      p = next;
    }
  }

  async end(): Promise<string | null> {
    await this.#steps(this.#heldBack, this.#heldBack.length);
    if (this.#going && this.#frames?.between === false) this.damaged = "unexpected end of file";
    if (this.#going) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#stream.end();
      });
    }
    this.#stream.destroy();
    return this.damaged;
  }

  get tooWide(): boolean {
    return this.#frames?.tooWide === true;
  }

  get #going(): boolean {
    return this.damaged === null && !this.#ended;
  }

  #write(step: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#stream.write(step, () => resolve());
    });
  }
}

interface ZstdStream {
  ondata: (data: Uint8Array, final?: boolean) => unknown;
  push(chunk: Uint8Array, final?: boolean): void;
}

/** A million frames of nine bytes may ask for 128 MiB each. */
const ALL_WINDOWS = 8 * 1024 * 1024 * 1024;

class ZstdDecompressor implements Decompressor {
  damaged: string | null = null;
  readonly #stream: ZstdStream;
  /** The library takes room for any window of up to 2 GiB, moves all that is in it with each block, and calls itself for each frame. */
  readonly #frames = new ZstdFrames(ALL_WINDOWS);
  #wanted = true;
  #step = FIRST_STEP;

  constructor(stream: ZstdStream, unpacked: Unpacked) {
    this.#stream = stream;
    stream.ondata = (data) => {
      this.#wanted = unpacked(data, 0, data.length);
    };
  }

  get tooWide(): boolean {
    return this.#frames.tooWide;
  }

  async push(piece: Uint8Array): Promise<void> {
    for (let p = 0; p < piece.length && this.damaged === null && this.#wanted; ) {
      const next = this.#frames.follow(piece, p, Math.min(piece.length, p + this.#step));
      // The library keeps what it cannot use yet, so it gets its own copy (Buffer.slice would not make one).
      if (this.tooWide) this.damaged = TOO_WIDE;
      else this.#guarded(new Uint8Array(piece.subarray(p, next)), false);
      // A few bytes may be gigabytes of zeros, that nobody wants once it is known what they are.
      this.#step = Math.min(LONGEST_STEP, 2 * this.#step);
      p = next;
    }
  }

  async end(): Promise<string | null> {
    if (this.damaged === null) this.#guarded(new Uint8Array(0), true);
    return this.damaged;
  }

  #guarded(piece: Uint8Array, last: boolean): void {
    try {
      this.#stream.push(piece, last);
    } catch (error) {
      this.damaged = error instanceof Error ? error.message : String(error);
    }
  }
}
