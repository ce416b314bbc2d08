// What a judgement is, what it is made from, and how long a capture has to wait before silence means something.
import { millisBetween, type Nanos } from "../bytes/index.ts";
import type { ExchangeFact } from "../proxy/index.ts";
import type { AuthChain } from "./joins.ts";
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
  readonly attributions: ReadonlyMap<ExchangeFact, Attribution>;
  /** Time of the capture's last packet. */
  readonly captureEnd: Nanos | null;
  /** What the tunnel's records tell without keys; null where nothing is asked of them. */
  readonly signs: SignsFound | null;
  /** What the proxy's own records say of a 401 inside a tunnel that cannot be read. */
  readonly told: Attribution;
}

/** A request that waited this long at the end of the capture counts as never answered; less, and the capture may just end too early. */
const PATIENCE_MS = 20_000;

/** Whether from `since` to the capture's end there was time enough for what did not come. */
export function isPatient(since: Nanos, { captureEnd }: Pick<JudgeContext, "captureEnd">): boolean {
  return captureEnd !== null && millisBetween(since, captureEnd) >= PATIENCE_MS;
}

/** Nothing came since `since`, and the capture ended: `sentence` says what is waited for. */
export function stillOpen(since: Nanos, sentence: string, context: JudgeContext): Judgement {
  const waited = context.captureEnd === null ? 0 : millisBetween(since, context.captureEnd);
  if (isPatient(since, context)) {
    return { verdict: "no-response", summary: `${sentence} within ${duration(waited)}, when the capture ended.` };
  }
  return { verdict: "incomplete", summary: `${sentence} when the capture ended ${duration(waited)} later.` };
}

/** The first of `judgements` with the worst verdict; null of none. */
export function worst(judgements: readonly Judgement[]): Judgement | null {
  let result: Judgement | null = null;
  for (const judgement of judgements) {
    if (result === null || VERDICTS.indexOf(judgement.verdict) < VERDICTS.indexOf(result.verdict)) result = judgement;
  }
  return result;
}
