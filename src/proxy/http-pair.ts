// Both directions of a plain HTTP/1.x conversation: in a tunnel, inside TLS that was opened, or on a server leg.
import type { FrameNo } from "../bytes/index.ts";
import { createHttp1Parser, type Http1Parser, type HttpHead, type ResponseHead } from "../http/index.ts";
import type { EndCause, GapCause } from "../tcp/index.ts";
import { BodyLook } from "./body-look.ts";
import type { ProxyContext } from "./context.ts";
import { type ExchangeList, endResponse, type OpenExchange } from "./exchanges.ts";
import { ExchangePairing } from "./pairing.ts";
import type { Unanswered } from "./types.ts";
import { absoluteUrl } from "./url.ts";

/** How an HttpPair sees its surroundings. */
export interface HttpPairSetup {
  readonly scheme: "http" | "https";
  /** host[:port] for requests without a Host field. */
  readonly authority: string | null;
}

/** HTTP of both directions, whatever its version. `push` and `gap` return how many bytes behind them need only be counted. */
export interface HttpConversation {
  push(
    from: "client" | "server",
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: FrameNo,
    skippable: number,
  ): number;
  gap(from: "client" | "server", length: number, cause: GapCause, frame: FrameNo, skippable: number): number;
  end(from: "client" | "server", how: EndCause, frame: FrameNo): void;
  close(why: Unanswered): void;
  /** Bytes kept of what is not whole. */
  readonly kept: number;
}

/** More than any connection carries: nothing needs to be pushed any more. */
export const SKIP_ALL = Number.MAX_SAFE_INTEGER;

/** Feeds requests and responses to their parsers and pairs them. */
export class HttpPair implements HttpConversation {
  readonly #requests: Http1Parser;
  readonly #responses: Http1Parser;
  readonly #pairing: ExchangePairing;
  readonly #look: BodyLook;
  readonly #context: ProxyContext;
  #answering: OpenExchange | null = null;
  /** Whether all that the client said so far is in the capture. */
  #requestsWhole: boolean;
  /** The protocol an answered Upgrade switched to (RFC 9110 §7.8), or null. */
  upgraded: string | null = null;

  /** `whole`: all that the client said before is in the capture, so that no response can belong to a request that is not. */
  constructor(context: ProxyContext, list: ExchangeList, setup: HttpPairSetup, whole: boolean) {
    this.#context = context;
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
        message: (frame, _whole, bytes) => this.#responseDone(frame, bytes),
      },
      http,
    );
  }

  get kept(): number {
    return this.#requests.kept + this.#responses.kept + this.#look.kept + this.#pairing.kept;
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
    if (this.upgraded !== null) return SKIP_ALL;
    const parser = from === "client" ? this.#requests : this.#responses;
    parser.skippable = skippable;
    parser.push(bytes, start, end, frame);
    return this.upgraded === null ? parser.skippable : SKIP_ALL;
  }

  gap(from: "client" | "server", length: number, cause: GapCause, frame: FrameNo, skippable: number): number {
    if (this.upgraded !== null) return SKIP_ALL;
    const parser = from === "client" ? this.#requests : this.#responses;
    const begun = parser.between ? length : 0;
    parser.skippable = skippable;
    parser.gap(length, cause, frame);
    if (from === "client") this.#requestsWhole = false;
    if (parser.skippable > 0) return parser.skippable;
    if (from === "client") this.#pairing.lostRequests();
    else this.#pairing.lostResponses(frame, begun);
    return parser.skippable;
  }

  end(from: "client" | "server", how: EndCause, frame: FrameNo): void {
    (from === "client" ? this.#requests : this.#responses).end(how, frame);
  }

  close(why: Unanswered): void {
    this.#pairing.close(why);
  }

  #response(head: ResponseHead) {
    const { exchange, rule } = this.#pairing.response(head);
    if (rule === "switch") this.upgraded = head.upgrade ?? exchange.request?.upgrade ?? "unknown";
    this.#answering = exchange;
    if (rule === "look") this.#look.start(head);
    return rule;
  }

  #responseDone(frame: FrameNo, bytes: number): void {
    const exchange = this.#answering;
    this.#answering = null;
    endResponse(exchange, this.#look.finish(), bytes, frame, this.#context.now());
  }
}
