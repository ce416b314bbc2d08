// What a judgement is, what it is made from, and how long a capture has to wait before silence means something.
import { millisBetween, type Nanos } from "../bytes/index.ts";
import type { ExchangeFact, Timeline } from "../proxy/index.ts";
import type { AcceptedCredentials } from "./accepted.ts";
import type { Hole } from "./facts.ts";
import type { AuthChain } from "./joins.ts";
import type { OwnAnswer } from "./own-answer.ts";
import { orderLost } from "./recorded-order.ts";
import type { SignsFound } from "./signs/index.ts";
import { type Attribution, VERDICTS, type Verdict } from "./types.ts";
import { duration } from "./wording.ts";

/** A verdict and the sentence for it. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly summary: string;
}

/** What is known around a connection when it is judged. */
export interface JudgeContext {
  readonly chain: AuthChain;
  /** What proxies let through, in the whole capture. */
  readonly accepted: AcceptedCredentials;
  readonly attributions: ReadonlyMap<ExchangeFact, Attribution>;
  /** What the network or the proxy answered in place of the site; null where nothing shows that. */
  readonly ownAnswer: OwnAnswer | null;
  /** Time of the capture's last packet. */
  readonly captureEnd: Nanos | null;
  /** Where files of the capture are missing. */
  readonly holes: readonly Hole[];
  /** What the tunnel's records tell without keys; null where nothing is asked of them. */
  readonly signs: SignsFound | null;
  /** What the proxy's own records say of a 401 inside a tunnel that cannot be read. */
  readonly told: Attribution;
}

/** A request that waited this long at the end of the capture counts as never answered; less, and the capture may just end too early. */
const PATIENCE_MS = 20_000;

/** What tells how far a capture goes. */
export type Extent = Pick<JudgeContext, "captureEnd" | "holes">;

/** Up to when all is there that came behind `since`: the capture's end, or the next hole; null where that is not known. */
export function seenUntil(since: Nanos, { captureEnd, holes }: Extent): Nanos | null {
  let until = captureEnd;
  for (const { between } of holes) {
    if (between === null || between.to <= since) continue;
    const from = between.from > since ? between.from : since;
    if (until !== null && from < until) until = from;
  }
  return until;
}

/** What is said behind something that `seenUntil` ends. */
export const MISSING_BEHIND = ", behind which files of the capture are missing";

/** Whether files are missing somewhere between two times. */
export function isBroken(from: Nanos, to: Nanos, holes: readonly Hole[]): boolean {
  return holes.some(({ between }) => between !== null && between.to > from && between.from < to);
}

/** Whether from `since` on the capture shows enough time for what did not come. */
export function isPatient(since: Nanos, extent: Extent): boolean {
  const until = seenUntil(since, extent);
  return until !== null && millisBetween(since, until) >= PATIENCE_MS;
}

/** Nothing came since `since`, and the capture ended: `sentence` says what is waited for. */
export function stillOpen(since: Nanos, sentence: string, context: JudgeContext): Judgement {
  const until = seenUntil(since, context);
  const waited = until === null ? 0 : millisBetween(since, until);
  const verdict = isPatient(since, context) ? "no-response" : "incomplete";
  if (until !== context.captureEnd)
    return { verdict, summary: `${sentence} within ${duration(waited)}${MISSING_BEHIND}.` };
  return verdict === "no-response"
    ? { verdict, summary: `${sentence} within ${duration(waited)}, when the capture ended.` }
    : { verdict, summary: `${sentence} when the capture ended ${duration(waited)} later.` };
}

const FINE: readonly Verdict[] = ["ok", "auth-ok", "not-tls"];

/** Nothing is wrong with a connection as far as it was seen: of one that was open where files are missing that says less. */
export function asFarAsSeen(judgement: Judgement, { closedBy, end }: Timeline, { holes }: Extent): Judgement {
  if (closedBy !== "open" || !FINE.includes(judgement.verdict)) return judgement;
  if (!holes.some(({ between }) => between !== null && between.to > end)) return judgement;
  return {
    verdict: "incomplete",
    summary: `${judgement.summary} The connection was still open where files of the capture are missing.`,
  };
}

/** What is concluded from which side spoke first, which last, and how long that took. */
const BY_ORDER: readonly Verdict[] = ["tunnel-401-suspected", "no-response", "auth-abandoned"];

/** `judgement`, or that it cannot be made: what rests on the order of the two directions needs that order. */
export function byOrder(judgement: Judgement, timeline: Timeline): Judgement {
  const rests = BY_ORDER.includes(judgement.verdict) || (judgement.verdict === "incomplete" && isWhole(timeline));
  const lost = rests ? orderLost(timeline) : null;
  if (lost === null) return judgement;
  const summary = `What answers what cannot be told on this connection: ${lost.what}. ${lost.remedy}`;
  return { verdict: "incomplete", summary };
}

/** All of it is in the capture, as far as can be told: then it is not for want of bytes if it tells nothing. */
function isWhole({ gaps, oneSided, lateStart, closedBy }: Timeline): boolean {
  return gaps.length === 0 && !oneSided && !lateStart && closedBy !== "open";
}

/** The first of `judgements` with the worst verdict; null of none. */
export function worst(judgements: readonly Judgement[]): Judgement | null {
  let result: Judgement | null = null;
  for (const judgement of judgements) {
    if (result === null || VERDICTS.indexOf(judgement.verdict) < VERDICTS.indexOf(result.verdict)) result = judgement;
  }
  return result;
}
