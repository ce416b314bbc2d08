// Redirects that the proxy made itself: so some have the user sign in, without a 401 or 407 (RFC 9110 §15.4).
import { fieldOf } from "../http/index.ts";
import type { ExchangeFact } from "../proxy/index.ts";
import { CACHE_LOOKUP, type Evidence, evidenceOfRedirect, type SenderContext } from "./evidence/index.ts";
import type { OwnAnswer } from "./own-answer.ts";
import { weigh } from "./sender.ts";
import { answerText, hostOf } from "./wording.ts";

/** Found, See Other, Temporary Redirect: what is asked for is still there, the client is to go elsewhere first. */
const TEMPORARY: ReadonlySet<number> = new Set([302, 303, 307]);

/** Whether an answer sends the client to another host for a while; whoever made it. */
export function isRedirectAway(exchange: ExchangeFact): boolean {
  const { request, response, url } = exchange;
  if (request === null || response === null || url === null || !TEMPORARY.has(response.status)) return false;
  const location = locationOf(exchange);
  return ABSOLUTE.test(location) && hostOf(location) !== hostOf(url);
}

/**
 * What is told of a redirect to another host that is the proxy's own: by two signs, what the legs show for certain, or what the proxy says
 * of its cache. Null for any other answer.
 */
export function ownRedirect(exchange: ExchangeFact, context: SenderContext): OwnAnswer | null {
  const { response } = exchange;
  if (response === null || !isRedirectAway(exchange)) return null;
  const found = evidenceOfRedirect(exchange, response, context);
  const { sentBy, certainty, evidence } = weigh(found);
  if (sentBy !== "proxy" || (certainty === "possible" && !found.some(saysSo))) return null;
  const seems = certainty === "possible" ? ", as it seems" : "";
  const text = `${answerText(exchange, response)}${seems} by the proxy itself, which sends the client to ${hostOf(locationOf(exchange))}: ${evidence[0]}`;
  return { kind: "redirect", text, certainty, evidence, exchange };
}

/** Of one sign only this one is told: it is about the answer itself. */
function saysSo({ says, source }: Evidence): boolean {
  return says === "proxy" && source === CACHE_LOOKUP;
}

function locationOf({ response }: ExchangeFact): string {
  return response === null ? "" : (fieldOf(response, "location") ?? "");
}

const ABSOLUTE = /^https?:\/\/[^/]/i;
