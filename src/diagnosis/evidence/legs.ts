// Evidence from both legs: what the proxy sent on to the origin, and what came back from there.
import type { ResponseHead } from "../../http/index.ts";
import type { ExchangeFact, ServerLeg, Timeline } from "../../proxy/index.ts";
import { answeredBy, bytesFromOrigins, legsOf, sentOn } from "../legs.ts";
import { hostOf, hostOfTimeline } from "../wording.ts";
import type { Question } from "./types.ts";

/** An answer that is passed on grows or shrinks by the headers that a proxy adds and drops, and by other framing. */
const MAX_CHANGE_BYTES = 600;

/** Both legs in the capture: the request never reached the server leg before the answer came back. */
export const neverForwarded: Question = (exchange, head, { legs, timeline, inTunnel }) => {
  if (exchange.request === null) return [];
  const { frame, time } = exchange.request.where;
  const host = hostFor(exchange, timeline, inTunnel);
  const near = legsOf(legs, timeline, null);
  if (near.length === 0 || sentOn(near, time, head.where.time) !== false) return [];
  const toHost = host === null ? [] : legsOf(near, timeline, host).filter((leg) => covers(leg, exchange, head));
  if (toHost.length > 0) {
    const text = `the proxy's connection to ${host} is in the capture (stream ${toHost[0]!.stream}), and the request (frame ${frame}) was not sent on it before the answer came back (frame ${head.where.frame})`;
    return [{ says: "proxy", weight: "certain", source: "legs", text }];
  }
  const text = `the proxy's connections to origins are in the capture, and none of them carries this request (frame ${frame}) before its answer (frame ${head.where.frame})`;
  // In the clear the legs' requests were read one by one, and those of the same kind of traffic are all there.
  const weight = !inTunnel && near.some(({ tls }) => tls === null) ? "certain" : "likely";
  return [{ says: "proxy", weight, source: "legs", text }];
};

/** Both legs in the capture: the server leg gave the same answer just before, or as many bytes. */
export const answeredByServerLeg: Question = (exchange, head, { legs, timeline, inTunnel }) => {
  const host = hostFor(exchange, timeline, inTunnel);
  const near = legsOf(legs, timeline, host);
  const found = answeredBy(near, exchange);
  if (found !== null) {
    const { leg, answer } = found;
    const text = `the origin ${leg.origin.ip}:${leg.origin.port} answered the proxy ${head.status} to the same request (stream ${leg.stream}, frame ${answer.response?.where.frame}) just before`;
    return [{ says: "origin", weight: "certain", source: "legs", text }];
  }
  if (exchange.request === null || near.some(({ exchanges }) => exchanges.length > 0)) return [];
  const from = bytesFromOrigins(near, exchange.request.where.time, head.where.time).find(
    ({ bytes }) => Math.abs(bytes - exchange.responseBytes) <= MAX_CHANGE_BYTES,
  );
  if (from === undefined) return [];
  const text = `${from.bytes} bytes came from the origin (stream ${from.leg.stream}, frame ${from.frame}) just before, about as many as the answer has (${exchange.responseBytes})`;
  return [{ says: "origin", weight: "likely", source: "legs", text }];
};

function hostFor(exchange: ExchangeFact, timeline: Timeline, inTunnel: boolean): string | null {
  return exchange.url !== null ? hostOf(exchange.url) : inTunnel ? hostOfTimeline(timeline) : null;
}

/** The leg was there from before the request until behind the answer. */
function covers(leg: ServerLeg, { request }: ExchangeFact, head: ResponseHead): boolean {
  return request !== null && leg.start <= request.where.time && leg.end >= head.where.time;
}
