// Pairs the requests and responses of one HTTP/1.x conversation (RFC 9112 §9.3.2: responses come in the order of requests).
import type { FrameNo, Where } from "../bytes/index.ts";
import type { BodyRule, RequestHead, ResponseHead } from "../http/index.ts";
import { bodyRule, type ExchangeList, type OpenExchange, openExchange } from "./exchanges.ts";
import type { Unanswered } from "./types.ts";
import { unusualBytesOf } from "./weight.ts";

/** Requests that may wait for their response; pipelining clients stay far below. */
const MAX_PENDING = 1_000;
/** Responses that may wait for their request, which is held back behind a hole: tcp gives one up after some segments. */
const MAX_ORPHANS = 64;

/** So much may be missing and be a 100 (RFC 9110 §15.2.1), which the response still follows. */
const MAX_INTERIM_BYTES = 64;

/**
 * A card with several queues records what it receives and what it sends in either order, microseconds apart: a response that
 * comes so long before any request for it is taken for the answer to the next one.
 */
export const EARLY_NS = 2_000_000n;

/**
 * Waits with each request for its response, and the other way round: what lies behind a hole comes later than what the other
 * side said meanwhile, with the frames in which it was captured. No response answers a request that was sent behind it.
 */
export class ExchangePairing {
  readonly #list: ExchangeList;
  readonly #waiting: OpenExchange[] = [];
  /** Responses for which no request waited, oldest first. */
  #orphans: OpenExchange[] = [];
  #lost = 0;
  /** Responses are missing before this frame: requests sent earlier may have been answered there. 0: none. */
  #lostBefore: FrameNo = 0;
  /** The answer to the first request that waits is among them. */
  #lostFirst = false;
  /** Bytes of the requests are lost behind the last one. */
  #requestsLost = false;
  /** Two requests came in one frame: this client does not wait for responses. */
  #pipelined = false;
  /** Requests in front of which others may be missing; made with the first of them, since each such set costs the collection of memory. */
  #behindLoss: WeakSet<OpenExchange> | null = null;
  /** Responses are missing in front of the next one, and no request is known to have waited for them. */
  #lostAhead = false;
  /** Responses without a request in front of which others are missing; made with the first of them, too. */
  #lateOrphans: WeakSet<OpenExchange> | null = null;
  /** Its response came first behind lost ones, and no request since. */
  #doubtful: OpenExchange | null = null;
  /** The last response, if no request waited for it and none came since. */
  #early: OpenExchange | null = null;

  constructor(list: ExchangeList) {
    this.#list = list;
  }

