// What the proxy's own records say beside a capture: how they were joined, and the findings of joined tunnels.
import type { JudgedConnection } from "../diagnosis/index.ts";
import {
  type JudgedTunnel,
  type ProxyRecord,
  type RecordJoin,
  TRACE_NOTES,
  type TraceNote,
  traceExplanations,
} from "../policy-trace/index.ts";
import type { ReportFinding, ReportPolicy, ReportPolicyJoin } from "./types.ts";

/** One file that was read. */
export interface PolicySource {
  readonly path: string;
  readonly name: string;
  readonly kind: "policy-trace" | "access-log";
  readonly notes: readonly TraceNote[];
  /** Tunnels of a trace with what was found in them. */
  readonly tunnels: readonly JudgedTunnel[];
}

export interface PolicyFacts {
  readonly sources: readonly PolicySource[];
  /** null until the capture was read. */
  readonly join: RecordJoin | null;
  readonly dropped: number;
}

/** Findings of traces that are told; the trace by itself has all. */
const MAX_FINDINGS = 200;

/** What the proxy's own records brought: each file with its clock (the difference in milliseconds) and what was joined. */
export function buildPolicy(
  { sources, join, dropped }: PolicyFacts,
  connections: readonly JudgedConnection[],
): ReportPolicy {
  return {
    sources: sources.map(({ path, kind, notes }, i) => {
      const joined = join?.sources[i];
      const clock = joined?.clock ?? null;
      return {
        path,
        kind,
        records: joined?.records ?? 0,
        clockDifferenceMs: clock === null ? null : Number(clock.difference / 1_000_000n),
        clockMatches: clock?.matches ?? 0,
        clockCertain: clock?.certain ?? false,
        joined: joined?.joined ?? 0,
        ambiguous: joined?.ambiguous ?? 0,
        unmatched: joined?.unmatched ?? 0,
        notes: notes.map(({ id, count, firstLine }) => ({ id, text: TRACE_NOTES[id], count, line: firstLine })),
      };
    }),
    joins: connections.flatMap((connection) => joinsOf(connection, join, sources.length)),
    dropped,
  };
}

function joinsOf({ timeline }: JudgedConnection, join: RecordJoin | null, sources: number): ReportPolicyJoin[] {
  const own = join?.of(timeline).own ?? [];
  return Array.from({ length: sources }, (_, source) => ({
    stream: timeline.stream,
    source,
    lines: linesOf(own, source),
  })).filter(({ lines }) => lines.length > 0);
}

function linesOf(records: readonly ProxyRecord[], source: number): number[] {
  return records.filter((record) => record.source === source).map(({ line }) => line);
}

/** Findings of tunnels in traces that belong to one connection of the capture. */
export function policyFindings(
  { sources, join }: PolicyFacts,
  connections: readonly JudgedConnection[],
): readonly ReportFinding[] {
  const found: ReportFinding[] = [];
  for (const [i, { name, tunnels }] of sources.entries()) {
    const owners = new Map<number, JudgedConnection>();
    for (const connection of connections)
      for (const line of linesOf(join?.of(connection.timeline).own ?? [], i)) owners.set(line, connection);
    for (const { tunnel, findings } of tunnels) {
      const lines = Object.values(tunnel.stages).flatMap((stage) => (stage === null ? [] : [stage.firstLine]));
      const candidates = new Set(lines.map((line) => owners.get(line)));
      const [owner] = candidates;
      // A tunnel whose stages belong to several connections is none of them.
      if (owner === undefined || candidates.size !== 1) continue;
      for (const { id, severity, certainty, detail, evidence, change } of findings) {
        const words = traceExplanations().find((explanation) => explanation.id === id);
        const { timeline } = owner;
        const frames = timeline.connects.map(({ request }) => request.where.frame);
        found.push({
          id,
          severity,
          certainty,
          stream: timeline.stream,
          frames,
          title: words?.title ?? id,
          detail,
          evidence: evidence.map(({ line, text }) => `${name}:${line}: ${text}`),
          advice: { helpdesk: words?.advice.helpdesk ?? "", proxyAdmin: change },
          displayFilter: `tcp.stream eq ${timeline.stream}`,
        });
        if (found.length >= MAX_FINDINGS) return found;
      }
    }
  }
  return found;
}
