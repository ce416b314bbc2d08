// What the certainty of findings decides: which of them is read first, by which connection a verdict is told, and which are only possible.
import { gather } from "../bytes/index.ts";
import type { JudgedConnection } from "./facts.ts";
import type { Certainty, Finding, Verdict } from "./types.ts";

/** Findings of one rule that are told one by one; the totals count all. */
const MAX_FINDINGS_PER_RULE = 200;

/** The findings of a rule, the most certain first: who reads only one is not to read the weakest. */
export function surest(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length < 2) return findings;
  return findings
    .toSorted((a, b) => DOUBT[a.certainty ?? "certain"] - DOUBT[b.certainty ?? "certain"])
    .slice(0, MAX_FINDINGS_PER_RULE);
}

const DOUBT = { certain: 0, likely: 1, possible: 2 } as const satisfies Readonly<Record<Certainty, number>>;

/** The connection that a capture's verdict is told by: that of the first finding, and of those that are not worth one the first. */
export function deciding<C extends { readonly verdict: Verdict }>(
  verdict: Verdict,
  findings: readonly { readonly id: string; readonly stream: number | null }[],
  connections: readonly C[],
  streamOf: (connection: C) => number,
): C | null {
  const stream = findings.find(({ id }) => id === verdict)?.stream ?? null;
  return connections.find((one) => one.verdict === verdict && (stream === null || streamOf(one) === stream)) ?? null;
}

/** Those whose own finding is `possible`. Of a suspicion its name says what it is. */
export function possible(
  found: readonly (readonly Finding[])[],
  connections: readonly JudgedConnection[],
): ReadonlySet<JudgedConnection> {
  const places = gather(found, (findings) =>
    gather(findings, ({ id, stream, certainty }) =>
      certainty === "possible" && id !== "tunnel-401-suspected" ? [`${id} ${stream}`] : [],
    ),
  );
  if (places.length === 0) return NONE;
  const wanted = new Set(places);
  return new Set(connections.filter(({ verdict, timeline }) => wanted.has(`${verdict} ${timeline.stream}`)));
}

const NONE: ReadonlySet<JudgedConnection> = new Set();
