// The outputs of a policy trace's report by the name of their format.

import { csvField, jsonText, terminalText } from "../../escape.ts";
import type { TraceReport, TraceReportStage } from "../../trace-types.ts";
import type { FormatName } from "../formats.ts";
import type { PathStyle } from "../sarif-log.ts";
import { STAGES } from "../stages.ts";
import type { TerminalStyle } from "../style.ts";

export interface TraceFormat {
  text(report: TraceReport, style: TerminalStyle): Promise<string>;
}

export const TRACE_FORMATS = {
  table: {
    text: async (report, style) => (await import("./table.ts")).traceTable(report, style),
  },
  line: { text: async (report) => `${lineOf(report)}\n` },
  json: { text: async (report) => `${jsonText(JSON.stringify(report, null, 2))}\n` },
  ndjson: { text: async (report) => `${jsonText(JSON.stringify(report))}\n` },
  csv: { text: async (report) => csvOf(report) },
  sarif: { text: async (report, style: PathStyle = {}) => (await import("./sarif.ts")).traceSarif(report, style) },
  html: { text: async (report) => (await import("./html.ts")).traceHtml(report) },
} as const satisfies Readonly<Record<FormatName, TraceFormat>>;

/** `VERDICT  PATH  transactions=N  tunnels=N  wrong=N  first=TARGET@LINE  text`, with tabs. */
function lineOf({ verdict, trace, totals, findings, tunnels }: TraceReport): string {
  const first = findings[0];
  const target = first === undefined ? null : (tunnels[first.tunnel]?.target ?? "-");
  return [
    verdict,
    trace.path,
    `transactions=${trace.transactions}`,
    `tunnels=${totals.tunnels}`,
    `wrong=${totals.wrong}`,
    `first=${first === undefined ? "-" : `${target}@${first.lines[0] ?? tunnels[first.tunnel]?.firstLine ?? 0}`}`,
    first?.detail ?? "nothing wrong in this trace",
  ]
    .map((field) => terminalText(field))
    .join("\t");
}

/** A row for each tunnel (RFC 4180); new columns come at the end. */
function csvOf({ trace, tunnels, findings }: TraceReport): string {
  const names = [
    ...["trace", "verdict", "client", "client_port", "target", "site", "service", "start", "first_line", "last_line"],
    ...STAGES.flatMap(([stage]) => [`${stage}_status`, `${stage}_rules`, `${stage}_mode`, `${stage}_user`]),
    "summary",
  ];
  const cells = (stage: TraceReportStage | null): (string | null)[] => [
    stage === null ? null : stage.answers.map(({ status }) => status).join(" "),
    stage === null ? null : stage.rules.map(({ text }) => text).join("; "),
    stage?.mode ?? null,
    stage?.user ?? null,
  ];
  const rows = tunnels.map((tunnel) => [
    ...[trace.path, tunnel.verdict, tunnel.client, tunnel.clientPort, tunnel.target, tunnel.site, tunnel.service],
    ...[tunnel.start, tunnel.firstLine, tunnel.lastLine],
    ...STAGES.flatMap(([stage]) => cells(tunnel.stages[stage])),
    findings.find((finding) => finding.tunnel === tunnel.tunnel)?.detail ?? null,
  ]);
  return [names, ...rows].map((row) => `${row.map((cell) => csvField(cell)).join(",")}\r\n`).join("");
}