  /** About how many bytes the requests take that wait, beyond what is usual. */
  get kept(): number {
    return unusualBytesOf(this.#waiting);
  }

  /** Whether a request waits for the response that came in `frame`. */
  waitsFor(frame: FrameNo): boolean {
    const first = this.#waiting[0];
    return first !== undefined && isBefore(first, frame);
  }

  /** `whole`: no request can be missing, so that a response without one was recorded too early. */
  request(head: RequestHead, url: string | null, whole = false): void {
    const doubtful = this.#doubtful;
    // It is given late, and was sent before that response, too: behind a loss that answers the latest one.
    const isLatest = doubtful?.response != null && head.where.frame < doubtful.response.where.frame;
    if (isLatest) this.#takeBack(doubtful);
    const answered = isLatest ? doubtful : this.#takeOrphan(head.where, whole);
    const isBehindLoss = this.#requestsLost;
    this.#requestsLost = false;
    this.#early = null;
    this.#doubtful = answered !== null && (isLatest || this.#lateOrphans?.has(answered) === true) ? answered : null;
    if (answered !== null) {
      answered.request = head;
      answered.url = url;
      return;
    }
    if (this.#waiting.length >= MAX_PENDING) {
      this.#lost++;
      return;
    }
    const exchange = { ...openExchange(head), request: head, url };
    const lastFrame = this.#waiting.at(-1)?.request?.where.frame ?? 0;
    this.#pipelined ||= lastFrame >= head.where.firstFrame;
    this.#waiting.push(exchange);
    if (!isBehindLoss) return;
    this.#behindLoss ??= new WeakSet();
    this.#behindLoss.add(exchange);
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
    const waited = this.#waitedFor(head.where.frame);
    const exchange = waited ?? openExchange(head);
    exchange.response = head;
    this.#early = waited === undefined ? exchange : null;
    if (waited === undefined) {
      this.#orphans.push(exchange);
      if (this.#lostAhead) {
        this.#lateOrphans ??= new WeakSet();
        this.#lateOrphans.add(exchange);
      }
      if (this.#orphans.length > MAX_ORPHANS) this.#orphans.shift();
    }
    this.#lostAhead = false;
    this.#list.add(exchange);
    const rule = bodyRule(exchange.request?.method ?? null, head.status);
    return { exchange, rule: waited === undefined && rule === "framed" ? "unsure" : rule };
  }

  /** The answer, given before, to something that was asked in `request` and is no exchange of this list; null if there is none. */
  takeAnswer(request: Where, whole: boolean): ResponseHead | null {
    const answered = this.#takeOrphan(request, whole);
    if (answered === null) return null;
    this.#early = null;
    this.#list.remove(answered);
    return answered.response;
  }

  /**
   * Bytes of the responses are lost before `frame`: of the requests sent earlier, all but the last may have been answered there.
   * `begun`: bytes known to be lost of responses that had not begun, so that the first of them was; 0 if that is not known.
   * Returns whether one was lost that answers nothing in the capture: its request is missing, too.
   */
  lostResponses(frame: FrameNo, begun: number): boolean {
    const isOne = begun > MAX_INTERIM_BYTES;
    this.#lostAhead = !this.waitsFor(frame);
    if (this.#lostAhead) return isOne;
    this.#lostBefore = frame;
    this.#lostFirst ||= isOne;
    return false;
  }

  /** Bytes of the requests are lost, and maybe all of one. With responses lost before, what came behind them may be its answer. */
  lostRequests(): void {
    this.#requestsLost = true;
    const exchange = this.#doubtful;
    if (exchange === null) return;
    this.#doubtful = null;
    this.#takeBack(exchange);
  }

  /** Its response may answer another request: that of this one is lost. */
  #takeBack(exchange: OpenExchange): void {
    this.#giveUp({ ...exchange, response: null, responseBytes: 0, body: null }, "not-captured");
    exchange.request = null;
    exchange.url = null;
    exchange.requestBytes = 0;
  }

  /** Nothing more will come. */
  close(why: Unanswered): void {
    for (const exchange of this.#waiting.splice(0)) {
      this.#giveUp(exchange, isBefore(exchange, this.#lostBefore) ? "not-captured" : why);
    }
    this.#list.dropped += this.#lost;
    this.#lost = 0;
  }

  /** Takes the request out that the response of `frame` answers; undefined if it is none that waits. */
  #waitedFor(frame: FrameNo): OpenExchange | undefined {
    // Clients that do not pipeline send a request only behind the last response: behind a loss it answers the latest one.
    if (this.#lostBefore > 0) {
      const lostBefore = this.#lostBefore;
      let first = this.#lostFirst;
      let several = false;
      while (this.#waiting.length > 1 && isBefore(this.#waiting[1]!, frame)) {
        this.#giveUp(this.#waiting.shift(), "not-captured");
        first = false;
        several = true;
      }
      // Of a client that does pipeline it may answer any of them.
      if (several && this.#pipelined) this.#giveUp(this.#waiting.shift(), "not-captured");
      this.#lostBefore = 0;
      this.#lostFirst = false;
      const next = this.#waiting[1];
      const mayLack = next === undefined ? this.#requestsLost : (this.#behindLoss?.has(next) ?? false);
      if (this.waitsFor(lostBefore)) {
        // The next request is lost, too, and this is its answer; or it may be.
        if (first || mayLack) this.#giveUp(this.#waiting.shift(), "not-captured");
        else this.#doubtful = this.#waiting[0] ?? null;
      }
    }
    return this.waitsFor(frame) ? this.#waiting.shift() : undefined;
  }

  /** Takes the response out that answers what was asked at `request`; those before it answered what was lost. */
  #takeOrphan(request: Where, whole: boolean): OpenExchange | null {
    if (this.#orphans.length === 0) return null;
    const later = this.#orphans.findIndex(({ response }) => response !== null && response.where.frame > request.frame);
    const early = this.#early;
    if (later >= 0) {
      const found = this.#orphans[later]!;
      this.#orphans = this.#orphans.slice(later + 1);
      return found;
    }
    this.#orphans = [];
    return whole && early?.response != null && request.time - early.response.where.time <= EARLY_NS ? early : null;
  }

  #giveUp(exchange: OpenExchange | undefined, why: Unanswered): void {
    if (exchange !== undefined) this.#list.add({ ...exchange, unanswered: why });
  }
}

function isBefore({ request }: OpenExchange, frame: FrameNo): boolean {
  return request !== null && request.where.frame <= frame;
}
