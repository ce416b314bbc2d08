// Evidence from both legs: what the proxy sent on to the origin, and what came back from there.
import { gather, quoted } from "../../bytes/index.ts";
import type { ResponseHead } from "../../http/index.ts";
import type { ExchangeFact, ServerLeg, Timeline } from "../../proxy/index.ts";
import { mayHaveAskedNear } from "../in-step.ts";
import {
  allLegs,
  asksAlike,
  bytesFromOrigins,
  type Destination,
  hasOwnTimes,
  isSameRequest,
  isTimed,
  type LegAnswer,
  legAnswers,
  legsOf,
  mayBeUnread,
  sentOn,
  wasRead,
} from "../legs.ts";
import { openedSince } from "../missing-legs.ts";
import { hostOf, hostOfTimeline, portOf } from "../wording.ts";
import type { Question } from "./types.ts";

/** An answer that is passed on grows by the headers that a proxy adds, at most by so much and by half of itself; */
const MAX_ADDED_BYTES = 600;
/** and it shrinks by those that it drops, and by framing. */
const MAX_DROPPED_BYTES = 100;
/** Settings and acknowledgements of HTTP/2 are no answer, whatever the proxy adds. */
const MIN_SHARE = 0.4;

/** Both legs in the capture: the request never reached the server leg before the answer came back. */
export const neverForwarded: Question = (exchange, head, { legs, timeline, beside, lacksLegs, inTunnel }) => {
  if (exchange.request === null || !hasOwnTimes(timeline, exchange.request.where.time, head.where.time)) return [];
  const { frame, time } = exchange.request.where;
  const to = destinationOf(exchange, timeline, inTunnel);
  const near = legsOf(legs, timeline, null);
  if (near.length === 0) return [];
  const others = [...othersThan(exchange, timeline), ...askedBeside(exchange, head, beside)];
  if (sentOn(near, time, head.where.time, others) !== false) return [];
  if (lacksLegs()) return [];
  const toHost = to === null ? [] : legsOf(near, timeline, to).filter((leg) => covers(leg, exchange, head));
  if (to !== null && toHost.length > 0) {
    const text = `the proxy's connection to ${to.host} is in the capture (stream ${toHost[0]!.stream}), and the request (frame ${frame}) was not sent on it before the answer came back (frame ${head.where.frame})`;
    // One that was opened for this client carries what it asks; an older one may stand beside others.
    const { opened, isOwn } = openedSince(timeline, to, near, beside);
    const since = toHost.filter((leg) => opened.includes(leg));
    const isAnothers = since.length === toHost.length && !isOwn;
    const isNear = near.some((leg) => mayHaveAskedNear(leg, time, head.where.time));
    const weight = isNear || isAnothers ? "possible" : isOwn && since.length > 0 ? "certain" : "likely";
    return [{ says: "proxy", weight, source: "legs", text }];
  }
  if (allLegs(near, timeline, to?.port ?? null).length === 0) return [];
  const text = `the proxy's connections to origins are in the capture, and none of them carries this request (frame ${frame}) before its answer (frame ${head.where.frame})`;
  return [{ says: "proxy", weight: "likely", source: "legs", text }];
};

/** Both legs in the capture: the server leg gave the same answer just before, or another one, or as many bytes. */
export const answeredByServerLeg: Question = (exchange, head, { legs, timeline, inTunnel }) => {
  const near = legsOf(legs, timeline, destinationOf(exchange, timeline, inTunnel));
  const given = legAnswers(near, exchange);
  const same = given.find((one) => one.head.status === head.status && asksAlike(head, one.head));
  if (same !== undefined) {
    const text = `the origin ${placeOf(same)} answered the proxy ${head.status} to the same request (${whereOf(same)}) just before`;
    return [{ says: "origin", weight: "certain", source: "legs", text }];
  }
  const { request } = exchange;
  // Behind a loss on the leg another request's answer may stand beside it.
  const other = given.find(
    ({ leg, answer }) =>
      request !== null &&
      isTimed(leg, request.where.time, head.where.time) &&
      answer.url !== null &&
      (answer.request?.where.time ?? 0n) >= request.where.time,
  );
  if (other !== undefined) {
    if (mayBeUnread(near, exchange)) return [];
    const but =
      other.head.status === head.status
        ? `and asked for ${challengesText(other.head)}, not for ${challengesText(head)}`
        : `not ${head.status}`;
    const text = `the origin ${placeOf(other)} answered the proxy ${other.head.status}, ${but}, to the same request (${whereOf(other)})`;
    return [{ says: "proxy", weight: other.leg.start >= timeline.start ? "certain" : "likely", source: "legs", text }];
  }
  if (exchange.request === null || near.some((leg) => leg.exchanges.length > 0 || wasRead(leg))) return [];
  const size = exchange.responseBytes;
  const least = Math.max(size - Math.min(MAX_ADDED_BYTES, MAX_DROPPED_BYTES + size / 2), size * MIN_SHARE);
  const from = bytesFromOrigins(near, exchange.request.where.time, head.where.time).find(
    ({ bytes }) => bytes >= least && bytes <= size + MAX_DROPPED_BYTES,
  );
  if (from === undefined) return [];
  const text = `${from.bytes} bytes came from the origin (stream ${from.leg.stream}, frame ${from.frame}) just before, about as many as the answer has (${size})`;
  return [{ says: "origin", weight: "likely", source: "legs", text }];
};

/** What else the client asked for on this connection: the same path asked for twice may be the one or the other. */
function othersThan(exchange: ExchangeFact, { tunnel, forwards }: Timeline): readonly ExchangeFact[] {
  return [...(tunnel?.exchanges ?? []), ...forwards].filter((other) => !isSameRequest(other, exchange));
}

/** What was asked for on other connections that were open between the exchange's request and its answer: a browser has several. */
function askedBeside(exchange: ExchangeFact, head: ResponseHead, beside: readonly Timeline[]): readonly ExchangeFact[] {
  const from = exchange.request?.where.time ?? head.where.time;
  return gather(beside, (other) =>
    other.start <= head.where.time && other.end >= from ? othersThan(exchange, other) : [],
  );
}

function placeOf({ leg: { origin } }: LegAnswer): string {
  return `${origin.ip}:${origin.port}`;
}

function whereOf({ leg, head }: LegAnswer): string {
  return `stream ${leg.stream}, frame ${head.where.frame}`;
}

function challengesText({ challenges }: ResponseHead): string {
  const texts = challenges.map(({ scheme, realm }) => (realm === null ? scheme : `${scheme} (realm ${quoted(realm)})`));
  return texts.length === 0 ? "nothing" : texts.join(", ");
}

/** Where the exchange's request goes; null where that was not seen. */
function destinationOf(exchange: ExchangeFact, timeline: Timeline, inTunnel: boolean): Destination | null {
  const port = inTunnel ? (timeline.tunnel?.target.port ?? null) : exchange.url === null ? null : portOf(exchange.url);
  const host = exchange.url !== null ? hostOf(exchange.url) : inTunnel ? hostOfTimeline(timeline) : null;
  return host === null ? null : { host, port };
}

/** The leg was there from before the request until behind the answer. */
function covers(leg: ServerLeg, { request }: ExchangeFact, head: ResponseHead): boolean {
  return request !== null && leg.start <= request.where.time && leg.end >= head.where.time;
}
