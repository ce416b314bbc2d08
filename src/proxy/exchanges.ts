// Exchanges of one conversation while it goes on: a bounded list of them, and what their heads tell.
import { type BodyRule, isChallenge, type RequestHead, type ResponseHead } from "../http/index.ts";
import type { BodyMarks, ExchangeFact, Unanswered } from "./types.ts";
import { unusualBytesOf } from "./weight.ts";

/** Exchanges kept per list. A tunnel can carry thousands; the first ones and every challenge are what a diagnosis reads. */
export const MAX_EXCHANGES = 100;
/** Challenges kept beyond that. */
const MAX_CHALLENGES_KEPT = 100;
/** An exchange while it goes on. */
export interface OpenExchange {
  protocol: ExchangeFact["protocol"];
  request: RequestHead | null;
  response: ResponseHead | null;
  url: string | null;
  unanswered: Unanswered | null;
  requestBytes: number;
  responseBytes: number;
  body: BodyMarks | null;
}

/** The list of exchanges of one conversation, bounded. */
export class ExchangeList {
  readonly kept: OpenExchange[] = [];
  dropped = 0;
  #challenges = 0;

  /** About how many bytes they take beyond what is usual. */
  get unusualBytes(): number {
    return unusualBytesOf(this.kept);
  }

  /** What was kept, in the order of the requests. */
  sorted(): readonly OpenExchange[] {
    return this.kept.sort((a, b) => placeOf(a) - placeOf(b));
  }

  remove(exchange: OpenExchange): void {
    const at = this.kept.lastIndexOf(exchange);
    if (at >= 0) this.kept.splice(at, 1);
  }

  add(exchange: OpenExchange): void {
    const challenge = isChallenge(exchange.response);
    if (this.kept.length - this.#challenges < MAX_EXCHANGES) this.kept.push(exchange);
    else if (challenge && this.#challenges < MAX_CHALLENGES_KEPT) {
      this.kept.push(exchange);
      this.#challenges++;
    } else this.dropped++;
  }
}

function placeOf({ request, response }: OpenExchange): number {
  return (request ?? response)?.where.frame ?? 0;
}

/** RFC 9112 §6.3: which responses have no body; bodies of refusals are looked at for what they say about their sender. */
export function bodyRule(method: string | null, status: number): BodyRule {
  if (status === 101) return "switch";
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
  return status === 401 || status === 403 || status === 407 || status >= 500 ? "look" : "framed";
}

/** The same of what refuses a CONNECT: nobody looks at its page. */
export function refusalRule(status: number): BodyRule {
  return bodyRule("CONNECT", status) === "none" ? "none" : "framed";
}

/** The response of `exchange` is over; `body`: what was recognised in it. */
export function endResponse(exchange: OpenExchange | null, body: BodyMarks | null, bytes: number): void {
  if (exchange?.response == null) return;
  exchange.responseBytes = bytes;
  exchange.body = body;
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
    body: null,
  };
}
