// HTTP/1.x messages of one direction (RFC 9112): heads are read, bodies are counted.
import type { FrameNo, Nanos, StreamOffset } from "../bytes/index.ts";
import type { EndCause, GapCause } from "../tcp/index.ts";
import { ChunkedBody } from "./chunked.ts";
import { looksLikeRequest, looksLikeResponse } from "./detect.ts";
import { readHead } from "./head.ts";
import type { BodyRule, Http1Parser, HttpContext, HttpHead, HttpSink } from "./types.ts";

/** h11 stops at 16 KiB, but a Windows Kerberos token alone may be 48,000 bytes, 64,000 in base64: an observer must outlast both ends. */
const MAX_HEAD_BYTES = 256 * 1024;
/** Empty lines tolerated before a message (RFC 9112 §2.2 has one). */
const MAX_EMPTY_LINES = 64;
/** Bytes of a body that are shown to who asked for a look. */
const MAX_LOOK = 64 * 1024;
/** More than any connection carries. */
const ALL = Number.MAX_SAFE_INTEGER;

const LF = 0x0a;
const CR = 0x0d;

/**
 * `start`: between messages. `head`: inside one. `length`, `chunked`, `close`: in a body of that framing. `lost`: bytes are
 * missing and the next message is waited for. `switched`: the protocol is another one from here on.
 */
type State = "start" | "head" | "length" | "chunked" | "close" | "lost" | "switched";

/** A parser of one direction. */
export function createHttp1Parser(role: "request" | "response", sink: HttpSink, context: HttpContext): Http1Parser {
  return new Parser(role, sink, context);
}

class Parser implements Http1Parser {
  skippable = 0;
  position: StreamOffset = 0;

  readonly #role: "request" | "response";
  readonly #sink: HttpSink;
  readonly #context: HttpContext;
  #state: State = "start";
  #announced = 0;

  /** A head that began in an earlier push. */
  #head: Uint8Array = NOTHING;
  #headLength = 0;
  #headAt: StreamOffset = 0;
  #headFrame: FrameNo = 0;
  /** Whether the byte before the next one ended a line (LF, or LF and CR): the next LF then ends the head. */
  #lineEmpty = false;
  #emptyLines = 0;

  #remaining = 0;
  #chunked: ChunkedBody | null = null;
  #messageAt: StreamOffset = 0;
  /** Body bytes that may still be shown; 0 if nobody asked. */
  #look = 0;

