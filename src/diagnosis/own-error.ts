// Errors that the proxy made itself: a rule that refuses, also because it wants a user and cannot ask for one, or a site that it did not reach.
import { isChallenge } from "../http/index.ts";
import type { ExchangeFact } from "../proxy/index.ts";
import type { SenderContext } from "./evidence/index.ts";
import type { OwnAnswer } from "./own-answer.ts";
import { attribute } from "./sender.ts";
import type { Certainty } from "./types.ts";
import { answerText } from "./wording.ts";

/** RFC 9110 §15.5, §15.6: client and server errors. */
const FIRST_ERROR = 400;
/** What proxies answer where they pass nothing on (RFC 9110 §15.5.4, §15.6.3 to §15.6.5; RFC 7725 §3); other errors are mostly a site's. */
const ERRORS_OF_PROXIES: ReadonlySet<number> = new Set([403, 451, 502, 503, 504]);

const BY = {
  certain: "by the proxy itself",
  likely: "most likely by the proxy itself",
  possible: "possibly by the proxy itself",
} as const satisfies Record<Certainty, string>;

/** Whether an answer is an error, and does not ask for credentials; whoever made it. */
export function isError({ response }: ExchangeFact): boolean {
  return response !== null && response.status >= FIRST_ERROR && !isChallenge(response);
}

/** What is told of an error that is the proxy's own, as certain as its evidence is; null for any other answer. */
export function ownError(exchange: ExchangeFact, context: SenderContext): OwnAnswer | null {
  const { response } = exchange;
  if (response === null || !isError(exchange)) return null;
  const { sentBy, certainty, evidence } = attribute(exchange, context);
  if (sentBy !== "proxy" || certainty === null) return null;
  if (certainty === "possible" && !ERRORS_OF_PROXIES.has(response.status)) return null;
  return { kind: "error", text: `${answerText(exchange, response)}, ${BY[certainty]}`, certainty, evidence, exchange };
}
