// Evidence by time: an answer that came back sooner than the origin can be reached was made nearer.
import { millisBetween } from "../../bytes/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { duration, hostOf } from "../wording.ts";
import type { AnswerRegister } from "./answers.ts";
import type { Question } from "./types.ts";

/** Nearer origins cannot be told from the proxy: jitter and the making of certificates take as long. */
const MIN_WAY_MS = 5;
/** The answer has to be this much quicker than an ordinary answer of the site. */
const MARGIN = 2;
/** CONNECT and handshake may take several round trips to the origin (TCP, TLS), and the first ones look up names. */
const TUNNEL_MARGIN = 3;
/** The other way round: from this share of the way on it may well have been there. A slow proxy takes as long, so it is a weak sign. */
const FAR_ENOUGH = 0.7;
/** Making an answer can take a proxy as long as this: below it slowness says nothing. */
const MIN_FAR_MS = 15;

/** How long the proxy needs for something at the origin, and what shows it. */
interface Way {
  readonly ms: number;
  readonly shownBy: string;
  readonly margin: number;
  /** How long the handshake took where only the CONNECT took long: names may have been looked up, or credentials checked. */
  readonly doubtedBy: number | null;
}

/** Answered faster than this tunnel's own round trip to the origin, less the round trip to the proxy; or as slowly. */
export const timeOfTheAnswer: Question = (exchange, head, { timeline, inTunnel, answers, interception }) => {
  if (!inTunnel || exchange.request === null) return [];
  const host = exchange.url === null ? null : hostOf(exchange.url);
  const way = wayToOrigin(timeline, answers, host, interception.state === "yes");
  if (way === null || way.ms < MIN_WAY_MS) return [];
  const toProxy = timeline.roundTripMs ?? 0;
  const took = millisBetween(exchange.request.where.time, head.where.time);
  // A clock that was set back measures nothing.
  if (took < 0) return [];
  const answered = Math.max(0, took - toProxy);
  if (way.ms >= MIN_FAR_MS && answered >= way.ms * FAR_ENOUGH) {
    const text = `the answer took ${duration(answered)} (frames ${exchange.request.where.frame} to ${head.where.frame}), as long as the way to the origin (${duration(way.ms)} for ${way.shownBy})`;
    return [{ says: "origin", weight: "possible", source: "timing", text }];
  }
  if (answered * way.margin > way.ms) return [];
  const text = `the answer took ${duration(answered)} (frames ${exchange.request.where.frame} to ${head.where.frame}), less than the proxy's way to the origin (${duration(way.ms)} for ${way.shownBy})`;
  const doubtful = way.doubtedBy !== null && Math.max(MIN_WAY_MS, answered * way.margin) > way.doubtedBy;
  return [{ says: "proxy", weight: doubtful ? "possible" : "likely", source: "timing", text }];
};

/**
 * Where the proxy reads inside, ordinary answers of the same site show the way best, or its CONNECT or handshake, of which
 * one may not have reached the origin. Where it is not known to read inside, all did reach it: then the quickest counts.
 */
function wayToOrigin(
  timeline: Timeline,
  answers: AnswerRegister,
  host: string | null,
  intercepted: boolean,
): Way | null {
  const toProxy = timeline.roundTripMs ?? 0;
  const usual = host === null ? null : answers.site(timeline, host);
  const site: Way[] =
    usual?.quickestMs == null
      ? []
      : [way(usual.quickestMs - toProxy, `its answer of frame ${usual.quickestFrame}`, MARGIN)];
  const handshake: Way[] = [];
  const tls = timeline.tunnel?.tls;
  if (tls?.clientHello != null && tls.serverHello !== null && tls.helloRetryRequest === null) {
    const ms = millisBetween(tls.clientHello.where.time, tls.serverHello.where.time) - toProxy;
    handshake.push(way(ms, "the TLS handshake", TUNNEL_MARGIN));
  }
  const connect: Way[] = [];
  const opening = timeline.connects.find(({ response }) => response !== null && isOpening(response.status));
  if (opening?.response != null) {
    const credentials = opening.request.proxyAuthorization;
    const ms = millisBetween(opening.request.where.time, opening.response.where.time) - toProxy;
    // Checking credentials takes a while, too: those of a multi-step scheme on every connection, others at least the first time.
    const shown = credentials === null || (credentials.step === null && handshake.length > 0);
    if (shown) connect.push(way(ms, "the CONNECT", TUNNEL_MARGIN));
  }
  if (!intercepted) return [...site, ...connect, ...handshake].sort((a, b) => a.ms - b.ms)[0] ?? null;
  const [longest, other] = [...connect, ...handshake].sort((a, b) => b.ms - a.ms);
  if (longest === undefined) return site[0] ?? null;
  // An edge server answers by itself what it asks for, and passes the rest on to a slow application.
  if (site[0] !== undefined) return site[0].ms <= longest.ms ? site[0] : longest;
  return other === undefined || longest !== connect[0] ? longest : { ...longest, doubtedBy: other.ms };
}

function way(ms: number, shownBy: string, margin: number): Way {
  return { ms, shownBy, margin, doubtedBy: null };
}

function isOpening(status: number): boolean {
  return status >= 200 && status < 300;
}
