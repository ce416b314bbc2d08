// What a network or the proxy itself answers in place of the site, other than by asking for credentials: a page to sign in on, an error.
import type { ExchangeFact, Timeline } from "../proxy/index.ts";
import type { Attribution } from "./types.ts";
import { answerText } from "./wording.ts";

/** RFC 6585 §6: sent by networks that want a sign-in first, and by no site. */
export const NETWORK_AUTHENTICATION_REQUIRED = 511;

/** An answer that is not the site's. */
export interface OwnAnswer extends Pick<Attribution, "certainty" | "evidence"> {
  /** `network`: 511; `redirect`: to another host, and `error`: 4xx or 5xx, both by the proxy itself. */
  readonly kind: "network" | "redirect" | "error";
  /** In words, without the full stop. */
  readonly text: string;
  readonly exchange: ExchangeFact;
}

/** What a connection carried: the inside of its tunnel, or forwarded requests where there is no tunnel. */
export function carriedBy({ tunnel, forwards }: Timeline): readonly ExchangeFact[] {
  return tunnel?.exchanges ?? forwards;
}

/** The first 511 among these; null without one. */
export function networkSignIn(exchanges: readonly ExchangeFact[]): OwnAnswer | null {
  const exchange = exchanges.find(({ response }) => response?.status === NETWORK_AUTHENTICATION_REQUIRED);
  if (exchange?.response == null) return null;
  const text = `${answerText(exchange, exchange.response)}: the network wants the user to sign in first`;
  return { kind: "network", text, exchange, certainty: "likely", evidence: [] };
}
