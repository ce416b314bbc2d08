// Who sent a 401 or 407: evidence for each side is collected, weighed, and told in words with frames.
import type { ExchangeFact } from "../proxy/index.ts";
import { type Evidence, evidenceOf, type SenderContext } from "./evidence/index.ts";
import type { Attribution, Certainty } from "./types.ts";

/** Asks all evidence and weighs it. */
export function attribute(exchange: ExchangeFact, context: SenderContext): Attribution {
  return weigh(evidenceOf(exchange, context));
}

/** Nothing is known. */
export const UNATTRIBUTED: Attribution = { sentBy: "unknown", certainty: null, evidence: [] };

/**
 * `certain` cannot be otherwise; two independent likely signs and none against are `likely`; one sign is `possible`.
 * What is certain for one side outweighs what is not for the other; otherwise evidence for both sides leaves the sender
 * unknown, and both are shown. Where interception is ruled out, nothing that speaks for the proxy counts.
 */
export function weigh(evidence: readonly Evidence[]): Attribution {
  const texts = evidence.map(({ text }) => text);
  const ruledOut = evidence.some(({ source, says }) => source === "interception" && says === "origin");
  if (ruledOut) return { sentBy: "origin", certainty: "certain", evidence: texts };
  const proxy = strength(evidence, "proxy");
  const origin = strength(evidence, "origin");
  if (proxy === null && origin === null) return { ...UNATTRIBUTED, evidence: texts };
  if (proxy !== null && origin !== null) {
    if (proxy === "certain" && origin !== "certain") return { sentBy: "proxy", certainty: "certain", evidence: texts };
    if (origin === "certain" && proxy !== "certain") return { sentBy: "origin", certainty: "certain", evidence: texts };
    // A mere possibility does not outweigh two independent signs; it takes their certainty down.
    if (proxy === "likely" && onlyPossible(evidence, "origin"))
      return { sentBy: "proxy", certainty: "possible", evidence: texts };
    if (origin === "likely" && onlyPossible(evidence, "proxy"))
      return { sentBy: "origin", certainty: "possible", evidence: texts };
    return { ...UNATTRIBUTED, evidence: texts };
  }
  const [sentBy, certainty] = proxy !== null ? (["proxy", proxy] as const) : (["origin", origin] as const);
  return { sentBy, certainty, evidence: texts };
}

function onlyPossible(evidence: readonly Evidence[], side: Evidence["says"]): boolean {
  return evidence.every(({ says, weight }) => says !== side || weight === "possible");
}

function strength(evidence: readonly Evidence[], side: Evidence["says"]): Certainty | null {
  const own = evidence.filter(({ says }) => says === side);
  if (own.some(({ weight }) => weight === "certain")) return "certain";
  const signs = new Set(own.filter(({ weight }) => weight === "likely").map(({ source }) => source));
  if (signs.size >= 2) return "likely";
  return own.length > 0 ? "possible" : null;
}
