// Evidence from both legs: what the proxy sent on to the origin, and what came back from there.
import type { ResponseHead } from "../../http/index.ts";
import type { ExchangeFact, ServerLeg, Timeline } from "../../proxy/index.ts";
import { allLegs, answeredBy, bytesFromOrigins, type Destination, legsOf, otherAnswers, sentOn } from "../legs.ts";
import { hostOf, hostOfTimeline, portOf } from "../wording.ts";
import type { Question } from "./types.ts";

/** An answer that is passed on grows or shrinks by the headers that a proxy adds and drops, and by other framing. */
const MAX_CHANGE_BYTES = 600;
/** A short one by less: by this, and half of itself. */
const MIN_CHANGE_BYTES = 100;

/** Both legs in the capture: the request never reached the server leg before the answer came back. */
export const neverForwarded: Question = (exchange, head, { legs, timeline, inTunnel }) => {
  if (exchange.request === null) return [];
  const { frame, time } = exchange.request.where;
  const to = destinationOf(exchange, timeline, inTunnel);
  const near = legsOf(legs, timeline, null);
  if (near.length === 0 || sentOn(near, time, head.where.time) !== false) return [];
  const toHost = to === null ? [] : legsOf(near, timeline, to).filter((leg) => covers(leg, exchange, head));
  if (toHost.length > 0) {
    const text = `the proxy's connection to ${to?.host} is in the capture (stream ${toHost[0]!.stream}), and the request (frame ${frame}) was not sent on it before the answer came back (frame ${head.where.frame})`;
    // One that was opened for this client carries what it asks; an older one may stand beside others.
    const weight = toHost.some((leg) => leg.start >= timeline.start) ? "certain" : "likely";
    return [{ says: "proxy", weight, source: "legs", text }];
  }
  if (allLegs(near, timeline, to?.port ?? null).length === 0) return [];
  const text = `the proxy's connections to origins are in the capture, and none of them carries this request (frame ${frame}) before its answer (frame ${head.where.frame})`;
  return [{ says: "proxy", weight: "likely", source: "legs", text }];
};

/** Both legs in the capture: the server leg gave the same answer just before, or another one, or as many bytes. */
export const answeredByServerLeg: Question = (exchange, head, { legs, timeline, inTunnel }) => {
  const near = legsOf(legs, timeline, destinationOf(exchange, timeline, inTunnel));
  const found = answeredBy(near, exchange);
  if (found !== null) {
    const { leg, answer } = found;
    const text = `the origin ${leg.origin.ip}:${leg.origin.port} answered the proxy ${head.status} to the same request (stream ${leg.stream}, frame ${answer.response?.where.frame}) just before`;
    return [{ says: "origin", weight: "certain", source: "legs", text }];
  }
  const [other] = otherAnswers(near, exchange);
  if (other !== undefined) {
    const { leg, answer, status } = other;
    const text = `the origin ${leg.origin.ip}:${leg.origin.port} answered the proxy ${status}, not ${head.status}, to the same request (stream ${leg.stream}, frame ${answer.response?.where.frame})`;
    return [{ says: "proxy", weight: leg.start >= timeline.start ? "certain" : "likely", source: "legs", text }];
  }
  if (exchange.request === null || near.some(({ exchanges }) => exchanges.length > 0)) return [];
  const mayChangeBy = Math.min(MAX_CHANGE_BYTES, MIN_CHANGE_BYTES + exchange.responseBytes / 2);
  const from = bytesFromOrigins(near, exchange.request.where.time, head.where.time).find(
    ({ bytes }) => Math.abs(bytes - exchange.responseBytes) <= mayChangeBy,
  );
  if (from === undefined) return [];
  const text = `${from.bytes} bytes came from the origin (stream ${from.leg.stream}, frame ${from.frame}) just before, about as many as the answer has (${exchange.responseBytes})`;
  return [{ says: "origin", weight: "likely", source: "legs", text }];
};

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
