// Answers by which a network or a proxy wants the user to sign in on a page, without asking for credentials (RFC 6585 §6, RFC 9110 §15.4).
import type { ExchangeFact, Timeline } from "../proxy/index.ts";
import type { SenderContext } from "./evidence/index.ts";
import { ownRedirect } from "./own-redirect.ts";
import { requestText } from "./wording.ts";

/** RFC 6585 §6: sent by networks that want a sign-in first, and by no site. */
export const NETWORK_AUTHENTICATION_REQUIRED = 511;

/** The first answer of a connection that sends the user to a page. */
export interface SignIn {
  /** `network`: 511; `redirect`: to another host, by the proxy itself. */
  readonly kind: "network" | "redirect";
  /** In words, without the full stop. */
  readonly text: string;
  readonly exchange: ExchangeFact;
}

/** That of a tunnel's inside, or of forwarded requests where there is no tunnel; null without one. `contextOf`: what both legs may show; null without legs. */
export function signInOf(
  { tunnel, forwards }: Timeline,
  contextOf: ((exchange: ExchangeFact) => SenderContext) | null,
): SignIn | null {
  const exchanges = tunnel?.exchanges ?? forwards;
  const exchange = exchanges.find(({ response }) => response?.status === NETWORK_AUTHENTICATION_REQUIRED);
  if (exchange?.response != null) {
    const text = `${requestText(exchange)} was answered 511 (frame ${exchange.response.where.frame}): the network wants the user to sign in first`;
    return { kind: "network", text, exchange };
  }
  if (contextOf === null) return null;
  for (const one of exchanges) {
    const text = ownRedirect(one, () => contextOf(one));
    if (text !== null) return { kind: "redirect", text, exchange: one };
  }
  return null;
}
