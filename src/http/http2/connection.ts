// An HTTP/2 connection (RFC 9113): both directions' bytes in, the streams' messages out.
import { startsWith } from "../../bytes/index.ts";
import type { Looks } from "../detect.ts";
import type { Http2Connection, Http2Role, Http2Sink, HttpContext } from "../types.ts";
import { Http2Direction } from "./direction.ts";
import { FRAME, FRAME_HEADER, isLikely, PREFACE, readFrameHeader } from "./frames.ts";
import { Http2Streams } from "./streams.ts";

/** A connection, from its first byte or joined in its middle. */
export function createHttp2Connection(sink: Http2Sink, context: HttpContext): Http2Connection {
  return new Connection(sink, context);
}

class Connection implements Http2Connection {
  readonly client: Http2Direction;
  readonly server: Http2Direction;
  readonly #streams: Http2Streams;

  constructor(sink: Http2Sink, context: HttpContext) {
    this.#streams = new Http2Streams(sink);
    this.client = new Http2Direction("client", sink, this.#streams, context);
    this.server = new Http2Direction("server", sink, this.#streams, context);
  }

  get kept(): number {
    return this.client.kept + this.server.kept + this.#streams.kept;
  }
}

/** Whether the first bytes of a direction begin an HTTP/2 connection: the client's preface, the server's SETTINGS frame. */
export function looksLikeHttp2(role: Http2Role, bytes: Uint8Array, start: number, end: number): Looks {
  if (role === "client") {
    const length = Math.min(end - start, PREFACE.length);
    if (!startsWith(bytes, start, end, PREFACE.slice(0, length))) return "no";
    return length === PREFACE.length ? "yes" : "more";
  }
  if (end - start < FRAME_HEADER) return "more";
  const header = { length: 0, type: 0, flags: 0, stream: 0 };
  readFrameHeader(bytes, start, header);
  return header.type === FRAME.settings && header.flags === 0 && isLikely(header) ? "yes" : "no";
}
