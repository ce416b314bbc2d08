// Pairs the requests and responses of one HTTP/1.x conversation (RFC 9112 §9.3.2: responses come in the order of requests).
import type { Where } from "../bytes/index.ts";
import type { BodyRule, RequestHead, ResponseHead } from "../http/index.ts";
import type { BodyMarks, ExchangeFact, Unanswered } from "./types.ts";

/** Exchanges kept per list. A tunnel can carry thousands; the first ones and every challenge are what a diagnosis reads. */
const MAX_KEPT = 100;
/** Challenges kept beyond that. */
const MAX_CHALLENGES_KEPT = 100;
/** Requests that may wait for their response; pipelining clients stay far below. */
const MAX_PENDING = 1_000;

/**
 * A card with several queues records what it receives and what it sends in either order, microseconds apart: a response that
 * comes so long before any request for it is taken for the answer to the next one.
 */
export const EARLY_NS = 2_000_000n;

/** An exchange while it goes on. */
export interface OpenExchange {
  protocol: ExchangeFact["protocol"];
  request: RequestHead | null;
  response: ResponseHead | null;
  url: string | null;
  unanswered: Unanswered | null;
  requestBytes: number;
  responseBytes: number;
  responseEnd: Where | null;
  body: BodyMarks | null;
}

/** The list of exchanges of one conversation, bounded. */
export class ExchangeList {
  readonly kept: OpenExchange[] = [];
  dropped = 0;
  #challenges = 0;

  /** What was kept, in the order of the requests. */
  sorted(): readonly OpenExchange[] {
    return this.kept.sort((a, b) => placeOf(a) - placeOf(b));
  }

  remove(exchange: OpenExchange): void {
    const at = this.kept.lastIndexOf(exchange);
    if (at >= 0) this.kept.splice(at, 1);
  }

  add(exchange: OpenExchange): void {
    const challenge = exchange.response !== null && isChallenge(exchange.response);
    if (this.kept.length - this.#challenges < MAX_KEPT) this.kept.push(exchange);
    else if (challenge && this.#challenges < MAX_CHALLENGES_KEPT) {
      this.kept.push(exchange);
      this.#challenges++;
    } else this.dropped++;
  }
}

function placeOf({ request, response }: OpenExchange): number {
  return (request ?? response)?.where.frame ?? 0;
}

/** Waits with each request for its response. */
export class ExchangePairing {
  readonly #list: ExchangeList;
  readonly #waiting: OpenExchange[] = [];
  #lost = 0;
  #lossy = false;
  /** The last response, if no request waited for it. */
  early: OpenExchange | null = null;

  constructor(list: ExchangeList) {
    this.#list = list;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** `whole`: no request can be missing, so that a response without one was recorded too early. */
  request(head: RequestHead, url: string | null, whole = false): void {
    const early = this.early;
    this.early = null;
    if (whole && early?.response != null && head.where.time - early.response.where.time <= EARLY_NS) {
      early.request = head;
      early.url = url;
      return;
    }
    if (this.#waiting.length >= MAX_PENDING) {
      this.#lost++;
      return;
    }
    this.#waiting.push({ ...openExchange(head), request: head, url });
  }

  requestDone(bytes: number): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined) last.requestBytes += bytes;
  }

  /** The exchange that this response belongs to; interim responses (1xx) leave it waiting. */
  response(head: ResponseHead): { exchange: OpenExchange; rule: BodyRule } {
    if (head.status < 200 && head.status !== 101) {
      return { exchange: this.#waiting[0] ?? openExchange(head), rule: "none" };
    }
    // Clients that do not pipeline send a request only behind the last response: behind a loss it answers the latest one.
    while (this.#lossy && this.#waiting.length > 1) this.#giveUp(this.#waiting.shift(), "not-captured");
    this.#lossy = false;
    const waited = this.#waiting.shift();
    const exchange = waited ?? openExchange(head);
    exchange.response = head;
    this.early = waited === undefined ? exchange : null;
    this.#list.add(exchange);
    return { exchange, rule: bodyRule(exchange.request?.method ?? null, head.status) };
  }

  /** What came early was the answer to something else. */
  forgetEarly(): void {
    if (this.early !== null) this.#list.remove(this.early);
    this.early = null;
  }

  /** Bytes of the responses are lost: of the requests that wait, all but the last may have been answered there. */
  lostResponses(): void {
    this.#lossy = true;
  }

  /** Nothing more will come. */
  close(why: Unanswered): void {
    this.#flush(why);
    this.#list.dropped += this.#lost;
    this.#lost = 0;
  }

  #flush(why: Unanswered): void {
    for (const exchange of this.#waiting.splice(0)) this.#giveUp(exchange, this.#lossy ? "not-captured" : why);
  }

  #giveUp(exchange: OpenExchange | undefined, why: Unanswered): void {
    if (exchange !== undefined) this.#list.add({ ...exchange, unanswered: why });
  }
}

/** RFC 9112 §6.3: which responses have no body; bodies of refusals are looked at for what they say about their sender. */
export function bodyRule(method: string | null, status: number): BodyRule {
  if (status === 101) return "switch";
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
  return status === 401 || status === 403 || status === 407 || status >= 500 ? "look" : "framed";
}

function isChallenge(head: ResponseHead): boolean {
  return head.status === 401 || head.status === 407;
}

/** An exchange of which nothing but the protocol is known yet. */
export function openExchange(head: RequestHead | ResponseHead): OpenExchange {
  return {
    protocol: head.version === "HTTP/2" ? "h2" : head.version === "HTTP/1.1" ? "http/1.1" : "http/1.0",
    request: null,
    response: null,
    url: null,
    unanswered: null,
    requestBytes: 0,
    responseBytes: 0,
    responseEnd: null,
    body: null,
  };
}
