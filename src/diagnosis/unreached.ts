// Answers by which the site, or a gateway in front of it, says that there is none (RFC 9110 §15.6.3 to §15.6.5): no challenge, but no page either.
import type { ExchangeFact, Timeline } from "../proxy/index.ts";
import { endedByAlert } from "./handshake.ts";
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

/** Whether a connection in which nothing is wrong left somebody without a page: no site was reached, or an alert ended it behind its handshake. */
export function isLeftWithout({ tunnel, forwards }: Timeline): boolean {
  if (unreached(tunnel?.exchanges ?? forwards) !== null) return true;
  return tunnel?.tls != null && endedByAlert(tunnel.tls) !== null;
}
