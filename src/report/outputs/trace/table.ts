// A policy trace on a terminal: what is wrong and what to change, then the tunnels with their three stages side by side.
import Table from "cli-table3";
import type { TraceReport, TraceReportFinding, TraceReportStage, TraceReportTunnel } from "../../trace-types.ts";
import { NO_FRAME, tableLines } from "../frame.ts";
import { byKind } from "../kinds.ts";
import { STAGES } from "../stages.ts";
import { counted, labelled, paint, safe, type TerminalStyle, truncate, wrap } from "../style.ts";

/** Tunnels that are drawn, unless more is asked for. */
const MAX_TUNNELS = 5;
/** Evidence of one finding, unless more is asked for. */
const MAX_EVIDENCE = 6;
/** Terminals narrower than this get the stages below each other. */
const SIDE_BY_SIDE = 90;
/** Columns for the names of rows. */
const NAME_COLUMNS = 8;

/** The whole report as text, ending with a line end. */
export function traceTable(report: TraceReport, style: TerminalStyle): string {
  const shown = style.verbose ? report.tunnels : report.tunnels.slice(0, MAX_TUNNELS);
  const sections = [
    lead(report, style),
    ...byKind(report.findings).flatMap((kind, i) => problem(kind, i === 0, report, style)),
    ...shown.map((tunnel) => stages(tunnel, style)),
    tail(report, shown.length, style),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function lead({ verdict, trace, exitCode, findings, totals }: TraceReport, style: TerminalStyle): string {
  const colour = exitCode === 1 ? "red" : exitCode === 3 || findings.length > 0 ? "yellow" : "green";
  const path = truncate(style, safe(style, trace.path), Math.max(8, style.width - verdict.length - 4));
  const others = totals.findings[verdict] ?? 0;
  const more = others > 1 ? ` (and ${others - 1} more tunnel${others === 2 ? "" : "s"} like it)` : "";
  const first = findings[0];
  const sentence =
    first !== undefined
      ? `${first.detail}${more}`
      : trace.transactions === 0
        ? "No transaction was found in this trace."
        : exitCode === 3
          ? "Nothing wrong was seen, but the trace could not be read as a whole."
          : `Nothing wrong in ${counted(totals.tunnels, "tunnel")}.`;
  return [
    `${paint(style, colour, verdict)}  ${paint(style, "dim", path)}`,
    "",
    ...wrap(safe(style, sentence), style.width - 2).map((text) => `  ${paint(style, "bold", text)}`),
  ].join("\n");
}

function problem(
  kind: readonly TraceReportFinding[],
  leads: boolean,
  { tunnels }: TraceReport,
  style: TerminalStyle,
): readonly string[] {
  return (style.verbose ? kind : kind.slice(0, 1)).map((finding, i) => {
    const { title, certainty, severity, detail, evidence, advice, tunnel, lines } = finding;
    const sure = certainty === "certain" ? "" : ` [${certainty}]`;
    const text = wrap(safe(style, title + sure), style.width);
    const { target = "-", client = null } = tunnels[tunnel] ?? {};
    const out = text.map((line) => paint(style, severity === "error" ? "red" : "yellow", line));
    if (!(leads && i === 0)) out.push(labelled(style, "What", detail));
    out.push(labelled(style, "Where", `${target}, client ${client ?? "unknown"}; ${lineList(lines)}`));
    for (const [place, piece] of (style.verbose ? evidence : evidence.slice(0, MAX_EVIDENCE)).entries())
      out.push(labelled(style, place === 0 ? "Evidence" : "", piece));
    if (leads && i === 0) out.push(labelled(style, "Helpdesk", advice.helpdesk));
    out.push(labelled(style, "Change", advice.proxyAdmin));
    const rest = kind.length - 1;
    if (!style.verbose && rest > 0) out.push(labelled(style, "Also", `${counted(rest, "more tunnel")}: -v`));
    return out.join("\n");
  });
}

function lineList(lines: readonly number[]): string {
  return `${lines.length === 1 ? "line" : "lines"} ${lines.slice(0, 8).join(", ")}${lines.length > 8 ? " ..." : ""}`;
}

type Row = readonly [string, (stage: TraceReportStage) => string];

const ROWS: readonly Row[] = [
  ["lines", ({ line, transactions }) => `${line}${transactions > 1 ? ` (${transactions} transactions)` : ""}`],
  [
    "rules",
    ({ rules, logouts, rulesTraced }) =>
      [...rules, ...logouts]
        .sort((a, b) => a.line - b.line)
        .map(({ line, text }) => `${line}: ${text}`)
        .join("\n") || (rulesTraced ? "none" : "not traced"),
  ],
  ["realm", ({ realm }) => realm ?? "-"],
  ["mode", ({ mode, force }) => `${mode ?? "-"}${force === null ? "" : `, force ${force}`}`],
  [
    "user",
    ({ user, authenticated }) =>
      user ?? (authenticated === false ? "unauthenticated" : authenticated === null ? "-" : "known"),
  ],
  ["status", ({ status }) => status ?? "-"],
  [
    "answer",
    ({ answers }) =>
      answers
        .map(({ status, serverStatus, exception, count }) => {
          // So a proxy writes that nothing was said to the client: in a handshake there is no HTTP.
          if (status === 0) return "none";
          const server =
            serverStatus === null ? "" : serverStatus === 0 ? " by the proxy" : ` (server ${serverStatus})`;
          return `${status}${server}${exception === null ? "" : ` ${exception}`}${count > 1 ? ` x${count}` : ""}`;
        })
        .join("\n") || "-",
  ],
];

/** The three stages of one tunnel side by side; below each other on narrow terminals. */
function stages(tunnel: TraceReportTunnel, style: TerminalStyle): string {
  const { client, clientPort, target, start, firstLine, lastLine, ambiguous } = tunnel;
  const who = `${client ?? "unknown client"}${clientPort === null ? "" : `:${clientPort}`}`;
  const when = start === null ? "" : `, ${start.slice(0, 19).replace("T", " ")} UTC`;
  const unsure = ambiguous ? "; which tunnel of several is not certain" : "";
  const head = wrap(safe(style, `${target}, ${who}${when}, lines ${firstLine} to ${lastLine}${unsure}`), style.width);
  const title = head.map((text) => paint(style, "bold", text));
  if (style.width < SIDE_BY_SIDE) {
    const blocks = STAGES.flatMap(([name, words]) => {
      const stage = tunnel.stages[name];
      if (stage === null) return [`  ${paint(style, "dim", words)}`, labelled(style, "", "not in the trace")];
      const texts = ROWS.flatMap(([row, cell]) =>
        cell(stage)
          .split("\n")
          .map((text) => labelled(style, row, text)),
      );
      return [`  ${paint(style, "dim", words)}`, ...texts];
    });
    return [...title, ...blocks].join("\n");
  }
  const width = Math.floor((style.width - NAME_COLUMNS - 6) / 3);
  const table = new Table({
    chars: NO_FRAME,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    colWidths: [NAME_COLUMNS, width + 2, width + 2, width],
  });
  const cellOf = (text: string): string =>
    text
      .split("\n")
      .flatMap((line) => wrap(safe(style, line), width - 2))
      .join("\n");
  table.push(["", ...STAGES.map(([, words]) => words)]);
  for (const [name, cell] of ROWS) {
    table.push([
      name,
      ...STAGES.map(([key]) => {
        const stage = tunnel.stages[key];
        return stage === null ? (name === "lines" ? "not in the trace" : "") : cellOf(cell(stage));
      }),
    ]);
  }
  return [...title, ...tableLines(table.toString())].join("\n");
}

function tail({ trace, tunnels, totals }: TraceReport, shown: number, style: TerminalStyle): string {
  const facts = [
    counted(trace.lines, "line"),
    counted(trace.transactions, "transaction"),
    counted(totals.tunnels, "tunnel"),
    ...(trace.forwards > 0 ? [`${counted(trace.forwards, "request")} outside of tunnels`] : []),
    ...(trace.others > 0 ? [`${trace.others} of other kinds`] : []),
    ...(trace.start === null || trace.end === null
      ? []
      : [`${trace.start.slice(0, 19).replace("T", " ")} to ${trace.end.slice(11, 19)} UTC`]),
  ];
  const lines = [labelled(style, "Trace", facts.join("; "))];
  if (tunnels.length > shown) lines.push(labelled(style, "", `${counted(tunnels.length - shown, "more tunnel")}: -v`));
  for (const { text, count, line } of trace.warnings)
    lines.push(labelled(style, "Note", `${text} (${count === 1 ? "once" : `${count} times`}, first at line ${line})`));
  return lines.join("\n");
}
