// Bytes in pieces of any size to lines: LF, CR LF or CR; UTF-8 or Latin-1; spaces of web pages become plain ones.
import { latin1 } from "../bytes/index.ts";
import type { TraceNoteSink } from "./types.ts";

/** A rule of the longest policies takes some thousand characters; what is longer is no line of a trace. */
const MAX_LINE_BYTES = 64 * 1024;

const LF = 10;
const CR = 13;

export interface LineSink {
  /** `text` is without its line end, and of a line that is longer than the limit, which is noted before, its beginning. */
  line(text: string, number: number): void;
  readonly note: TraceNoteSink;
}

/** Takes pieces; a line is given when its end was seen. */
export class LineSplitter {
  /** Lines that were given. */
  lines = 0;
  /** Bytes that were taken. */
  bytes = 0;
  readonly #sink: LineSink;
  /** Bytes of a line that is not over, in one buffer that grows up to the limit. */
  #held = new Uint8Array(4096);
  #length = 0;
  #cut = false;
  /** The last byte was CR: an LF at once belongs to it. */
  #afterCr = false;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    this.bytes += end - start;
    let from = start;
    if (this.#afterCr && from < end) {
      if (bytes[from] === LF) from++;
      this.#afterCr = false;
    }
    for (let at = from; at < end; at++) {
      const byte = bytes[at]!;
      if (byte !== LF && byte !== CR) continue;
      this.#give(bytes, from, at);
      if (byte === CR) {
        if (at + 1 === end) this.#afterCr = true;
        else if (bytes[at + 1] === LF) at++;
      }
      from = at + 1;
    }
    if (from < end) this.#hold(bytes, from, end);
  }

  /** Gives a last line without an end. */
  end(): void {
    if (this.#length > 0) this.#give(this.#held, 0, 0);
  }

  #give(bytes: Uint8Array, from: number, to: number): void {
    const number = ++this.lines;
    if (this.#length === 0 && to - from <= MAX_LINE_BYTES) {
      this.#sink.line(decode(bytes, from, to, number), number);
      return;
    }
    this.#hold(bytes, from, to);
    const text = decode(this.#held, 0, this.#length, number);
    if (this.#cut) this.#sink.note("trace-line-too-long", number);
    this.#length = 0;
    this.#cut = false;
    this.#sink.line(text, number);
  }

  #hold(bytes: Uint8Array, from: number, to: number): void {
    const room = MAX_LINE_BYTES - this.#length;
    const taken = Math.min(to - from, room);
    if (taken < to - from) this.#cut = true;
    if (this.#length + taken > this.#held.length) {
      const larger = new Uint8Array(Math.min(MAX_LINE_BYTES, Math.max(this.#held.length * 2, this.#length + taken)));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(bytes.subarray(from, from + taken), this.#length);
    this.#length += taken;
  }
}

/** ASCII is UTF-8. */
const ASCII = new TextDecoder();
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Spaces that pasting from web pages brings in, and the mark at the start of a file. */
const ODD_SPACES = /[\u00a0\u2007\u202f]/g;
const INVISIBLE = /[\ufeff\u200b\0]/g;

function decode(bytes: Uint8Array, from: number, to: number, number: number): string {
  let all = 0;
  for (let at = from; at < to; at++) all |= bytes[at]!;
  if (all < 0x80 && number > 1) return ASCII.decode(bytes.subarray(from, to));
  let text: string;
  try {
    text = UTF8.decode(bytes.subarray(from, to));
  } catch {
    // Not UTF-8: Latin-1, in which every byte is a character.
    text = latin1(bytes, from, to);
  }
  return text.replace(ODD_SPACES, " ").replace(INVISIBLE, "");
}
