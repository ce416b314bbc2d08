// From what a policy trace tells to its report: plain data under contract names. Nothing is judged here.
import { compare } from "../bytes/index.ts";
import { siteOf } from "../diagnosis/index.ts";
import {
  type JudgedTunnel,
  type StageFacts,
  TRACE_FINDINGS,
  TRACE_NOTES,
  type TraceFacts,
  type TraceFindingId,
  type TraceNoteId,
  type TraceRule,
  traceExplanations,
} from "../policy-trace/index.ts";
import { timestamp } from "./time.ts";
import type {
  TraceReport,
  TraceReportFinding,
  TraceReportRule,
  TraceReportStage,
  TraceReportTunnel,
  TraceVerdict,
} from "./trace-types.ts";

/** What is told of the file beside its transactions. */
export interface TraceDescription {
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
  /** What was wrong with reading the file itself, in words. */
  readonly damage: string | null;
}

/** Notes after which a trace cannot be called seen as a whole. */
const UNSEEN: ReadonlySet<TraceNoteId> = new Set<TraceNoteId>([
  "trace-transaction-cut",
  "trace-transaction-unopened",
  "trace-incomplete",
  "trace-unordered",
  "trace-line-too-long",
]);

/** Builds the report. `version` is that of pcapcheck. */
export function buildTraceReport(description: TraceDescription, facts: TraceFacts, version: string): TraceReport {
  const judged = [...facts.tunnels].sort(inOrder);
  const { path, bytes, lines, damage } = description;
  const counts = facts.findingCounts;
  const unseen = damage !== null || facts.notes.some(({ id }) => UNSEEN.has(id)) || facts.transactions === 0;
  const worst = TRACE_FINDINGS.find((id) => counts[id] > 0) ?? (unseen ? "incomplete" : "ok");
  return {
    schemaVersion: 1,
    tool: { name: "pcapcheck", version },
    trace: {
      path,
      bytes,
      lines,
      transactions: facts.transactions,
      forwards: facts.forwards,
      others: facts.others,
      start: facts.start === null ? null : timestamp(facts.start),
      end: facts.end === null ? null : timestamp(facts.end),
      warnings: [
        ...(damage === null ? [] : [{ id: "trace-damaged", text: damage, count: 1, line: lines }]),
        ...facts.notes.map(({ id, count, firstLine }) => ({ id, text: TRACE_NOTES[id], count, line: firstLine })),
      ],
    },
    verdict: worst,
    exitCode: counts["trace-401-after-connect"] > 0 ? 1 : unseen ? 3 : 0,
    totals: {
      tunnels: facts.tunnelCount,
      wrong: counts["trace-401-after-connect"],
      findings: Object.fromEntries(TRACE_FINDINGS.flatMap((id) => (counts[id] > 0 ? [[id, counts[id]]] : []))),
    },
    tunnels: judged.map(buildTunnel),
    findings: judged
      .flatMap(buildFindings)
      .sort((a, b) => TRACE_FINDINGS.indexOf(a.id) - TRACE_FINDINGS.indexOf(b.id) || a.tunnel - b.tunnel),
  };
}

/** The worst first; within it by site and host, so that what belongs together stands together; then as in the trace. */
function inOrder(a: JudgedTunnel, b: JudgedTunnel): number {
  return (
    rank(a) - rank(b) ||
    compare(siteOf(a.tunnel.host), siteOf(b.tunnel.host)) ||
    compare(a.tunnel.host, b.tunnel.host) ||
    a.tunnel.firstLine - b.tunnel.firstLine
  );
}

function rank({ findings }: JudgedTunnel): number {
  const [worst] = findings;
  return worst === undefined ? TRACE_FINDINGS.length : TRACE_FINDINGS.indexOf(worst.id);
}

function buildTunnel({ tunnel, findings }: JudgedTunnel, index: number): TraceReportTunnel {
  const verdict: TraceVerdict = findings[0]?.id ?? "ok";
  const { connect, tls, https } = tunnel.stages;
  return {
    tunnel: index,
    client: tunnel.client,
    clientPort: tunnel.clientPort,
    target: `${tunnel.host.includes(":") ? `[${tunnel.host}]` : tunnel.host}${tunnel.port === null ? "" : `:${tunnel.port}`}`,
    site: siteOf(tunnel.host),
    service: tunnel.service,
    start: tunnel.start === null ? null : timestamp(tunnel.start),
    firstLine: tunnel.firstLine,
    lastLine: tunnel.lastLine,
    ambiguous: tunnel.ambiguous,
    verdict,
    stages: { connect: buildStage(connect), tls: buildStage(tls), https: buildStage(https) },
  };
}

function buildStage(stage: StageFacts | null): TraceReportStage | null {
  if (stage === null) return null;
  const space = stage.request.indexOf(" ");
  return {
    line: stage.requestLine,
    time: stage.time === null ? null : timestamp(stage.time),
    method: space < 0 ? null : stage.request.slice(0, space),
    url: stage.request.slice(space + 1),
    transactions: stage.transactions,
    rules: stage.authRules.map(buildRule),
    logouts: stage.deauthRules.map(buildRule),
    missed: stage.authMissed.map(buildRule),
    rulesTraced: stage.rulesTraced,
    realm: stage.authenticate,
    mode: stage.mode,
    force: stage.force,
    user: stage.user?.name ?? null,
    authenticated: stage.user !== null ? true : stage.unauthenticated !== null ? false : null,
    status: stage.authStatus,
    answers: stage.answers.map(({ line, client, server, exception, count }) => ({
      line,
      status: client,
      serverStatus: server,
      exception,
      count,
    })),
  };
}

function buildRule({ line, layer, text }: TraceRule): TraceReportRule {
  return { line, layer, text };
}

function buildFindings({ findings }: JudgedTunnel, index: number): TraceReportFinding[] {
  return findings.map(({ id, severity, certainty, lines, detail, evidence, change }) => {
    const { title, helpdesk } = wordsOf(id);
    return {
      id,
      severity,
      certainty,
      tunnel: index,
      lines,
      title,
      detail,
      evidence: evidence.map(({ line, text }) => `line ${line}: ${text}`),
      advice: { helpdesk, proxyAdmin: change },
    };
  });
}

function wordsOf(id: TraceFindingId): { title: string; helpdesk: string } {
  const found = traceExplanations().find((explanation) => explanation.id === id);
  return { title: found?.title ?? id, helpdesk: found?.advice.helpdesk ?? "" };
}
