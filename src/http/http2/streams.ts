// The streams of an HTTP/2 connection (RFC 9113 §5): which messages are open, and what becomes of their DATA.
import type { FrameNo, Where } from "../../bytes/index.ts";
import type { BodyRule, Http2Role, Http2Sink } from "../types.ts";
import type { Block } from "./head.ts";

/** Peers allow 100 to 256 streams at once; a table that fills up holds streams whose end was not captured. */
const MAX_STREAMS = 1_000;
/** Bytes of a body that are shown to who asked for a look. */
const MAX_LOOK = 64 * 1024;
/** What a stream takes in memory, its entry in the table included. */
const STREAM_BYTES = 300;

/** One side of a stream. */
interface Half {
  /** Its head was met, readable or not; what follows are trailers. */
  begun: boolean;
  rule: BodyRule;
  /** Bytes of the body that may still be shown. */
  look: number;
  bytes: number;
  over: boolean;
  /** It began, or DATA of it was given on, since losses were last told: the next one concerns it. */
  hears: boolean;
}

interface Stream {
  readonly client: Half;
  readonly server: Half;
}

/** All open streams. */
export class Http2Streams {
  readonly #sink: Http2Sink;
  readonly #streams = new Map<number, Stream>();
  readonly #ended = { client: false, server: false };
  /** A stream may hear of the next loss of this side. */
  readonly #hears = { client: false, server: false };

  constructor(sink: Http2Sink) {
    this.#sink = sink;
  }

  /** What the table takes in memory, roughly: nine bytes on the wire make an entry. */
  get kept(): number {
    return this.#streams.size * STREAM_BYTES;
  }

  /** A field block of one side is complete. */
  block(from: Http2Role, id: number, block: Block, where: Where): void {
    const half = this.#open(id, where.frame)[from];
    const interim = block.kind === "response" && block.head.status < 200;
    if (half.begun && !interim) return;
    switch (block.kind) {
      case "request":
        this.#begin(half, from, this.#sink.request(id, block.head, false));
        return;
      case "response": {
        const rule = this.#sink.response(id, block.head);
        if (!interim) this.#begin(half, from, rule);
        return;
      }
      case "unreadable":
        this.#begin(half, from, "none");
        this.#sink.unreadable(id, from, where);
        return;
      case "trailers":
        // Of a message whose head was not captured.
        this.#begin(half, from, "none");
    }
  }

  /** The server promises a stream (RFC 9113 §8.4): its request is never sent. */
  promise(id: number, block: Block, where: Where, bytes: number): void {
    const stream = this.#open(id, where.frame);
    if (stream.client.begun) return;
    stream.client.bytes = bytes;
    this.#begin(stream.client, "client", "none");
    if (block.kind === "request") this.#sink.request(id, block.head, true);
    else this.#sink.unreadable(id, "server", where);
    this.end(id, "client", where.frame, true);
  }

  /** Whether DATA of this side of the stream is wanted. */
  takes(from: Http2Role, id: number): boolean {
    const half = this.#streams.get(id)?.[from];
    return half !== undefined && !half.over && (half.rule === "switch" || half.look > 0);
  }

  data(from: Http2Role, id: number, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const half = this.#streams.get(id)?.[from];
    if (half === undefined || half.over || end <= start) return;
    if (half.rule === "switch") {
      this.#listen(half, from);
      this.#sink.data(id, from, bytes, start, end, frame);
    } else if (half.look > 0) {
      const stop = Math.min(end, start + half.look);
      half.look -= stop - start;
      this.#sink.body?.(id, from, bytes, start, stop);
    }
  }

  /** `length` bytes of the stream's DATA are missing. */
  dataGap(from: Http2Role, id: number, length: number, frame: FrameNo): void {
    const half = this.#streams.get(id)?.[from];
    if (half === undefined || half.over) return;
    half.look = 0;
    if (half.rule === "switch") this.#sink.dataGap(id, from, length, frame);
  }

  /**
   * Frames of this side are missing, of any stream. To one of which nothing came since the last loss this says nothing new: a sender
   * can make a loss of a few bytes, and a thousand streams would be told of each.
   */
  gap(from: Http2Role, frame: FrameNo): void {
    if (!this.#hears[from]) return;
    this.#hears[from] = false;
    for (const [id, stream] of this.#streams) {
      const half = stream[from];
      if (!half.hears) continue;
      half.hears = false;
      this.dataGap(from, id, 0, frame);
    }
  }

  /** Counts a frame of a message. */
  count(from: Http2Role, id: number, bytes: number): void {
    const half = this.#streams.get(id)?.[from];
    if (half !== undefined) half.bytes += bytes;
  }

  /** This side of the stream is over. */
  end(id: number, from: Http2Role, frame: FrameNo, whole: boolean): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#finish(id, stream, from, frame, whole);
    if (stream.client.over && stream.server.over) this.#streams.delete(id);
  }

  /** RST_STREAM ends both sides. */
  reset(id: number, frame: FrameNo): void {
    this.end(id, "client", frame, false);
    this.end(id, "server", frame, false);
  }

  /** Nothing more comes from this side. */
  close(from: Http2Role, frame: FrameNo): void {
    this.#ended[from] = true;
    for (const id of [...this.#streams.keys()]) this.end(id, from, frame, false);
    if (this.#ended.client && this.#ended.server) this.#streams.clear();
  }

  #begin(half: Half, from: Http2Role, rule: BodyRule): void {
    half.begun = true;
    half.rule = rule;
    half.look = rule === "look" ? MAX_LOOK : 0;
    if (rule === "switch" || rule === "look") this.#listen(half, from);
  }

  #listen(half: Half, from: Http2Role): void {
    half.hears = true;
    this.#hears[from] = true;
  }

  #finish(id: number, stream: Stream, from: Http2Role, frame: FrameNo, whole: boolean): void {
    const half = stream[from];
    if (half.over) return;
    half.over = true;
    if (half.begun) this.#sink.message(id, from, frame, whole, half.bytes);
  }

  #open(id: number, frame: FrameNo): Stream {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    if (this.#streams.size >= MAX_STREAMS) {
      const oldest = this.#streams.keys().next().value;
      if (oldest !== undefined) this.reset(oldest, frame);
    }
    const stream = { client: newHalf(this.#ended.client), server: newHalf(this.#ended.server) };
    this.#streams.set(id, stream);
    return stream;
  }
}

function newHalf(over: boolean): Half {
  return { begun: false, rule: "none", look: 0, bytes: 0, over, hears: false };
}
