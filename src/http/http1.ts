// HTTP/1.x messages of one direction (RFC 9112): heads are read, bodies are counted.
import type { FrameNo, Nanos, StreamOffset } from "../bytes/index.ts";
import type { EndCause, GapCause } from "../tcp/index.ts";
import { ChunkedBody } from "./chunked.ts";
import { isLetterOrDigit, type Looks, looksLikeRequest, looksLikeResponse } from "./detect.ts";
import { firstLine, readHead } from "./head.ts";
import { knownHead, rememberHead } from "./head-memo.ts";
import type { BodyRule, Http1Parser, HttpContext, HttpHead, HttpSink } from "./types.ts";

/** h11 stops at 16 KiB, but a Windows Kerberos token alone may be 48,000 bytes, 64,000 in base64: an observer must outlast both ends. */
const MAX_HEAD_BYTES = 256 * 1024;
/** Empty lines tolerated before a message (RFC 9112 §2.2 has one). */
const MAX_EMPTY_LINES = 64;
/** What a message begins with can be told from so many bytes: a method of 20, up to 24 spaces and the scheme of a target. */
const ENOUGH_TO_TELL = 64;
/** Bytes of a body that are shown to who asked for a look. */
const MAX_LOOK = 64 * 1024;
/** More than any connection carries. */
const ALL = Number.MAX_SAFE_INTEGER;

const LF = 0x0a;
const CR = 0x0d;

/**
 * `start`: between messages. `head`: inside one. `length`, `chunked`, `close`: in a body of that framing. `lost`: bytes are
 * missing or are no HTTP, and the next message is waited for. `switched`: the protocol is another one from here on.
 * `over`: nothing more will come.
 */
