// Answers by which a network wants the user to sign in, without asking for credentials (RFC 6585 §6).
import type { ExchangeFact } from "../proxy/index.ts";
import { requestText } from "./wording.ts";

/** RFC 6585 §6: sent by networks that want a sign-in first, and by no site. */
export const NETWORK_AUTHENTICATION_REQUIRED = 511;

/** The first of such answers in words, without the full stop; null where there is none. */
export function wantsSignIn(exchanges: readonly ExchangeFact[]): string | null {
  const asked = exchanges.find(({ response }) => response?.status === NETWORK_AUTHENTICATION_REQUIRED);
  if (asked?.response == null) return null;
  return `${requestText(asked)} was answered 511 (frame ${asked.response.where.frame}): the network wants the user to sign in first`;
}
