// The proxy's own connections to origins, matched to the tunnels and requests that they serve.
import { gather, type Nanos } from "../bytes/index.ts";
import { askedBy, type ResponseHead } from "../http/index.ts";
import { type ExchangeFact, MAX_EXCHANGES, type ServerLeg, type Timeline } from "../proxy/index.ts";
import { isTls13, MAX_MARKS, type RecordMark } from "../tls-parse/index.ts";
import { hostOf, serverNameOf } from "./wording.ts";

/** A proxy keeps connections open for other clients: a leg may be older or younger than the tunnel by this much. */
const MARGIN_NS = 60n * 1_000_000_000n;
/** Packets that were recorded in another order than they were sent lie so near to each other, whatever their times say. */
const MAX_DISORDER_NS = 100_000_000n;
/** The second repetition of what was lost is over after this (RFC 6298 §2: 1 s, doubled). */
const MAX_REPEAT_NS = 3n * 1_000_000_000n;

/** Where a request goes; `port` is null where it is not known. */
export interface Destination {
  readonly host: string;
  readonly port: number | null;
}

/** Legs that were open while the connection was, to a destination where they say where to. */
export function legsOf(legs: readonly ServerLeg[], timeline: Timeline, to: Destination | null): readonly ServerLeg[] {
  return legs.filter(
    (leg) =>
      leg.start <= timeline.end + MARGIN_NS &&
      leg.end >= timeline.start - MARGIN_NS &&
      (to === null || (leadsTo(leg, to.host) && (to.port === null || leg.origin.port === to.port))),
  );
}

/**
 * Legs among which one to `port` would be, had there been any: the proxy opens them by its listening address, where none can
 * be missed, and others to the same port are in the capture. By another address it may have more than were recognised.
 */
export function allLegs(legs: readonly ServerLeg[], timeline: Timeline, port: number | null): readonly ServerLeg[] {
  const own = legsOf(legs, timeline, null).filter((leg) => leg.proxy.ip === timeline.proxy.ip);
  return own.some((leg) => leg.origin.port === port) ? own : [];
}

/** Whether a leg may carry requests for `host`: it says so, or does not say. */
function leadsTo(leg: ServerLeg, host: string): boolean {
  const sni = serverNameOf(leg.tls);
  if (sni !== null) return sni === host;
  return leg.tls !== null || leg.exchanges.some(({ url }) => url !== null && hostOf(url) === host);
}

/**
 * Whether something that may be this request went to any origin between the two times; null where that cannot be told.
 * `others`: further exchanges of the same client, whose requests on a leg that was read are not taken for this one.
 */
export function sentOn(
  legs: readonly ServerLeg[],
  from: Nanos,
  to: Nanos,
  others: readonly ExchangeFact[] = [],
): boolean | null {
  // Times that run backwards: packets were captured or merged in another order than they were sent.
  let unknown = to < from;
  for (const leg of legs) {
    if (leg.end < from || leg.start > to) continue;
    const sent = leg.exchanges.filter(({ request }) => request !== null && within(request.where.time, from, to));
    if (sent.some((one) => !others.some((other) => isSameRequest(one, other)))) return true;
    if (wasRead(leg) && isTimed(leg, from, to)) continue;
    const marks = leg.tls?.marks ?? [];
    if (marks.some((mark) => mark.from === "client" && carriesData(mark) && within(mark.time, from, to))) return true;
    if (marks.length >= MAX_MARKS && marks.at(-1)!.time < to) unknown = true;
    if (!isTimed(leg, from, to) || (leg.tls !== null && leg.tls.gaps > 0)) unknown = true;
    if (leg.lateStart && leg.start > from) unknown = true;
  }
  return unknown ? null : false;
}

/**
 * Whether what both sides said between the two times was said at the times that it has: what waited for a packet that came
 * late, or was recorded late, has the time of that packet.
 */
export function hasOwnTimes({ fromClient, fromProxy }: Timeline, from: Nanos, to: Nanos): boolean {
  return !isFilled(fromClient.filled, from, to) && !isFilled(fromProxy.filled, from, to);
}

function isFilled(filled: ServerLeg["filled"], from: Nanos, to: Nanos): boolean {
  return filled !== null && filled.to >= from - MAX_DISORDER_NS && filled.from <= to + MAX_DISORDER_NS;
}

