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
export { CACHE_LOOKUP } from "./cache-lookup.ts";
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

/** All evidence about one exchange; none without a response. */
export function evidenceOf(exchange: ExchangeFact, context: SenderContext): readonly Evidence[] {
  const head = exchange.response;
  return head === null ? [] : gather(QUESTIONS, (question) => question(exchange, head, context));
}

/** What tells of a redirect who made it: what both legs show, and marks of the proxy's product and of its cache. */
const OF_A_REDIRECT: readonly Question[] = [
  ruledOut,
  ownSite,
  neverForwarded,
  answeredByServerLeg,
  productMarks,
  madeAtOnce,
  passedThrough,
];

/** The same for a redirect, with which nobody is asked for credentials: times and likenesses say nothing of it. */
export function evidenceOfRedirect(
  exchange: ExchangeFact,
  head: ResponseHead,
  context: SenderContext,
): readonly Evidence[] {
  return gather(OF_A_REDIRECT, (question) => question(exchange, head, context));
}
