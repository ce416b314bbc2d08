// One direction of an HTTP/2 connection: frames (RFC 9113 §4.1, §6) out of bytes that are cut anywhere.
import type { FrameNo, StreamOffset, Where } from "../../bytes/index.ts";
import type { ByteSink, EndCause, GapCause } from "../../tcp/index.ts";
import { HpackDecoder } from "../hpack/decoder.ts";
import type { Http2Role, Http2Sink, HttpContext } from "../types.ts";
import { BlockBuffer, MAX_BLOCK_BYTES } from "./block-buffer.ts";
import { FLAG, FRAME, FRAME_HEADER, isLikely, isPossible, PREFACE, readFrameHeader } from "./frames.ts";
import { readBlock } from "./head.ts";
import type { Http2Streams } from "./streams.ts";

/**
 * `preface`: the client's first 24 bytes. `header`: in a frame header. `payload`: behind it. `lost`: bytes are missing, or
 * are no frames, and the next push that begins with a frame is waited for. `over`: nothing more will come.
 */
type State = "preface" | "header" | "payload" | "lost" | "over";

/** Bytes kept of RST_STREAM and GOAWAY: what is read of them. */
const SMALL = 8;

export class Http2Direction implements ByteSink {
  skippable = 0;

  readonly #role: Http2Role;
  readonly #sink: Http2Sink;
  readonly #streams: Http2Streams;
  readonly #context: HttpContext;
  readonly #decoder = new HpackDecoder();
  readonly #block = new BlockBuffer();
  #state: State;
  #position: StreamOffset = 0;
  #announced = 0;
  /** Index 0 of the bytes being pushed is this far into the stream (may be negative). */
  #origin = 0;
  /** No frame was met yet. */
  #fresh = true;
  #unknownNoted = false;
  #leftOutNoted = false;

  /** The frame header, and how much of it (or of the preface) is there. */
  readonly #headerBytes = new Uint8Array(FRAME_HEADER);
  #have = 0;
  readonly #header = { length: 0, type: 0, flags: 0, stream: 0 };
  #frameAt: StreamOffset = 0;
  #frameFirst: FrameNo = 0;
  /** Payload that has not come yet. */
  #left = 0;
  /** Of it: DATA that is no padding; -1 while the length of the padding is not known. */
  #dataLeft = 0;
  /** DATA of the current frame is wanted. */
  #takes = false;
  readonly #small = new Uint8Array(SMALL);
  #smallLength = 0;

  constructor(role: Http2Role, sink: Http2Sink, streams: Http2Streams, context: HttpContext) {
    this.#role = role;
    this.#sink = sink;
    this.#streams = streams;
    this.#context = context;
    this.#state = role === "client" ? "preface" : "header";
  }

