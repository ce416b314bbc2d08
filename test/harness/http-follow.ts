// Follows every connection of a capture whose first bytes are HTTP, and lists its messages, as a proxy's timeline would not.
import { createKeyedHash } from "../../src/bytes/index.ts";
import {
  createHttp1Parser,
  createHttp2Connection,
  type Http1Parser,
  type Http2Connection,
  type Http2Sink,
  type HttpContext,
  type HttpHead,
  looksLikeHttp2,
  looksLikeRequest,
  looksLikeResponse,
} from "../../src/http/index.ts";
import { createPacketDecoder } from "../../src/packet/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { type ByteSink, createTcp, type EndCause, type GapCause } from "../../src/tcp/index.ts";

/** The messages of one stream in order: "METHOD target", statuses. */
export interface HttpStream {
  readonly requests: string[];
  readonly responses: number[];
  /** Final statuses over HTTP/2, in order of their heads. */
  readonly http2: number[];
}

type Parser = Http1Parser | ByteSink | null;

/** All streams of the capture by Wireshark's number. */
export function httpStreams(capture: Uint8Array): ReadonlyMap<number, HttpStream> {
  const streams = new Map<number, HttpStream>();
  const tcp = createTcp(
    {
      interest: () => "follow",
      open({ stream }) {
        // Reused ports that Wireshark takes for one stream are two connections.
        const found = streams.get(stream) ?? { requests: [], responses: [], http2: [] };
        streams.set(stream, found);
        return { sinks: new Follower(found).sinks, closed() {}, abandoned: false };
      },
    },
    () => {},
  );
  const decoder = createPacketDecoder();
  const reader = createCaptureReader({
    packet: (packet) => void (decoder.decode(packet) && tcp.add(decoder.segment)),
    secrets() {},
    name() {},
    note() {},
  });
  reader.push(capture, 0, capture.length);
  reader.end();
  tcp.end();
  return streams;
}

/** One connection. */
class Follower {
  readonly sinks = [this.#sink(0), this.#sink(1)] as const;
  readonly #found: HttpStream;
  readonly #parsers: [Parser, Parser] = [null, null];
  readonly #methods: string[] = [];
  #clientSide: 0 | 1 | null = null;
  /** A CONNECT was answered with a 2xx: what follows is not of this conversation. */
  #tunnel = false;
  /** Set once the connection switched. */
  #http2: Http2Connection | null = null;

  constructor(found: HttpStream) {
    this.#found = found;
  }

  #sink(side: 0 | 1): ByteSink {
    const self: ByteSink = {
      skippable: 0,
      push: (bytes, start, end, frame) => {
        const parser = this.#parserFor(side, bytes, start, end);
        if (parser === null) return;
        parser.skippable = self.skippable;
        const stop = parser.push(bytes, start, end, frame) ?? end;
        // Behind an upgrade the same bytes go on in the other protocol.
        const next = this.#http2 === null ? parser : this.#inHttp2(side);
        if (stop < end && next !== parser) next.push(bytes, stop, end, frame);
        self.skippable = next.skippable;
      },
      gap: (length: number, cause: GapCause, frame: number) => {
        const parser = this.#parsers[side];
        if (parser === null) return;
        parser.skippable = self.skippable;
        parser.gap(length, cause, frame);
        self.skippable = parser.skippable;
      },
      end: (how: EndCause, frame: number) => this.#parsers[side]?.end(how, frame),
    };
    return self;
  }

  #parserFor(side: 0 | 1, bytes: Uint8Array, start: number, end: number): Parser {
    if (this.#tunnel) return null;
    if (this.#http2 !== null) return this.#inHttp2(side);
    this.#clientSide ??= clientSide(side, bytes, start, end);
    if (this.#clientSide === null) return null;
    const isClient = side === this.#clientSide;
    if (isClient && this.#parsers[side] === null && looksLikeHttp2("client", bytes, start, end) === "yes") {
      this.#http2 = createHttp2Connection(this.#http2Sink(), CONTEXT);
      return this.#inHttp2(side);
    }
    this.#parsers[side] ??= this.#http1(isClient ? "request" : "response");
    return this.#parsers[side];
  }

  #inHttp2(side: 0 | 1): ByteSink {
    const connection = this.#http2!;
    const parser = side === this.#clientSide ? connection.client : connection.server;
    this.#parsers[side] = parser;
    return parser;
  }

  #http1(role: "request" | "response"): Http1Parser {
    return createHttp1Parser(role, { head: (head) => this.#head(head), message() {} }, CONTEXT);
  }

  #head(head: HttpHead) {
    if (head.kind === "request") {
      this.#found.requests.push(`${head.method} ${head.target}`);
      this.#methods.push(head.method);
      return "framed";
    }
    this.#found.responses.push(head.status);
    if (head.status === 101) {
      if (head.upgrade === "h2c") this.#http2 = createHttp2Connection(this.#http2Sink(), CONTEXT);
      return "switch";
    }
    if (head.status < 200) return "none";
    const method = this.#methods.shift();
    if (method === "CONNECT" && head.status < 300) {
      this.#tunnel = true;
      return "switch";
    }
    return method === "HEAD" || head.status === 204 || head.status === 304 ? "none" : "framed";
  }

  #http2Sink(): Http2Sink {
    return {
      request: () => "framed",
      response: (_stream, head) => {
        this.#found.http2.push(head.status);
        return "framed";
      },
      unreadable() {},
      data() {},
      dataGap() {},
      message() {},
      reset() {},
      goAway() {},
    };
  }
}

const CONTEXT: HttpContext = { note() {}, now: () => 0n, tag: createKeyedHash(new Uint8Array(8)) };

function clientSide(side: 0 | 1, bytes: Uint8Array, start: number, end: number): 0 | 1 | null {
  if (looksLikeResponse(bytes, start, end) !== "no") return side === 0 ? 1 : 0;
  if (looksLikeRequest(bytes, start, end) !== "no") return side;
  return null;
}
