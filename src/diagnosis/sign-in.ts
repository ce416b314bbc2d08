// Answers by which a network or a proxy wants the user to sign in on a page, without asking for credentials (RFC 6585 §6, RFC 9110 §15.4).
import type { ExchangeFact, Timeline } from "../proxy/index.ts";
import type { Attribution } from "./types.ts";
import { requestText } from "./wording.ts";

/** RFC 6585 §6: sent by networks that want a sign-in first, and by no site. */
export const NETWORK_AUTHENTICATION_REQUIRED = 511;

/** The first answer of a connection that sends the user to a page. */
export interface SignIn extends Pick<Attribution, "certainty" | "evidence"> {
  /** `network`: 511; `redirect`: to another host, by the proxy itself. */
  readonly kind: "network" | "redirect";
  /** In words, without the full stop. */
  readonly text: string;
  readonly exchange: ExchangeFact;
}

/** What a connection carried: the inside of its tunnel, or forwarded requests where there is no tunnel. */
export function carriedBy({ tunnel, forwards }: Timeline): readonly ExchangeFact[] {
  return tunnel?.exchanges ?? forwards;
}

/** The first 511 among these; null without one. */
export function networkSignIn(exchanges: readonly ExchangeFact[]): SignIn | null {
  const exchange = exchanges.find(({ response }) => response?.status === NETWORK_AUTHENTICATION_REQUIRED);
  if (exchange?.response == null) return null;
  const text = `${requestText(exchange)} was answered 511 (frame ${exchange.response.where.frame}): the network wants the user to sign in first`;
  return { kind: "network", text, exchange, certainty: "likely", evidence: [] };
}
