// The findings on a terminal: the worst kind in full with advice, the others briefly, and what could not be seen.
import type { Report, ReportConnection, ReportFinding } from "../types.ts";
import { beyondSummary, decisiveFrame, headline, leadingFinding } from "./headline.ts";
import { ABOUT_SIGHT, byKind, connectionOf } from "./kinds.ts";
import { counted, labelled, paint, safe, type TerminalStyle, wrap } from "./style.ts";

/** Evidence lines of one finding, unless more is asked for. */
const MAX_EVIDENCE = 6;
/** Streams that are named where a finding stands for several. */
const MAX_STREAMS = 8;

/** What is wrong, in the order of the report (worst first): one block for each kind of finding, told from its first case. */
export function problems(report: Report, style: TerminalStyle): string[] {
  const kinds = byKind(report.findings.filter(({ id }) => !ABOUT_SIGHT.has(id)));
  if (kinds.length === 0) return [];
  const lead = headline(report);
  return kinds.flatMap((kind, i) => blocks(kind, i === 0, lead, report, style));
}

/** What could not be seen, and how to see it next time. */
export function unseen(report: Report, style: TerminalStyle): string[] {
  return byKind(report.findings.filter(({ id }) => ABOUT_SIGHT.has(id))).flatMap((kind) => {
    const told = style.verbose ? kind : kind.slice(0, 1);
    return told.map((finding) => {
      const lines = wrap(safe(style, finding.title), style.width).map((text) => paint(style, "yellow", text));
      // A report of one connection leads with its summary.
      const detail = beyondSummary(finding, report.connections.length === 1 ? connectionOf(report, finding) : null);
      if (detail !== "") lines.push(labelled(style, "What", detail));
      lines.push(labelled(style, "Next time", finding.advice.helpdesk));
      if (style.verbose) lines.push(labelled(style, "Proxy", finding.advice.proxyAdmin));
      lines.push(...others(kind, told, style));
      return lines.join("\n");
    });
  });
}

/** `lead`: the sentence that the report leads with. */
function blocks(
  kind: readonly ReportFinding[],
  worst: boolean,
  lead: string,
  report: Report,
  style: TerminalStyle,
): string[] {
  const told = style.verbose ? kind : kind.slice(0, 1);
  return told.map((finding, i) => {
    const leading = leadingFinding(report);
    const full = style.verbose || worst || finding === leading;
    const connection = connectionOf(report, finding);
    const leads = lead.startsWith((connection?.summary ?? finding.detail).replace(/\.$/, ""));
    const lines = problem(finding, connection, full, leads, style);
    if (i === 0 && full) {
      lines.push(labelled(style, "Helpdesk", finding.advice.helpdesk));
      lines.push(labelled(style, "Proxy", finding.advice.proxyAdmin));
    }
    if (!full) lines.push(labelled(style, "To do", `pcapcheck explain ${finding.id}`));
    lines.push(...(i === 0 ? others(kind, told, style) : []));
    return lines.join("\n");
  });
}

/** `leads`: the headline says already what it, or its connection, is about. */
function problem(
  finding: ReportFinding,
  connection: ReportConnection | null,
  full: boolean,
  leads: boolean,
  style: TerminalStyle,
): string[] {
  const colour = finding.severity === "error" ? "red" : finding.severity === "warning" ? "yellow" : "bold";
  const certainty = finding.certainty === null || finding.certainty === "certain" ? "" : ` [${finding.certainty}]`;
  const title = wrap(safe(style, finding.title + certainty), style.width);
  const lines = title.map((text) => paint(style, colour, text));
  const detail = !leads ? finding.detail : connection === null ? "" : beyondSummary(finding, connection);
  if (detail !== "") lines.push(labelled(style, "What", detail));
  if (connection !== null) {
    const frame = decisiveFrame(connection, finding);
    lines.push(labelled(style, "Where", `stream ${connection.stream}, frame ${frame}`));
  }
  if (finding.displayFilter !== null) lines.push(labelled(style, "Filter", finding.displayFilter));
  const evidence = style.verbose ? finding.evidence : finding.evidence.slice(0, full ? MAX_EVIDENCE : 0);
  for (const [i, text] of evidence.entries()) lines.push(labelled(style, i === 0 ? "Evidence" : "", text));
  return lines;
}

/** Which other connections have the same finding. */
function others(kind: readonly ReportFinding[], told: readonly ReportFinding[], style: TerminalStyle): string[] {
  const rest = kind.slice(told.length);
  if (rest.length === 0) return [];
  const streams = rest.flatMap(({ stream }) => (stream === null ? [] : [stream]));
  const named = streams.slice(0, MAX_STREAMS).join(", ");
  const more = streams.length > MAX_STREAMS ? " ..." : "";
  const list = streams.length === 0 ? "" : `: ${streams.length === 1 ? "stream" : "streams"} ${named}${more}`;
  return [labelled(style, "Also", `${counted(rest.length, "more connection")}${list}`)];
}
