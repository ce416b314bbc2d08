// Answers by which the site, or a gateway in front of it, says that there is none (RFC 9110 §15.6.3 to §15.6.5): no challenge, but no page either.
import type { ExchangeFact } from "../proxy/index.ts";
import { answerText } from "./wording.ts";

/** Bad Gateway, Service Unavailable, Gateway Timeout. */
const UNREACHED: ReadonlySet<number> = new Set([502, 503, 504]);

/** Whether an answer with this status says so; of a CONNECT in a tunnel a further proxy says it, which is not looked at. */
export function isUnreached(method: string | null | undefined, status: number): boolean {
  return method !== "CONNECT" && UNREACHED.has(status);
}

/** The first of such answers in words, without the full stop; null where there is none. */
export function unreached(exchanges: readonly ExchangeFact[]): string | null {
  const found = exchanges.find(
    ({ request, response }) => response !== null && isUnreached(request?.method, response.status),
  );
  if (found?.response == null) return null;
  return `${answerText(found, found.response)}: the site could not answer, or was not reached`;
}
