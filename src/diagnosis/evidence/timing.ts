// Evidence by time: an answer that came back sooner than the origin can be reached was made nearer.
import { type Millis, millisBetween } from "../../bytes/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { hasOwnTimes } from "../legs.ts";
import { duration, hostOf } from "../wording.ts";
import type { AnswerRegister } from "./answers.ts";
import { CERTIFICATE_MS, setUpOf } from "./set-up.ts";
import type { Question } from "./types.ts";

/** Nearer origins cannot be told from the proxy: jitter, the lookup of a name and the check of a password take as long. */
const MIN_WAY_MS = 20;
/** Whoever answers needs as long as this at the least. */
const MIN_ANSWER_MS = 5;
/** The answer has to be this much quicker than an ordinary answer of the site. */
const MARGIN = 2;
/** CONNECT and handshake may take several round trips to the origin (TCP, TLS), and the first ones look up names. */
const TUNNEL_MARGIN = 3;
/**
 * A handshake that is the only measure, behind a CONNECT that was answered at once, is hardly a way if it took longer than this: a
 * proxy that has a program of its own run for each certificate takes 1 to 2 s, as recorded.
 */
const MAX_LONE_HANDSHAKE_MS = 600;
/** The other way round: from this share of the way on it may well have been there. A slow proxy takes as long, so it is a weak sign. */
const FAR_ENOUGH = 0.7;

/** How long the proxy needs for something at the origin, and what shows it. */
interface Way {
  readonly ms: Millis;
  /** As measured: `ms`, and the proxy's own work. */
  readonly measured: Millis;
  readonly shownBy: string;
  readonly margin: number;
  /** Another measure that has to show a way, too: names may have been looked up, credentials checked, a busy proxy waited for. */
  readonly doubtedBy: Millis | null;
  /** What the tunnel took to be set up, where that is longer: it has to show a way, too, since pages may be slow to make. */
  readonly setUp: Millis | null;
  /** Nothing but one CONNECT shows it, during which a name may have been looked up. */
  readonly byConnectOnly: boolean;
}

/** Answered faster than this tunnel's own round trip to the origin, less the round trip to the proxy; or as slowly. */
export const timeOfTheAnswer: Question = (exchange, head, { timeline, inTunnel, answers, interception }) => {
  if (!inTunnel || exchange.request === null) return [];
  const host = exchange.url === null ? null : hostOf(exchange.url);
  const way = wayToOrigin(timeline, answers, host, interception.state === "yes");
  if (way === null || way.ms < MIN_WAY_MS) return [];
  const toProxy = timeline.roundTripMs ?? 0;
  const took = millisBetween(exchange.request.where.time, head.where.time);
  // A clock that was set back measures nothing, nor do packets that were recorded in another order.
  if (took < 0 || !hasOwnTimes(timeline, timeline.start, head.where.time)) return [];
  const answered = Math.max(0, took - toProxy);
  const frames = `(frames ${exchange.request.where.frame} to ${head.where.frame})`;
  if (answered >= way.measured * FAR_ENOUGH) {
    const text = `the answer took ${duration(answered)} ${frames}, as long as the way to the origin (${duration(way.measured)} for ${way.shownBy})`;
    return [{ says: "origin", weight: "possible", source: "timing", text }];
  }
  if (answered * way.margin > way.ms || (way.setUp !== null && answered * TUNNEL_MARGIN > way.setUp)) return [];
  const text = `the answer took ${duration(answered)} ${frames}, less than the proxy's way to the origin (${duration(way.measured)} for ${way.shownBy})`;
  const doubtful = way.doubtedBy !== null && Math.max(MIN_ANSWER_MS, answered * way.margin) > way.doubtedBy;
  return [
    { says: "proxy", weight: doubtful ? "possible" : "likely", source: "timing", chance: way.byConnectOnly, text },
  ];
};

/**
 * Where the proxy reads inside, ordinary answers of the same site show the way best, or its CONNECT or handshake, of which
 * one may not have reached the origin: then no other tunnel to the same host may have been set up sooner, and the making of a
 * certificate is no way. Where it is not known to read inside, all did reach it: then the quickest counts.
 */
function wayToOrigin(
  timeline: Timeline,
  answers: AnswerRegister,
  host: string | null,
  intercepted: boolean,
): Way | null {
  const usual = host === null ? null : answers.site(timeline, host);
  const site: Way[] =
    usual?.quickestMs == null
      ? []
      : [way(usual.quickestMs - (timeline.roundTripMs ?? 0), 0, `its answer of frame ${usual.quickestFrame}`, MARGIN)];
  const { connect, handshake } = setUpOf(timeline);
  const isWay = connect !== null && !answers.isFirstCheck(timeline);
  const work = intercepted ? CERTIFICATE_MS : 0;
  const other = answers.wayElsewhere(timeline);
  const byConnectOnly = Math.max(other ?? 0, (handshake ?? 0) - work) < MIN_WAY_MS;
  const inConnect = isWay ? [{ ...way(connect, 0, "the CONNECT", TUNNEL_MARGIN), byConnectOnly }] : [];
  const inHandshake = handshake === null ? [] : [way(handshake, work, "the TLS handshake", TUNNEL_MARGIN)];
  if (!intercepted) return [...site, ...inConnect, ...inHandshake].sort((a, b) => a.ms - b.ms)[0] ?? null;
  const [longest] = [...inConnect, ...inHandshake].sort((a, b) => b.ms - a.ms);
  if (longest === undefined) return site[0] ?? null;
  if (other !== null && other < MIN_WAY_MS) return null;
  // An edge server answers by itself what it asks for, and passes the rest on to a slow application.
  if (site[0] !== undefined) return site[0].ms <= longest.ms ? { ...site[0], setUp: longest.ms } : longest;
  if (longest === inConnect[0]) return { ...longest, doubtedBy: handshake };
  const goesThere = isWay && connect >= MIN_WAY_MS;
  if (other === null && !goesThere && longest.measured > MAX_LONE_HANDSHAKE_MS) return null;
  return { ...longest, doubtedBy: other ?? (goesThere ? connect : 0) };
}

function way(measured: Millis, work: Millis, shownBy: string, margin: number): Way {
  return { ms: measured - work, measured, shownBy, margin, doubtedBy: null, setUp: null, byConnectOnly: false };
}
