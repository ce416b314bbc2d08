// Who sent a 401 or 407: evidence for each side is collected, weighed, and told in words with frames.
import type { ExchangeFact, Timeline } from "../proxy/index.ts";
import { type Evidence, evidenceOf, type SenderContext } from "./evidence/index.ts";
import type { Attribution, Certainty } from "./types.ts";
import { endpointText } from "./wording.ts";

/** Asks all evidence and weighs it. */
export function attribute(exchange: ExchangeFact, context: SenderContext): Attribution {
  return weigh(evidenceOf(exchange, context));
}

/**
 * Whose the answers in a tunnel are that a further proxy carries as well: as is told there, where all is nearer to the origin. A proxy
 * that passes a tunnel on unread writes nothing into it. `own`, `theirs`: of each of the two connections by itself.
 */
export function asTheFurther(
  { tunnel }: Timeline,
  own: ReadonlyMap<ExchangeFact, Attribution>,
  further: Timeline,
  theirs: ReadonlyMap<ExchangeFact, Attribution>,
): ReadonlyMap<ExchangeFact, Attribution> {
  const found = new Map(own);
  const place = `the tunnel goes on unread to ${endpointText(further.proxy)} (stream ${further.stream})`;
  for (const [at, exchange] of (tunnel?.exchanges ?? []).entries()) {
    const ours = own.get(exchange);
    if (ours === undefined) continue;
    const same = further.tunnel?.exchanges[at];
    const isSame = same?.url === exchange.url && same.response?.status === exchange.response?.status;
    const told = same !== undefined && isSame ? theirs.get(same) : undefined;
    // What makes an answer like this proxy's own ones says nothing of the further one.
    const { sentBy, certainty, evidence } = told ?? (ours.sentBy === "proxy" ? NOTHING_SAID : ours);
    found.set(exchange, { sentBy, certainty, evidence: [place, ...evidence], further });
  }
  return found;
}

/**
 * `certain` cannot be otherwise; two independent likely signs and none against are `likely`; one sign is `possible`.
 * What the capture shows happening (legs, certificates, records of the proxy) outweighs likenesses. A product's mark is
 * certain only while nothing likely is against it: sites stand behind the same software. Otherwise evidence for both sides
 * leaves the sender unknown, and both are shown. Where interception is ruled out, nothing that speaks for the proxy counts.
 */
export function weigh(evidence: readonly Evidence[]): Attribution {
  if (evidence.length === 0) return NOTHING_SAID;
  const ruledOut = evidence.some(
    ({ source, says }) => says === "origin" && (source === "interception" || source === "own-site"),
  );
  if (ruledOut) return { sentBy: "origin", certainty: "certain", evidence: textsFor("origin", evidence) };
  const proxy = strength(evidence, "proxy");
  const origin = strength(evidence, "origin");
  const [sentBy, certainty] =
    proxy !== null && origin !== null ? contested(evidence, proxy, origin) : decided(proxy, origin);
  return { sentBy, certainty, evidence: textsFor(sentBy, evidence) };
}

/** What speaks for somebody else than who is named says so: a reader takes the list for the reasons. */
function textsFor(sentBy: Attribution["sentBy"], evidence: readonly Evidence[]): readonly string[] {
  return evidence.map(({ says, text }) => (says === sentBy ? text : `${SPEAKS_FOR[says]}: ${text}`));
}

const SPEAKS_FOR = { proxy: "speaks for the proxy", origin: "speaks for the site" } as const satisfies Record<
  Evidence["says"],
  string
>;

const NOTHING_SAID: Attribution = { sentBy: "unknown", certainty: null, evidence: [] };

type Ruling = readonly [sentBy: Attribution["sentBy"], certainty: Certainty | null];

function decided(proxy: Certainty | null, origin: Certainty | null): Ruling {
  if (proxy !== null) return ["proxy", proxy];
  return origin !== null ? ["origin", origin] : ["unknown", null];
}

function contested(evidence: readonly Evidence[], proxy: Certainty, origin: Certainty): Ruling {
  const shownForProxy = isShown(evidence, "proxy");
  const shownForOrigin = isShown(evidence, "origin");
  if (shownForProxy !== shownForOrigin) return [shownForProxy ? "proxy" : "origin", "certain"];
  if (shownForProxy) return ["unknown", null];
  // A mere possibility does not outweigh two independent signs, or a product's name; it takes their certainty down.
  if (proxy !== "possible" && onlyPossible(evidence, "origin")) return ["proxy", lower(proxy)];
  if (origin !== "possible" && onlyPossible(evidence, "proxy")) return ["origin", lower(origin)];
  return ["unknown", null];
}

/** Certain, and not by likeness to a product. */
function isShown(evidence: readonly Evidence[], side: Evidence["says"]): boolean {
  return evidence.some(({ says, weight, source }) => says === side && weight === "certain" && source !== "product");
}

function lower(certainty: Certainty): Certainty {
  return certainty === "certain" ? "likely" : "possible";
}

function onlyPossible(evidence: readonly Evidence[], side: Evidence["says"]): boolean {
  return evidence.every(({ says, weight }) => says !== side || weight === "possible");
}

function strength(evidence: readonly Evidence[], side: Evidence["says"]): Certainty | null {
  const own = evidence.filter(({ says }) => says === side);
  if (own.some(({ weight }) => weight === "certain")) return "certain";
  const likely = own.filter(({ weight }) => weight === "likely");
  const signs = new Set(likely.filter(({ chance }) => chance !== true).map(({ source }) => source));
  const byChance = likely.some(({ source }) => !signs.has(source));
  if (signs.size + (byChance ? 1 : 0) >= 2) return "likely";
  return own.length > 0 ? "possible" : null;
}
