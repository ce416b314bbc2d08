// Who sent a 401 or 407: evidence for each side is collected, weighed, and told in words with frames.
import type { ExchangeFact, ServerLeg, Timeline } from "../proxy/index.ts";
import { evidenceOf } from "./evidence.ts";
import type { Attribution, Certainty } from "./types.ts";

/** One piece of evidence. */
export interface Evidence {
  readonly says: "proxy" | "origin";
  readonly weight: Certainty;
  /** Pieces with the same source are one sign, however many there are. */
  readonly source: string;
  readonly text: string;
}

/** What is known around an exchange while its sender is asked for. */
export interface SenderContext {
  readonly timeline: Timeline;
  readonly inTunnel: boolean;
  /** 407s of the same proxy anywhere in the capture. */
  readonly proxyChallenges: readonly ChallengeShape[];
  /** Server legs opened by the proxy's address. */
  readonly legs: readonly ServerLeg[];
}

/** The shape of a challenge: equal shapes come from the same hand. */
export interface ChallengeShape {
  readonly key: string;
  readonly frame: number;
}

/** Asks all evidence and weighs it. */
export function attribute(exchange: ExchangeFact, context: SenderContext): Attribution {
  return weigh(evidenceOf(exchange, context));
}

/**
 * `certain` cannot be otherwise; two independent likely signs and none against are `likely`; one sign is `possible`.
 * Evidence for both sides leaves the sender unknown, unless one side's is certain and the other's is not.
 */
export function weigh(evidence: readonly Evidence[]): Attribution {
  const texts = evidence.map(({ text }) => text);
  const proxy = strength(evidence, "proxy");
  const origin = strength(evidence, "origin");
  if (proxy === null && origin === null) return { sentBy: "unknown", certainty: null, evidence: texts };
  if (proxy !== null && origin !== null) {
    if (proxy === "certain" && origin !== "certain") return { sentBy: "proxy", certainty: "likely", evidence: texts };
    if (origin === "certain" && proxy !== "certain") return { sentBy: "origin", certainty: "certain", evidence: texts };
    return { sentBy: "unknown", certainty: null, evidence: texts };
  }
  const [sentBy, certainty] = proxy !== null ? (["proxy", proxy] as const) : (["origin", origin] as const);
  return { sentBy, certainty, evidence: texts };
}

function strength(evidence: readonly Evidence[], side: Evidence["says"]): Certainty | null {
  const own = evidence.filter(({ says }) => says === side);
  if (own.some(({ weight }) => weight === "certain")) return "certain";
  const signs = new Set(own.filter(({ weight }) => weight === "likely").map(({ source }) => source));
  if (signs.size >= 2) return "likely";
  return own.length > 0 ? "possible" : null;
}
