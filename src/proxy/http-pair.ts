// Both directions of a plain HTTP/1.x conversation: in a tunnel, inside TLS that was opened, or on a server leg.
import type { FrameNo } from "../bytes/index.ts";
import { createHttp1Parser, type Http1Parser, type HttpHead, isSuccess, type ResponseHead } from "../http/index.ts";
import type { EndCause, GapCause } from "../tcp/index.ts";
import { BodyLook } from "./body-look.ts";
import type { ProxyContext } from "./context.ts";
import { type ExchangeList, endResponse, type OpenExchange } from "./exchanges.ts";
import type { HttpConversation, HttpPairSetup } from "./http-conversation.ts";
import { Http2Pair } from "./http2-pair.ts";
import { ExchangePairing } from "./pairing.ts";
import type { Unanswered } from "./types.ts";
import { absoluteUrl } from "./url.ts";

/** More than any connection carries: nothing needs to be pushed any more. */
export const SKIP_ALL = Number.MAX_SAFE_INTEGER;

/** Feeds requests and responses to their parsers and pairs them. */
export class HttpPair implements HttpConversation {
  readonly #requests: Http1Parser;
  readonly #responses: Http1Parser;
  readonly #pairing: ExchangePairing;
  readonly #look: BodyLook;
  readonly #context: ProxyContext;
  readonly #list: ExchangeList;
  readonly #setup: HttpPairSetup;
  #answering: OpenExchange | null = null;
  /** Whether all that the client said so far is in the capture. */
  #requestsWhole: boolean;
  /** An Upgrade or a CONNECT was answered: what follows is another protocol (RFC 9110 §7.8, §9.3.6). */
  #switched = false;
  /** That protocol, where it is HTTP again. */
  #next: Http2Pair | null = null;

  /** `whole`: all that the client said before is in the capture, so that no response can belong to a request that is not. */
  constructor(context: ProxyContext, list: ExchangeList, setup: HttpPairSetup, whole: boolean) {
    this.#context = context;
    this.#list = list;
    this.#setup = setup;
    this.#requestsWhole = whole;
    this.#pairing = new ExchangePairing(list);
    this.#look = new BodyLook(context);
    const http = { note: context.note, now: context.now, tag: context.tag };
    this.#requests = createHttp1Parser(
      "request",
      {
        head: (head: HttpHead) => {
          if (head.kind === "request") {
            this.#pairing.request(head, absoluteUrl(head, setup.scheme, setup.authority), this.#requestsWhole);
          }
          return "framed";
        },
        message: (_frame, _whole, bytes) => this.#pairing.requestDone(bytes),
      },
      http,
    );
    this.#responses = createHttp1Parser(
      "response",
      {
        head: (head: HttpHead) => (head.kind === "response" ? this.#response(head) : "framed"),
        body: (bytes, start, end) => this.#look.add(bytes, start, end),
        message: (_frame, _whole, bytes) => this.#responseDone(bytes),
      },
      http,
    );
  }

  get kept(): number {
    const next = this.#next?.kept ?? 0;
    return this.#requests.kept + this.#responses.kept + this.#look.kept + this.#pairing.kept + next;
  }

  /** Takes bytes of one side; returns how many behind them need only be counted. */
  push(
    from: "client" | "server",
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: FrameNo,
    skippable: number,
  ): number {
    if (this.#switched) return this.#next?.push(from, bytes, start, end, frame, skippable) ?? SKIP_ALL;
    const parser = from === "client" ? this.#requests : this.#responses;
    parser.skippable = skippable;
    const stop = parser.push(bytes, start, end, frame);
    if (!this.#switched) return parser.skippable;
    return this.#next?.push(from, bytes, stop, end, frame, 0) ?? SKIP_ALL;
  }

  gap(from: "client" | "server", length: number, cause: GapCause, frame: FrameNo, skippable: number): number {
    if (this.#switched) return this.#next?.gap(from, length, cause, frame, skippable) ?? SKIP_ALL;
    const parser = from === "client" ? this.#requests : this.#responses;
    const begun = parser.between ? length : 0;
    parser.skippable = skippable;
    parser.gap(length, cause, frame);
    if (from === "client") this.#requestsWhole = false;
    if (parser.skippable > 0) return parser.skippable;
    if (from === "client") this.#pairing.lostRequests();
    else if (this.#pairing.lostResponses(frame, begun))
      this.#context.note({ id: "proxy-exchange-missing", frame, at: 0, detail: { length } });
    return parser.skippable;
  }

  end(from: "client" | "server", how: EndCause, frame: FrameNo): void {
    (from === "client" ? this.#requests : this.#responses).end(how, frame);
    this.#next?.end(from, how, frame);
  }

  close(why: Unanswered): void {
    this.#pairing.close(why);
    this.#next?.close(why);
  }

  #response(head: ResponseHead) {
    const { exchange, rule: framing } = this.#pairing.response(head);
    // RFC 9110 §9.3.6: behind a CONNECT that succeeded is a tunnel.
    const opens = exchange.request?.form === "authority" && isSuccess(head.status);
    const rule = opens ? "switch" : framing;
    if (rule === "switch") {
      const protocol = head.upgrade ?? exchange.request?.upgrade;
      if (head.status === 101 && protocol === "h2c") this.#next = this.#toHttp2(exchange);
      this.#switched = true;
    }
    this.#answering = exchange;
    if (rule === "look") this.#look.start(head);
    return rule;
  }

  /** RFC 7540 §3.2: the request that asked for it is answered on stream 1. */
  #toHttp2(exchange: OpenExchange): Http2Pair {
    const next = new Http2Pair(this.#context, this.#list, this.#setup);
    if (exchange.request === null) return next;
    this.#list.remove(exchange);
    exchange.response = null;
    next.adopt(1, exchange);
    return next;
  }

  #responseDone(bytes: number): void {
    const exchange = this.#answering;
    this.#answering = null;
    endResponse(exchange, this.#look.finish(), bytes);
  }
}
