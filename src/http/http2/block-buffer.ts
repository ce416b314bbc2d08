// Collects a field block over HEADERS or PUSH_PROMISE and its CONTINUATION frames (RFC 9113 §4.3, §6.2, §6.6, §6.10).
import type { FrameNo, StreamOffset } from "../../bytes/index.ts";

/** As for HTTP/1.x: a Kerberos token of 64,000 characters is real, and an observer must outlast both ends. */
export const MAX_BLOCK_BYTES = 256 * 1024;

/** The block being collected; reused for each. */
export class BlockBuffer {
  /** The block is `bytes[0, length)`, without padding and what precedes the fields. */
  bytes: Uint8Array = NOTHING;
  length = 0;
  /** Stream of the frames; 0 while no block is open. */
  stream = 0;
  /** The promised stream of a PUSH_PROMISE, else 0. */
  promised = 0;
  endStream = false;
  /** Offset and frame of the first frame's header. */
  at: StreamOffset = 0;
  firstFrame: FrameNo = 0;
  /** More came than is kept. */
  tooLong = false;
  #frameStart = 0;

  /** A HEADERS or PUSH_PROMISE frame begins. */
  open(stream: number, endStream: boolean, at: StreamOffset, frame: FrameNo): void {
    this.length = 0;
    this.stream = stream;
    this.promised = 0;
    this.endStream = endStream;
    this.at = at;
    this.firstFrame = frame;
    this.tooLong = false;
    this.#frameStart = 0;
  }

  /** A CONTINUATION frame begins. */
  next(): void {
    this.#frameStart = this.length;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const length = this.length + (end - start);
    if (length > MAX_BLOCK_BYTES) {
      this.tooLong = true;
      return;
    }
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.min(MAX_BLOCK_BYTES, Math.max(1024, 2 * length)));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length = length;
  }

  /** The frame is complete: takes padding, priority and the promised stream away from around the fields; false if they do not fit. */
  strip(padded: boolean, priority: boolean, promise: boolean): boolean {
    let from = this.#frameStart;
    let to = this.length;
    if (padded) to -= from < to ? this.bytes[from++]! : 1;
    if (priority) from += 5;
    if (promise) {
      if (from + 4 > to) return false;
      const b = this.bytes;
      this.promised = ((b[from]! & 0x7f) << 24) | (b[from + 1]! << 16) | (b[from + 2]! << 8) | b[from + 3]!;
      if (this.promised === 0) return false;
      from += 4;
    }
    if (from > to) return false;
    this.bytes.copyWithin(this.#frameStart, from, to);
    this.length = this.#frameStart + (to - from);
    return true;
  }

  close(): void {
    this.stream = 0;
    this.length = 0;
    // Blocks of ordinary size share the buffer; a large one is not worth keeping.
    if (this.bytes.length > 16_384) this.bytes = NOTHING;
  }
}

const NOTHING = new Uint8Array(0);