  get kept(): number {
    return this.#block.bytes.length + this.#decoder.kept;
  }

  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    this.#settleSkipped();
    this.#origin = this.#position - start;
    let at = start;
    while (at < end) at = this.#step(bytes, at, end, frame);
    this.#position = this.#origin + end;
    this.#announce();
  }

  gap(length: number, _cause: GapCause, frame: FrameNo): void {
    this.#settleSkipped();
    if (this.#state === "payload" && length > 0 && length <= this.#left && this.#canMiss()) {
      if (this.#header.type === FRAME.data) {
        this.#streams.dataGap(this.#role, this.#header.stream, Math.min(length, this.#dataLeft), frame);
        this.#takes = this.#streams.takes(this.#role, this.#header.stream);
      }
      this.#pass(length);
      this.#position += length;
      if (this.#left === 0) this.#frameEnds(frame);
    } else if (this.#state !== "over") {
      // A connection that is joined late was not lost on the way.
      if (!this.#fresh || this.#have > 0) {
        this.#context.note({ id: "http-gap", frame, at: this.#position, detail: { length } });
        this.#streams.gap(this.#role, frame);
      }
      this.#lose();
      this.#position += length;
    }
    this.#announce();
  }

  end(_how: EndCause, frame: FrameNo): void {
    this.#settleSkipped();
    this.#state = "over";
    this.#announce();
    this.#streams.close(this.#role, frame);
  }

  // --- what was passed over, and what may be

  #settleSkipped(): void {
    const skipped = this.#announced - this.skippable;
    if (skipped > 0) {
      this.#position += skipped;
      this.#pass(skipped);
    }
    this.#announced = this.skippable;
  }

  /** Counts payload that is not looked at. */
  #pass(length: number): void {
    this.#left -= length;
    this.#dataLeft = Math.max(0, this.#dataLeft - length);
  }

  #announce(): void {
    const skip = this.#state === "payload" && this.#canSkip();
    this.skippable = skip ? this.#left : 0;
    this.#announced = this.skippable;
  }

  /** The rest of the payload need only be counted. */
  #canSkip(): boolean {
    switch (this.#header.type) {
      case FRAME.headers:
      case FRAME.pushPromise:
      case FRAME.continuation:
      case FRAME.reset:
      case FRAME.goAway:
        return false;
      case FRAME.data:
        return !this.#takes || this.#dataLeft === 0;
      default:
        return true;
    }
  }

  /** Bytes of the payload may be missing without anything else being lost. */
  #canMiss(): boolean {
    return this.#header.type === FRAME.data ? !this.#takes || this.#dataLeft >= 0 : this.#canSkip();
  }

  // --- one step; returns where it ended

  #step(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    switch (this.#state) {
      case "preface":
        return this.#preface(bytes, at, end, frame);
      case "header":
        return this.#frameHeader(bytes, at, end, frame);
      case "payload":
        return this.#payload(bytes, at, end, frame);
      case "lost":
        return this.#resynchronise(bytes, at, end);
      default:
        return end;
    }
  }

  #preface(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    let p = at;
    while (p < end && this.#have < PREFACE.length && bytes[p] === PREFACE.charCodeAt(this.#have)) {
      p++;
      this.#have++;
    }
    if (this.#have === PREFACE.length) {
      this.#state = "header";
      this.#have = 0;
      this.#fresh = false;
      return p;
    }
    if (p === end) return end;
    // No preface: the connection is joined in its middle.
    if (this.#have > p - at) this.#context.note({ id: "http2-malformed", frame, at: this.#origin + p });
    this.#lose();
    return at;
  }

  #frameHeader(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    if (this.#have === 0) {
      this.#frameAt = this.#origin + at;
      this.#frameFirst = frame;
    }
    let p = at;
    while (p < end && this.#have < FRAME_HEADER) this.#headerBytes[this.#have++] = bytes[p++]!;
    if (this.#have < FRAME_HEADER) return p;
    this.#have = 0;
    readFrameHeader(this.#headerBytes, 0, this.#header);
    if (!isPossible(this.#header)) {
      this.#context.note({ id: "http2-malformed", frame, at: this.#frameAt });
      this.#lose();
      return end;
    }
    // RFC 9113 §3.4: the server's first frame is SETTINGS too. Another one: the connection is joined in its middle.
    if (this.#fresh && this.#header.type !== FRAME.settings) this.#decoder.forget();
    this.#fresh = false;
    this.#frameBegins(frame);
    if (this.#left === 0) this.#endAt(p, frame);
    return p;
  }

  #frameBegins(frame: FrameNo): void {
    const { type, flags, stream, length } = this.#header;
    this.#state = "payload";
    this.#left = length;
    this.#smallLength = 0;
    if (this.#block.stream !== 0 && (type !== FRAME.continuation || stream !== this.#block.stream)) {
      // RFC 9113 §6.10: nothing may come between the frames of one block.
      this.#dropBlock(frame);
    }
    switch (type) {
      case FRAME.data:
        this.#takes = this.#streams.takes(this.#role, stream);
        this.#dataLeft = (flags & FLAG.padded) === 0 ? length : length === 0 ? 0 : -1;
        return;
      case FRAME.headers:
        this.#block.open(stream, (flags & FLAG.endStream) !== 0, this.#frameAt, this.#frameFirst);
        return;
      case FRAME.pushPromise:
        this.#block.open(stream, false, this.#frameAt, this.#frameFirst);
        return;
      case FRAME.continuation:
        if (this.#block.stream === 0) this.#dropBlock(frame);
        else this.#block.next();
        return;
      default:
    }
  }

  #payload(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    let from = at;
    switch (this.#header.type) {
      case FRAME.data:
        if (this.#dataLeft < 0) {
          const padding = bytes[from++]!;
          this.#left--;
          if (padding > this.#left) this.#context.note({ id: "http2-malformed", frame, at: this.#frameAt });
          this.#dataLeft = Math.max(0, this.#left - padding);
        }
        this.#data(bytes, from, end, frame);
        break;
      case FRAME.headers:
      case FRAME.pushPromise:
      case FRAME.continuation:
        if (this.#block.stream !== 0) this.#block.add(bytes, from, Math.min(end, from + this.#left));
        break;
      case FRAME.reset:
      case FRAME.goAway:
        for (let p = from; p < end && p < from + this.#left && this.#smallLength < SMALL; p++) {
          this.#small[this.#smallLength++] = bytes[p]!;
        }
        break;
      default:
    }
    const stop = Math.min(end, from + this.#left);
    this.#pass(stop - from);
    from = stop;
    if (this.#left === 0) this.#endAt(from, frame);
    return from;
  }

  #data(bytes: Uint8Array, from: number, end: number, frame: FrameNo): void {
    if (!this.#takes || this.#dataLeft === 0) return;
    const stop = Math.min(end, from + this.#dataLeft);
    this.#streams.data(this.#role, this.#header.stream, bytes, from, stop, frame);
    // A look has its limit; what is behind it may be passed over.
    this.#takes = this.#streams.takes(this.#role, this.#header.stream);
  }

  /** The frame's last byte is the one before index `stop`. */
  #endAt(stop: number, frame: FrameNo): void {
    this.#position = this.#origin + stop;
    this.#frameEnds(frame);
  }

  #frameEnds(frame: FrameNo): void {
    const { type, flags, stream } = this.#header;
    this.#state = "header";
    switch (type) {
      case FRAME.data:
        this.#count(stream);
        if ((flags & FLAG.endStream) !== 0) this.#streams.end(stream, this.#role, frame, true);
        return;
      case FRAME.headers:
      case FRAME.pushPromise:
      case FRAME.continuation:
        this.#blockFrameEnds(frame);
        return;
      case FRAME.reset:
        this.#sink.reset(stream, this.#role, this.#u32(0), this.#where(frame, this.#frameFirst, this.#frameAt));
        this.#streams.reset(stream, frame);
        return;
      case FRAME.goAway: {
        const where = this.#where(frame, this.#frameFirst, this.#frameAt);
        this.#sink.goAway(this.#role, this.#u32(0) & 0x7fffffff, this.#u32(4), where);
        return;
      }
      default:
    }
  }

  // --- field blocks

  #blockFrameEnds(frame: FrameNo): void {
    const { type, flags } = this.#header;
    const block = this.#block;
    if (block.stream === 0) return;
    if (block.tooLong) {
      const detail = { limit: MAX_BLOCK_BYTES };
      this.#context.note({ id: "http-head-too-long", frame, at: block.at, detail });
      this.#decoder.forget();
      block.close();
      return;
    }
    const priority = type === FRAME.headers && (flags & FLAG.priority) !== 0;
    const padded = type !== FRAME.continuation && (flags & FLAG.padded) !== 0;
    if (!block.strip(padded, priority, type === FRAME.pushPromise)) this.#dropBlock(frame);
    else if ((flags & FLAG.endHeaders) !== 0) this.#blockEnds(frame);
  }

  #blockEnds(frame: FrameNo): void {
    const block = this.#block;
    const { stream, promised, endStream } = block;
    const where = this.#where(frame, block.firstFrame, block.at);
    const role = this.#role === "client" || promised !== 0 ? "request" : "response";
    const place = { where, end: this.#position };
    const read = readBlock(role, this.#decoder, block.bytes, 0, block.length, place, this.#context);
    block.close();
    if (read.result === "malformed") this.#context.note({ id: "http2-malformed", frame, at: where.at });
    else if (read.result === "unknown" && !this.#unknownNoted) {
      this.#unknownNoted = true;
      this.#context.note({ id: "http2-hpack-unknown", frame, at: where.at });
    }
    if (read.leftOut && !this.#leftOutNoted) {
      this.#leftOutNoted = true;
      this.#context.note({ id: "http2-hpack-repeated", frame, at: where.at });
    }
    const bytes = this.#position - where.at;
    if (promised !== 0) {
      this.#streams.promise(promised, read.block, where, bytes);
      return;
    }
    this.#streams.block(this.#role, stream, read.block, where);
    this.#streams.count(this.#role, stream, bytes);
    if (endStream) this.#streams.end(stream, this.#role, frame, true);
  }

  /** A block cannot be read: what it would have added to the table is not known. */
  #dropBlock(frame: FrameNo): void {
    this.#context.note({ id: "http2-malformed", frame, at: this.#frameAt });
    this.#decoder.forget();
    this.#block.close();
  }

  // --- losses

  #lose(): void {
    this.#decoder.forget();
    this.#block.close();
    this.#have = 0;
    this.#fresh = false;
    this.#state = "lost";
  }

  /** Goes on at a push that begins with a frame, behind which another one begins if it ends within the push. */
  #resynchronise(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < FRAME_HEADER) return end;
    readFrameHeader(bytes, at, this.#header);
    if (!isLikely(this.#header)) return end;
    const next = at + FRAME_HEADER + this.#header.length;
    if (next + FRAME_HEADER <= end) {
      readFrameHeader(bytes, next, this.#header);
      if (!isLikely(this.#header)) return end;
    }
    this.#state = "header";
    return at;
  }

  #count(stream: number): void {
    this.#streams.count(this.#role, stream, FRAME_HEADER + this.#header.length);
  }

  #where(frame: FrameNo, firstFrame: FrameNo, at: StreamOffset): Where {
    return { frame, firstFrame, at, time: this.#context.now() };
  }

  #u32(at: number): number {
    const b = this.#small;
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
  }
}