  constructor(role: "request" | "response", sink: HttpSink, context: HttpContext) {
    this.#role = role;
    this.#sink = sink;
    this.#context = context;
  }

  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): number {
    this.#settleSkipped();
    let at = start;
    while (at < end && this.#state !== "switched") {
      const before = at;
      at = this.#step(bytes, at, end, frame);
      this.position += at - before;
      if (this.#pendingHead !== null) this.#finishHead(frame);
    }
    this.#announce();
    return at;
  }

  gap(length: number, _cause: GapCause, frame: FrameNo): void {
    this.#settleSkipped();
    const known = length > 0;
    if (this.#state === "length" && known && length <= this.#remaining) {
      this.#remaining -= length;
      this.position += length;
      if (this.#remaining === 0) this.#complete(frame, false);
    } else if (this.#state === "chunked" && known && this.#chunked !== null && this.#chunked.pass(length)) {
      this.position += length;
    } else if (this.#state === "close") this.position += length;
    else if (this.#state !== "switched") {
      const inside = this.#state !== "start" && this.#state !== "lost";
      if (inside) {
        this.#context.note({ id: "http-gap", frame, at: this.position, detail: { length } });
        if (this.#state !== "head") this.#complete(frame, false);
      }
      this.#dropHead();
      this.#state = "lost";
      this.position += length;
    }
    this.#announce();
  }

  end(how: EndCause, frame: FrameNo): void {
    this.#settleSkipped();
    switch (this.#state) {
      case "close":
        this.#complete(frame, how === "fin");
        break;
      case "length":
      case "chunked":
        this.#context.note({ id: "http-body-cut", frame, at: this.position });
        this.#complete(frame, false);
        break;
      default:
        this.#dropHead();
    }
    this.#state = "switched";
    this.skippable = 0;
  }

  resume(): void {
    if (this.#state === "switched") this.#state = "start";
  }

  // --- what was passed over, and what may be

  #settleSkipped(): void {
    const skipped = this.#announced - this.skippable;
    if (skipped > 0) {
      this.position += skipped;
      if (this.#state === "length") this.#remaining -= skipped;
      else if (this.#state === "chunked") this.#chunked?.pass(skipped);
    }
    this.#announced = this.skippable;
  }

  #announce(): void {
    let ahead = 0;
    if (this.#look === 0) {
      if (this.#state === "length") ahead = this.#remaining;
      else if (this.#state === "chunked") ahead = this.#chunked?.ahead ?? 0;
      else if (this.#state === "close") ahead = ALL;
    }
    this.skippable = ahead;
    this.#announced = ahead;
  }

  // --- one step: a head or part of it, or part of a body; returns where it ended

  #step(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    switch (this.#state) {
      case "start":
        return this.#begin(bytes, at, end, frame);
      case "head":
        return this.#scanHead(bytes, at, end, frame);
      case "length": {
        const stop = Math.min(end, at + this.#remaining);
        this.#show(bytes, at, stop);
        this.#remaining -= stop - at;
        if (this.#remaining === 0) this.#completeAt(stop - at, frame, true);
        return stop;
      }
      case "chunked":
        return this.#chunks(bytes, at, end, frame);
      case "close":
        this.#show(bytes, at, end);
        return end;
      case "lost":
        return this.#resynchronise(bytes, at, end, frame);
      default:
        return end;
    }
  }

  /** Between messages: empty lines are passed over, anything that is no message is noted and waited out. */
  #begin(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    const byte = bytes[at]!;
    if ((byte === CR || byte === LF) && this.#emptyLines < MAX_EMPTY_LINES) {
      this.#emptyLines++;
      return at + 1;
    }
    this.#emptyLines = 0;
    if (this.#looks(bytes, at, end) === "no") {
      this.#context.note({ id: "http-malformed", frame, at: this.position });
      this.#state = "lost";
      return end;
    }
    this.#state = "head";
    this.#headAt = this.position;
    this.#messageAt = this.position;
    this.#headFrame = frame;
    this.#lineEmpty = false;
    return at;
  }

  #looks(bytes: Uint8Array, at: number, end: number): "yes" | "no" | "more" {
    if (this.#role === "response") return looksLikeResponse(bytes, at, end);
    const looks = looksLikeRequest(bytes, at, end);
    if (looks !== "no") return looks;
    // Methods of small letters and targets of odd forms exist: a token and a space are enough behind a message that was whole.
    return isToken(bytes[at]!) && this.position > 0 ? "more" : "no";
  }

  /** Behind a loss: the next push that begins with a message goes on. */
  #resynchronise(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    const looks = this.#role === "response" ? looksLikeResponse(bytes, at, end) : looksLikeRequest(bytes, at, end);
    if (looks !== "yes") return end;
    this.#state = "start";
    return this.#begin(bytes, at, end, frame);
  }

  /** Looks for the empty line; no byte is looked at twice. */
  #scanHead(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    let empty = this.#lineEmpty;
    let p = at;
    for (; p < end; p++) {
      const byte = bytes[p]!;
      if (byte === LF) {
        if (empty) return this.#headEnds(bytes, at, p + 1, frame);
        empty = true;
      } else if (byte !== CR || !empty) {
        empty = false;
        // Inside a line only its end matters: the native search is quicker than this loop.
        const next = bytes.indexOf(LF, p);
        p = next < 0 || next >= end ? end - 1 : next - 1;
      }
    }
    this.#lineEmpty = empty;
    return this.#keepHead(bytes, at, end, frame);
  }

  #keepHead(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    const length = this.#headLength + (end - at);
    if (length > MAX_HEAD_BYTES) {
      this.#context.note({ id: "http-head-too-long", frame, at: this.#headAt, detail: { limit: MAX_HEAD_BYTES } });
      this.#dropHead();
      this.#state = "lost";
      return end;
    }
    if (length > this.#head.length) {
      const larger = new Uint8Array(Math.max(1024, 2 * this.#head.length, length));
      larger.set(this.#head.subarray(0, this.#headLength));
      this.#head = larger;
    }
    this.#head.set(bytes.subarray(at, end), this.#headLength);
    this.#headLength = length;
    return end;
  }

  /** A head whose last byte was just reached: told to the sink once `position` stands behind it. */
  #pendingHead: { readonly bytes: Uint8Array; readonly start: number; readonly end: number } | null = null;

  #headEnds(bytes: Uint8Array, at: number, stop: number, frame: FrameNo): number {
    if (this.#headLength === 0) this.#pendingHead = { bytes, start: at, end: stop };
    else {
      this.#keepHead(bytes, at, stop, frame);
      this.#pendingHead = this.#state === "head" ? { bytes: this.#head, start: 0, end: this.#headLength } : null;
    }
    return stop;
  }

  #finishHead(frame: FrameNo): void {
    const pending = this.#pendingHead;
    this.#pendingHead = null;
    if (pending === null) return;
    const time: Nanos = this.#context.now();
    const where = { frame, firstFrame: this.#headFrame, at: this.#headAt, time };
    const head = readHead(this.#role, pending.bytes, pending.start, pending.end, where, this.position, this.#context);
    this.#dropHead();
    if (head === null) {
      this.#context.note({ id: "http-malformed", frame, at: this.#headAt });
      this.#state = "lost";
      return;
    }
    this.#body(head, this.#sink.head(head), frame);
  }

  /** RFC 9112 §6.3: how the body of this message is framed. */
  #body(head: HttpHead, rule: BodyRule, frame: FrameNo): void {
    this.#look = rule === "look" ? MAX_LOOK : 0;
    this.#state = "start";
    if (rule === "switch") {
      this.#state = "switched";
      return;
    }
    if (rule === "none") this.#complete(frame, true);
    else if (head.chunked) {
      this.#state = "chunked";
      this.#chunked = new ChunkedBody();
    } else if (head.contentLength !== null && head.contentLength > 0) {
      this.#state = "length";
      this.#remaining = head.contentLength;
    } else if (head.contentLength === null && head.kind === "response") this.#state = "close";
    else this.#complete(frame, true);
  }

  #chunks(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    const chunked = this.#chunked;
    if (chunked === null) return end;
    let p = at;
    while (p < end) {
      const piece = chunked.take(bytes, p, end);
      if (chunked.data > 0) this.#show(bytes, piece - chunked.data, piece);
      p = piece;
      if (chunked.malformed) {
        this.#context.note({ id: "http-chunk-malformed", frame, at: this.position + (p - at) });
        this.#completeAt(p - at, frame, false);
        this.#state = "lost";
        return p;
      }
      if (chunked.done) {
        this.#completeAt(p - at, frame, true);
        return p;
      }
    }
    return p;
  }

  #show(bytes: Uint8Array, start: number, end: number): void {
    if (this.#look === 0 || end <= start) return;
    const stop = Math.min(end, start + this.#look);
    this.#sink.body?.(bytes, start, stop);
    this.#look -= stop - start;
  }

  /** Completes a message whose last byte is `ahead` bytes behind `position`, which moves only after the step. */
  #completeAt(ahead: number, frame: FrameNo, whole: boolean): void {
    this.position += ahead;
    this.#complete(frame, whole);
    this.position -= ahead;
  }

  #complete(frame: FrameNo, whole: boolean): void {
    this.#state = "start";
    this.#remaining = 0;
    this.#chunked = null;
    this.#look = 0;
    this.#sink.message(frame, whole, this.position - this.#messageAt);
  }

  #dropHead(): void {
    this.#head = NOTHING;
    this.#headLength = 0;
    this.#lineEmpty = false;
  }
}

const NOTHING = new Uint8Array(0);

/** RFC 9110 §5.6.2, letters and digits only: enough to tell a method from garbage. */
function isToken(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
}
