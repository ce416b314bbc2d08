// All evidence for the sender of an answer, each row a function; the certain ones come first.
import { gather } from "../../bytes/index.ts";
import type { ResponseHead } from "../../http/index.ts";
import type { ExchangeFact } from "../../proxy/index.ts";
import { madeAtOnce, passedThrough } from "./cache-lookup.ts";
import { ownSite, passedOn, proxyStatus, ruledOut } from "./certain.ts";
import { answeredByServerLeg, neverForwarded } from "./legs.ts";
import { challengeElsewhere, pageElsewhere, sameChallenge } from "./likeness.ts";
import { plaintextAnswer, productMarks, proxyHeaders } from "./marks.ts";
import { apiError, bearer, challengeState, likeTheSite, siteCookies, siteServer, siteSoftware } from "./site.ts";
import { timeOfTheAnswer } from "./timing.ts";
import type { Evidence, Question, SenderContext } from "./types.ts";

export { AnswerRegister } from "./answers.ts";
export type { Evidence, SenderContext } from "./types.ts";

const QUESTIONS: readonly Question[] = [
  ruledOut,
  ownSite,
  proxyStatus,
  passedOn,
  neverForwarded,
  answeredByServerLeg,
  plaintextAnswer,
  sameChallenge,
  challengeElsewhere,
  pageElsewhere,
  productMarks,
  proxyHeaders,
  madeAtOnce,
  timeOfTheAnswer,
  bearer,
  apiError,
  likeTheSite,
  siteServer,
  siteSoftware,
  passedThrough,
  siteCookies,
  challengeState,
];

/** What both legs say of an answer, and what rules the proxy out. */
const OF_THE_LEGS: readonly Question[] = [ruledOut, neverForwarded, answeredByServerLeg];

/** In words why an answer is the proxy's own: both legs show that the request was never sent on. Null where they do not, or are not alone. */
export function shownAsOwn(exchange: ExchangeFact, head: ResponseHead, context: SenderContext): string | null {
  const found = gather(OF_THE_LEGS, (question) => question(exchange, head, context));
  if (found.some(({ says }) => says === "origin")) return null;
  return found.find(({ weight }) => weight === "certain")?.text ?? null;
}

/** All evidence about one exchange; none without a response. */
export function evidenceOf(exchange: ExchangeFact, context: SenderContext): readonly Evidence[] {
  const head = exchange.response;
  return head === null ? [] : gather(QUESTIONS, (question) => question(exchange, head, context));
}
