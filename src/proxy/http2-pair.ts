// Both directions of an HTTP/2 conversation inside TLS or a tunnel: exchanges by stream (RFC 9113 §8.1).
import type { FrameNo, Where } from "../bytes/index.ts";
import {
  type BodyRule,
  createHttp2Connection,
  type Http2Connection,
  type Http2Role,
  type Http2Sink,
  type RequestHead,
  type ResponseHead,
} from "../http/index.ts";
import type { EndCause, GapCause } from "../tcp/index.ts";
import { BodyLook } from "./body-look.ts";
import type { ProxyContext } from "./context.ts";
import { bodyRule, type ExchangeList, endResponse, type OpenExchange, openExchange } from "./exchanges.ts";
import type { HttpConversation, HttpPairSetup } from "./http-conversation.ts";
import { whyReset } from "./stream-reset.ts";
import type { Unanswered } from "./types.ts";
import { absoluteUrl } from "./url.ts";
import { unusualBytesOf } from "./weight.ts";

/** Streams that wait for their response; servers allow a hundred or so at once (SETTINGS_MAX_CONCURRENT_STREAMS). */
const MAX_WAITING = 1_000;

/** Responses that may wait for their request. */
const MAX_EARLY = 64;

interface OpenStream {
  readonly exchange: OpenExchange;
  look: BodyLook | null;
}

/** Feeds an HTTP/2 connection and pairs requests with responses. */
export class Http2Pair implements HttpConversation, Http2Sink {
  readonly #connection: Http2Connection;
  readonly #context: ProxyContext;
  readonly #list: ExchangeList;
  readonly #setup: HttpPairSetup;
  readonly #streams = new Map<number, OpenStream>();
  /** Responses that were over before their request was seen, which is held back behind a hole or was recorded too late. */
  readonly #early = new Map<number, OpenExchange>();
  /** No stream beyond this one waits: it was named by the last GOAWAY, and none was opened since. */
  #allUpTo = Number.POSITIVE_INFINITY;

  constructor(context: ProxyContext, list: ExchangeList, setup: HttpPairSetup) {
    this.#context = context;
    this.#list = list;
    this.#setup = setup;
    this.#connection = createHttp2Connection(this, context);
  }

  get kept(): number {
    const open = [...this.#streams.values()];
    const looks = open.reduce((sum, { look }) => sum + (look?.kept ?? 0), 0);
    const exchanges = [...open.map(({ exchange }) => exchange), ...this.#early.values()];
    return this.#connection.kept + looks + unusualBytesOf(exchanges);
  }

  /** A request that was sent before the connection began is answered on this stream. */
  adopt(stream: number, exchange: OpenExchange): void {
    this.#streams.set(stream, { exchange, look: null });
  }

  push(from: Http2Role, bytes: Uint8Array, start: number, end: number, frame: FrameNo, skippable: number): number {
    const sink = this.#connection[from];
    sink.skippable = skippable;
    sink.push(bytes, start, end, frame);
    return sink.skippable;
  }

  gap(from: Http2Role, length: number, cause: GapCause, frame: FrameNo, skippable: number): number {
    const sink = this.#connection[from];
    sink.skippable = skippable;
    sink.gap(length, cause, frame);
    return sink.skippable;
  }

  end(from: Http2Role, how: EndCause, frame: FrameNo): void {
    this.#connection[from].end(how, frame);
  }

  close(why: Unanswered): void {
    for (const { exchange } of this.#streams.values()) {
      if (exchange.response === null) this.#list.add({ ...exchange, unanswered: why });
    }
    this.#streams.clear();
    this.#early.clear();
  }

  // --- what the connection tells

  request(stream: number, head: RequestHead, pushed: boolean): BodyRule {
    if (pushed) return "framed";
    const answered = this.#streams.get(stream)?.exchange ?? this.#early.get(stream);
    if (answered === undefined && this.#streams.size >= MAX_WAITING) {
      this.#list.dropped++;
      return "framed";
    }
    const exchange = answered ?? openExchange(head);
    exchange.request = head;
    exchange.url = absoluteUrl(head, this.#setup.scheme, this.#setup.authority);
    if (answered === undefined) {
      this.#streams.set(stream, { exchange, look: null });
      this.#allUpTo = Number.POSITIVE_INFINITY;
    }
    this.#early.delete(stream);
    return "framed";
  }

  response(stream: number, head: ResponseHead): BodyRule {
    if (head.status < 200) return "none";
    let open = this.#streams.get(stream);
    if (open === undefined) {
      open = { exchange: openExchange(head), look: null };
      if (this.#streams.size < MAX_WAITING) this.#streams.set(stream, open);
    }
    // Trailers and broken servers: the first final response counts.
    if (open.exchange.response !== null) return "framed";
    open.exchange.response = head;
    this.#list.add(open.exchange);
    const rule = bodyRule(open.exchange.request?.method ?? null, head.status);
    if (rule !== "look") return rule;
    open.look = new BodyLook(this.#context);
    open.look.start(head);
    return rule;
  }

  body(stream: number, from: Http2Role, bytes: Uint8Array, start: number, end: number): void {
    if (from === "server") this.#streams.get(stream)?.look?.add(bytes, start, end);
  }

  message(stream: number, from: Http2Role, _frame: FrameNo, _whole: boolean, bytes: number): void {
    const open = this.#streams.get(stream);
    if (open === undefined) return;
    const { exchange } = open;
    if (from === "client") {
      exchange.requestBytes = bytes;
      return;
    }
    if (exchange.response === null) {
      exchange.responseBytes = bytes;
      // Its head came and could not be read.
      this.#giveUp(stream, exchange, "not-captured");
      return;
    }
    endResponse(exchange, open.look?.finish() ?? null, bytes);
    this.#streams.delete(stream);
    if (exchange.request === null && this.#early.size < MAX_EARLY) this.#early.set(stream, exchange);
  }

  /** Heads that could not be read were noted by the parser. */
  unreadable(_stream: number, _from: Http2Role, _where: Where): void {}

  /** Nothing is switched to here. */
  data(): void {}

  dataGap(): void {}

  reset(stream: number, from: Http2Role, code: number): void {
    const exchange = this.#streams.get(stream)?.exchange;
    if (exchange?.response === null) this.#giveUp(stream, exchange, whyReset(from, code));
  }

  /** RFC 9113 §6.8: requests on later streams were not worked on, and are sent again. */
  goAway(from: Http2Role, lastStream: number): void {
    if (from === "client" || lastStream >= this.#allUpTo) return;
    this.#allUpTo = lastStream;
    for (const [stream, { exchange }] of this.#streams) {
      if (stream > lastStream && exchange.response === null) this.#giveUp(stream, exchange, "cancelled");
    }
  }

  #giveUp(stream: number, exchange: OpenExchange, why: Unanswered): void {
    this.#list.add({ ...exchange, unanswered: why });
    this.#streams.delete(stream);
  }
}
