// How long the proxy's way to an origin is, from what all tunnels to it show: what set them up, and how long answers took.
import { type Millis, millisBetween, type Nanos } from "../../bytes/index.ts";
import type { TunnelsBeyond } from "./beyond.ts";
import { isLong, MIN_WAY_MS, type SetUp, setUpOf } from "./set-up.ts";
import type { Run, TunnelRecords, Turn } from "./types.ts";

/** A second measure of the set-up has to show this much for itself. */
const MIN_OTHER_MS = 10;
/** A handshake asks two to four questions on the way (TCP, TLS), and may wait for more: an answer within this part of it asked none. */
const NEAR = 1 / 6;
/** An answer that took this part of the way may have taken all of it: set-up has more to do than one question. */
const FAR = 1 / 3;
/** The same where CONNECT and handshake both went to the origin: the CONNECT asks one question only. */
const FAR_OF_BOTH = 0.45;
/** What round trips vary by at the least; and by this part of them. */
const JITTER_MS = 5;
const JITTER = 1 / 2;
/** Longer ones are served from the proxy's cache as easily as they are challenges. */
export const MAX_SMALL = 8_192;
/** A 401 has a status line, a challenge and a length: an interim response (RFC 9110 §15.2) or a 204 in HTTP/2 is shorter. */
export const MIN_ANSWER = 80;
/** Answers that agree with the way, where only one measure of the set-up shows it. */
const MIN_FAR_ANSWERS = 2;

/** The way to one origin through one proxy. */
export interface Way {
  /** Beyond the round trip to the proxy: the shortest that any tunnel took to be set up. */
  readonly ms: Millis;
  /** An answer that took this long may have taken the way. */
  readonly farMs: Millis;
  /** What was measured, in words. */
  readonly text: string;
}

/** From one record to another, less the round trip to the proxy. */
function beyondProxy({ timeline }: TunnelRecords, from: Nanos, to: Nanos): Millis {
  return millisBetween(from, to) - (timeline.roundTripMs ?? 0);
}

/** Whether the answer is of the size that a challenge may have. */
export function isSmall(answer: Run | null): answer is Run {
  return answer !== null && answer.bytes >= MIN_ANSWER && answer.bytes <= MAX_SMALL;
}

/** Whether all of it, from the request's first record to the answer's last, took much less than the way. */
export function isNear(tunnel: TunnelRecords, turn: Turn & { readonly answer: Run }, way: Way): boolean {
  const took = beyondProxy(tunnel, turn.request.firstTime, turn.answer.time);
  const jitter = Math.max(JITTER_MS, (tunnel.timeline.roundTripMs ?? 0) * JITTER);
  return took <= way.ms * NEAR && way.ms - took >= jitter;
}

/** Whether the answer took as long as the way, from the last that the client sent on. */
export function isFar(tunnel: TunnelRecords, turn: Turn & { readonly answer: Run }, way: Way): boolean {
  return beyondProxy(tunnel, turn.request.time, turn.answer.firstTime) >= way.farMs;
}

/** Whether an answer may have come from the origin: from the first that the client sent on it took as long as the way. */
export function mayBeFar(tunnel: TunnelRecords, { request, answer }: Turn, way: Way): boolean {
  return answer !== null && beyondProxy(tunnel, request.firstTime, answer.time) >= way.farMs;
}

/**
 * The way to the target of `tunnels` (all of one proxy to one target, others are `beyond` those that are kept); null if it is too short or not sure enough. A
 * single measure may hide a name lookup, a sign-in or the making of a certificate, which later tunnels to the same target do
 * without: so the shortest of all tunnels counts, and another measure has to agree with it: CONNECT and handshake with each
 * other, a second tunnel that was opened afterwards, or two answers.
 */
export function wayTo(tunnels: readonly TunnelRecords[], beyond: TunnelsBeyond): Way | null {
  const [first] = tunnels;
  const other = first === undefined ? null : beyond.shortestTo(first.timeline);
  if (other === "short") return null;
  const measured: SetUp[] = other === null ? [] : [other];
  for (const { timeline } of tunnels) {
    const one = setUpOf(timeline);
    if (one !== null) measured.push(one);
  }
  const shortest = measured.reduce<SetUp | null>(
    (least, one) => (least === null || one.ms < least.ms ? one : least),
    null,
  );
  if (shortest === null || !isLong(shortest)) return null;
  const { ms, lesser } = shortest;
  const way: Way = { ms, farMs: ms * (lesser >= MIN_WAY_MS ? FAR_OF_BOTH : FAR), text: textOf(shortest) };
  const agreed =
    lesser >= Math.max(ms * FAR, MIN_OTHER_MS) ||
    measured.some((one) => one !== shortest && measured.some((before) => before.end <= one.start)) ||
    tunnels.reduce((sum, tunnel) => sum + farAnswers(tunnel, way), 0) >= MIN_FAR_ANSWERS;
  return agreed ? way : null;
}

function farAnswers(tunnel: TunnelRecords, way: Way): number {
  return tunnel.turns.filter((turn) => turn.answer !== null && isFar(tunnel, { ...turn, answer: turn.answer }, way))
    .length;
}

function textOf({ byConnect, from, to }: SetUp): string {
  return `${byConnect ? "CONNECT to its answer" : "ClientHello to ServerHello"}, frames ${from} to ${to}`;
}