/** Whether all that the proxy sent on a leg between the two times is in the capture, with the time at which it was sent. */
export function isTimed({ whole, filled }: ServerLeg, from: Nanos, to: Nanos): boolean {
  return whole && !isFilled(filled, from, to + MAX_REPEAT_NS);
}

/**
 * Whether all that was asked on a leg is known: it was opened to the last record, and carries HTTP. HTTP/2 begins without a request
 * (RFC 9113 §3.4), and that may be all that a proxy has sent when it answers by itself.
 */
export function wasRead({ tls, exchanges }: ServerLeg): boolean {
  if (tls === null || exchanges.length >= MAX_EXCHANGES) return false;
  if (exchanges.length === 0 && tls.alpn !== "h2") return false;
  return tls.opened > 0 && tls.closed + tls.damaged === 0 && tls.gaps === 0;
}

/** What the same request was answered on a leg, between the client's request and the answer that it got. */
export interface LegAnswer {
  readonly leg: ServerLeg;
  readonly answer: ExchangeFact;
  readonly head: ResponseHead;
}

/** Final answers of origins to the same request, behind the client's request and before the answer that it got. */
export function legAnswers(legs: readonly ServerLeg[], exchange: ExchangeFact): readonly LegAnswer[] {
  const { request, response } = exchange;
  if (request === null || response === null) return [];
  return gather(legs, (leg) =>
    gather(leg.exchanges, (answer) => {
      const head = answer.response;
      if (head === null || head.status < 200 || answer.request?.method !== request.method) return [];
      if (!within(head.where.time, request.where.time, response.where.time)) return [];
      if (exchange.url !== null && answer.url !== null && pathOf(exchange.url) !== pathOf(answer.url)) return [];
      return [{ leg, answer, head }];
    }),
  );
}

/** Whether the request may be on a leg that was not read: something was sent on one meanwhile. */
export function mayBeUnread(legs: readonly ServerLeg[], { request, response }: ExchangeFact): boolean {
  if (request === null || response === null) return true;
  const unread = legs.filter((leg) => leg.tls !== null && leg.exchanges.length === 0);
  return sentOn(unread, request.where.time, response.where.time) !== false;
}

/** Whether an answer asks for nothing that the other one does not ask for, by schemes and realms; or that cannot be told. */
export function asksAlike(head: ResponseHead, other: ResponseHead): boolean {
  const others = askedBy(other);
  if (other.cut || others.length === 0) return true;
  return askedBy(head).every(({ scheme, realm }) =>
    others.some((one) => one.scheme.toLowerCase() === scheme.toLowerCase() && one.realm === realm),
  );
}

/** Whether two exchanges ask for the same: method and path. */
export function isSameRequest(one: ExchangeFact, other: ExchangeFact): boolean {
  if (one.request === null || other.request === null || one.url === null || other.url === null) return false;
  return one.request.method === other.request.method && pathOf(one.url) === pathOf(other.url);
}

/**
 * Bytes that came from origins in protected records between the two times, per leg on which something was sent to the origin
 * before, with the frame of the last. What comes behind a handshake without a request (session tickets) answers nothing.
 */
export function bytesFromOrigins(
  legs: readonly ServerLeg[],
  from: Nanos,
  to: Nanos,
): readonly { readonly bytes: number; readonly leg: ServerLeg; readonly frame: number }[] {
  return legs.flatMap((leg) => {
    const near = (leg.tls?.marks ?? []).filter((mark) => carriesData(mark) && within(mark.time, from, to));
    const finished = firstOfClient(leg);
    const asked = near.findIndex((mark) => mark.from === "client" && mark !== finished);
    const answers = asked < 0 ? [] : near.slice(asked).filter((mark) => mark.from === "server");
    const last = answers.at(-1);
    return last === undefined
      ? []
      : [{ bytes: answers.reduce((sum, { length }) => sum + length, 0), leg, frame: last.frame }];
  });
}

/** At TLS 1.3 the client's first protected record is its Finished (RFC 8446 §2), if it sent no early data. */
export function firstOfClient({ tls }: ServerLeg): RecordMark | null {
  if (tls === null || !isTls13(tls.serverHello?.version ?? 0) || tls.clientHello?.earlyData === true) return null;
  return tls.marks.find((mark) => mark.from === "client" && carriesData(mark)) ?? null;
}

function carriesData(mark: RecordMark): boolean {
  return mark.kind === "applicationData";
}

function within(time: Nanos, from: Nanos, to: Nanos): boolean {
  return time >= from && time <= to;
}

function pathOf(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
}
