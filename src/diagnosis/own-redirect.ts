// Redirects that the proxy made itself: so some have the user sign in, without a 401 or 407 (RFC 9110 §15.4).
import { fieldOf } from "../http/index.ts";
import type { ExchangeFact } from "../proxy/index.ts";
import { type SenderContext, shownAsOwn } from "./evidence/index.ts";
import { hostOf, requestText } from "./wording.ts";

/** Found, See Other, Temporary Redirect: what is asked for is still there, the client is to go elsewhere first. */
const TEMPORARY: ReadonlySet<number> = new Set([302, 303, 307]);

/**
 * A redirect to another host that both legs show to be the proxy's, in words without the full stop; null for any other answer, and
 * where the redirect may be the site's.
 */
export function ownRedirect(exchange: ExchangeFact, contextOf: () => SenderContext): string | null {
  const { request, response, url } = exchange;
  if (request === null || response === null || url === null || !TEMPORARY.has(response.status)) return null;
  const location = fieldOf(response, "location") ?? "";
  if (!ABSOLUTE.test(location) || hostOf(location) === hostOf(url)) return null;
  const shown = shownAsOwn(exchange, response, contextOf());
  if (shown === null) return null;
  return `${requestText(exchange)} was answered ${response.status} (frame ${response.where.frame}) by the proxy itself, which sends the client to ${hostOf(location)}: ${shown}`;
}

const ABSOLUTE = /^https?:\/\/[^/]/i;