type State = "start" | "head" | "length" | "chunked" | "close" | "lost" | "switched" | "over";

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
  /** Index 0 of the bytes being pushed is this far into the stream (may be negative). */
  #origin = 0;

  /** A head that began in an earlier push: `#head[0, #headLength)`. */
  #head: Uint8Array = NOTHING;
  #headLength = 0;
  #headFrame: FrameNo = 0;
  /** Frame and time of the newest byte of a head that is kept. */
  #keptFrame: FrameNo = 0;
  #keptTime: Nanos = 0n;
  /** Its first line was seen whole. */
  #lineSeen = false;
  /** Its first bytes were looked at. */
  #lookedAt = false;
  /** Nothing but CR since the last LF: the next LF ends the head. */
  #lineEmpty = false;
  #emptyLines = 0;
  /** The message was met while waiting for one: what is no message after all is no news. */
  #quiet = false;

  #messageAt: StreamOffset = 0;
  #remaining = 0;
  #chunked: ChunkedBody | null = null;
  /** Nothing was seen yet of a body that may be none. */
  #unsure = false;
  /** Body bytes that may still be shown; 0 if nobody asked. */
  #look = 0;
  /** The head behind which the protocol switched. */
  #switchedBy: HttpHead | null = null;

  constructor(role: "request" | "response", sink: HttpSink, context: HttpContext) {
    this.#role = role;
    this.#sink = sink;
    this.#context = context;
  }

  get between(): boolean {
    return this.#state === "start";
  }
  get kept(): number {
    return this.#head.length;
  }

  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): number {
    this.#settleSkipped();
    this.#origin = this.position - start;
    let at = start;
    while (at < end && this.#state !== "switched") at = this.#step(bytes, at, end, frame);
    this.position = this.#origin + at;
    this.#announce();
    return at;
  }

  gap(length: number, _cause: GapCause, frame: FrameNo): void {
    this.#settleSkipped();
    this.#unsure = false;
    const known = length > 0;
    if (this.#state === "length" && known && length <= this.#remaining) {
      this.position += length;
      this.#remaining -= length;
      this.#look = 0;
      if (this.#remaining === 0) this.#complete(frame, true);
    } else if (this.#state === "chunked" && known && this.#chunked?.pass(length) === true) {
      this.position += length;
      this.#look = 0;
    } else {
      this.#lose(length, frame);
      this.position += length;
    }
    this.#announce();
  }

  end(how: EndCause, frame: FrameNo): void {
    this.#settleSkipped();
    switch (this.#state) {
      case "head":
        this.#cutHead();
        break;
      case "close":
        this.#complete(frame, how === "fin");
        break;
      case "length":
      case "chunked":
        this.#context.note({ id: "http-body-cut", frame, at: this.position });
        this.#complete(frame, false);
        break;
      default:
    }
    this.#state = "over";
    this.#switchedBy = null;
    this.skippable = 0;
    this.#announced = 0;
  }

  resume(rule: Exclude<BodyRule, "switch"> = "none"): void {
    const head = this.#switchedBy;
    if (this.#state !== "switched" || head === null) return;
    this.#switchedBy = null;
    if (rule === "none") this.#state = "start";
    else this.#body(head, rule, head.where.frame);
    this.#announce();
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
    if (this.#look === 0 && !this.#unsure) {
      if (this.#state === "length") ahead = this.#remaining;
      else if (this.#state === "chunked") ahead = this.#chunked?.ahead ?? 0;
      else if (this.#state === "close") ahead = ALL;
    }
    this.skippable = ahead;
    this.#announced = ahead;
  }

  // --- one step: a head or part of it, or part of a body; returns where it ended

  #step(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    if (this.#unsure) {
      this.#unsure = false;
      if (looksLikeResponse(bytes, at, end) === "yes") this.#completeAt(at, frame, true);
    }
    switch (this.#state) {
      case "start":
        return this.#begin(bytes, at, frame);
      case "head":
        return this.#scanHead(bytes, at, end, frame);
      case "length": {
        const stop = Math.min(end, at + this.#remaining);
        this.#show(bytes, at, stop);
        this.#remaining -= stop - at;
        if (this.#remaining === 0) this.#completeAt(stop, frame, true);
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

  /** Between messages: empty lines are passed over, with anything else a message begins. */
  #begin(bytes: Uint8Array, at: number, frame: FrameNo): number {
    const byte = bytes[at]!;
    if ((byte === CR || byte === LF) && this.#emptyLines < MAX_EMPTY_LINES) {
      this.#emptyLines++;
      return at + 1;
    }
    this.#emptyLines = 0;
    this.#state = "head";
    this.#headFrame = frame;
    this.#messageAt = this.#origin + at;
    this.#quiet = false;
    return at;
  }

  /** Behind a loss: the next push that begins with a message goes on. */
  #resynchronise(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    const looks = this.#role === "response" ? looksLikeResponse(bytes, at, end) : looksLikeRequest(bytes, at, end);
    if (looks === "no") return end;
    this.#state = "start";
    let from = at;
    while (from < end && this.#state === "start") from = this.#begin(bytes, from, frame);
    this.#quiet = true;
    return from;
  }

  /** Looks for the empty line; no byte is looked at twice, but for the first few. */
  #scanHead(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    let empty = this.#lineEmpty;
    for (let p = at; p < end; p++) {
      if (empty) {
        const byte = bytes[p]!;
        if (byte === LF) return this.#headEnds(bytes, at, p + 1, frame);
        if (byte === CR) continue;
        empty = false;
      }
      while (p < end && bytes[p] !== LF) p++;
      if (p === end) break;
      empty = true;
      if (this.#lineSeen) continue;
      const line = this.#firstLine(bytes, at, p + 1);
      if (line === "simple") return this.#headEnds(bytes, at, p + 1, frame);
      if (line === "none") return this.#noMessage(end, frame);
    }
    this.#lineEmpty = empty;
    if (!this.#keepHead(bytes, at, end, frame)) return end;
    if (!this.#lookedAt && this.#headLength >= ENOUGH_TO_TELL) {
      this.#lookedAt = true;
      if (!this.#canBegin()) return this.#noMessage(end, frame);
    }
    return end;
  }

  /** What the first line is, whose LF is the last byte of `bytes[at, stop)`. */
  #firstLine(bytes: Uint8Array, at: number, stop: number): "message" | "simple" | "none" {
    this.#lineSeen = true;
    this.#lookedAt = true;
    if (this.#headLength === 0) return firstLine(this.#role, bytes, at, stop);
    const line = new Uint8Array(this.#headLength + (stop - at));
    line.set(this.#head.subarray(0, this.#headLength));
    line.set(bytes.subarray(at, stop), this.#headLength);
    return firstLine(this.#role, line, 0, line.length);
  }

  /** What the kept bytes look like. */
  #looks(): Looks {
    const looks = this.#role === "response" ? looksLikeResponse : looksLikeRequest;
    return looks(this.#head, 0, this.#headLength);
  }

  /** Whether the kept bytes can be the start of a message. Methods of small letters are told by their whole line only. */
  #canBegin(): boolean {
    return this.#looks() === "yes" || (this.#role === "request" && isLetterOrDigit(this.#head[0]!));
  }

  #noMessage(end: number, frame: FrameNo): number {
    if (!this.#quiet) this.#context.note({ id: "http-malformed", frame, at: this.#messageAt });
    this.#dropHead();
    this.#state = "lost";
    return end;
  }

  /** Keeps part of a head for the next push; false if it became too long, and is given out as far as it is there. */
  #keepHead(bytes: Uint8Array, at: number, end: number, frame: FrameNo): boolean {
    const length = this.#headLength + (end - at);
    if (length > MAX_HEAD_BYTES) {
      this.#context.note({ id: "http-head-too-long", frame, at: this.#messageAt, detail: { limit: MAX_HEAD_BYTES } });
      this.position = this.#origin + at;
      this.#cutHead();
      return false;
    }
    if (length > this.#head.length) {
      const larger = new Uint8Array(Math.min(MAX_HEAD_BYTES, Math.max(1024, 2 * this.#head.length, length)));
      larger.set(this.#head.subarray(0, this.#headLength));
      this.#head = larger;
    }
    this.#head.set(bytes.subarray(at, end), this.#headLength);
    this.#headLength = length;
    this.#keptFrame = frame;
    this.#keptTime = this.#context.now();
    return true;
  }

  /** The head's last byte is `bytes[stop - 1]`. */
  #headEnds(bytes: Uint8Array, at: number, stop: number, frame: FrameNo): number {
    if (this.#headLength === 0 && stop - at <= MAX_HEAD_BYTES) this.#giveHead(bytes, at, stop, stop, frame);
    else if (this.#keepHead(bytes, at, stop, frame)) this.#giveHead(this.#head, 0, this.#headLength, stop, frame);
    return stop;
  }

  #giveHead(bytes: Uint8Array, start: number, end: number, stop: number, frame: FrameNo): void {
    this.position = this.#origin + stop;
    const where = { frame, firstFrame: this.#headFrame, at: this.#messageAt, time: this.#context.now() };
    const place = { where, end: this.position, cut: false };
    let head = knownHead(this.#role, bytes, start, end, where, this.position);
    if (head === null) {
      head = readHead(this.#role, bytes, start, end, place, this.#context);
      if (head !== null) rememberHead(head, bytes, start, end);
    }
    const quiet = this.#quiet;
    this.#dropHead();
    if (head !== null) {
      this.#body(head, this.#sink.head(head), frame);
      return;
    }
    if (!quiet) this.#context.note({ id: "http-malformed", frame, at: this.#messageAt });
    this.#state = "lost";
  }

  /** The rest of the kept head is not in the capture: gives what is there, if it says enough, and waits for the next message. */
  #cutHead(): void {
    const frame = this.#keptFrame;
    const where = { frame, firstFrame: this.#headFrame, at: this.#messageAt, time: this.#keptTime };
    const place = { where, end: this.position, cut: true };
    const begins = this.#lineSeen || this.#looks() === "yes";
    const head = begins ? readHead(this.#role, this.#head, 0, this.#headLength, place, this.#context) : null;
    if (!begins && !this.#quiet && !this.#canBegin() && this.#looks() === "no") {
      this.#context.note({ id: "http-malformed", frame, at: this.#messageAt });
    }
    this.#dropHead();
    this.#state = "lost";
    if (head === null) return;
    const rule = this.#sink.head(head);
    if (rule === "switch") this.#switch(head);
    else this.#sink.message(frame, false, this.position - this.#messageAt);
  }

  /** Bytes are missing, and the message they belong to cannot be followed across them. */
  #lose(length: number, frame: FrameNo): void {
    switch (this.#state) {
      case "head":
        this.#context.note({ id: "http-gap", frame, at: this.position, detail: { length } });
        this.#cutHead();
        return;
      case "length":
      case "chunked":
        this.#context.note({ id: "http-gap", frame, at: this.position, detail: { length } });
        this.#complete(frame, this.#state === "length" && length > 0);
        this.#state = "lost";
        return;
      case "close":
        this.#look = 0;
        return;
      case "start":
        this.#state = "lost";
        return;
      default:
    }
  }

  /** RFC 9112 §6.3: how the body of this message is framed. */
  #body(head: HttpHead, rule: BodyRule, frame: FrameNo): void {
    this.#look = rule === "look" ? MAX_LOOK : 0;
    this.#unsure = false;
    if (rule === "switch") this.#switch(head);
    else if (rule === "none") this.#complete(frame, true);
    else if (head.chunked) {
      this.#state = "chunked";
      this.#chunked = new ChunkedBody();
    } else if (head.contentLength !== null && head.contentLength > 0) {
      this.#state = "length";
      this.#remaining = head.contentLength;
    } else if (head.contentLength === null && head.kind === "response" && head.version !== "HTTP/0.9") {
      this.#state = "close";
    } else this.#complete(frame, true);
    this.#unsure = rule === "unsure" && this.#state !== "start";
  }

  #switch(head: HttpHead): void {
    this.#state = "switched";
    this.#switchedBy = head;
  }

  #chunks(bytes: Uint8Array, at: number, end: number, frame: FrameNo): number {
    const chunked = this.#chunked;
    if (chunked === null) return end;
    let p = at;
    while (p < end) {
      p = chunked.take(bytes, p, end);
      if (chunked.data > 0) this.#show(bytes, p - chunked.data, p);
      if (chunked.malformed) {
        this.#context.note({ id: "http-chunk-malformed", frame, at: this.#origin + p - 1 });
        this.#completeAt(p, frame, false);
        this.#state = "lost";
        return end;
      }
      if (chunked.done) {
        this.#completeAt(p, frame, true);
        return p;
      }
    }
    return p;
  }

  #show(bytes: Uint8Array, start: number, end: number): void {
    if (this.#look === 0 || end <= start) return;
    const stop = Math.min(end, start + this.#look);
    this.#look -= stop - start;
    this.#sink.body?.(bytes, start, stop);
  }

  /** Completes a message whose last byte is `bytes[stop - 1]` of the push. */
  #completeAt(stop: number, frame: FrameNo, whole: boolean): void {
    this.position = this.#origin + stop;
    this.#complete(frame, whole);
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
    this.#lineSeen = false;
    this.#lookedAt = false;
  }
}

const NOTHING = new Uint8Array(0);
