// One connection in full: who sent what, when, in the three stages of a tunnel, with the evidence in its place.
import type { Report, ReportConnection } from "../types.ts";
import { beyondSummary } from "./headline.ts";
import { closing, ladderStages, milliseconds, type Rung } from "./rungs.ts";
import { clientText, colourOf, endpointText, labelled, paint, safe, type TerminalStyle, wrap } from "./style.ts";

/** The ladder of `connection`, ending with a line end. */
export function ladder(report: Report, connection: ReportConnection, style: TerminalStyle): string {
  const lines = [header(connection, style), ""];
  for (const { title, rungs, empty } of ladderStages(connection)) {
    lines.push(...wrap(safe(style, title), style.width).map((line) => paint(style, "bold", line)));
    if (rungs.length === 0) lines.push(paint(style, "dim", `  ${empty}`));
    for (const rung of rungs) lines.push(...rungLines(rung, connection.start, style));
    lines.push("");
  }
  lines.push(...wrap(closing(connection), style.width));
  lines.push(...findings(report, connection, style));
  if (style.verbose) {
    for (const { frame, text } of connection.notes) lines.push(labelled(style, "Note", `frame ${frame}: ${text}`));
  }
  return `${lines.join("\n")}\n`;
}

function header(connection: ReportConnection, style: TerminalStyle): string {
  const { stream, proxy, verdict, summary } = connection;
  const arrow = style.drawing ? "→" : "->";
  const place = safe(style, `${clientText(connection)} `) + arrow + safe(style, ` ${endpointText(proxy)}`);
  return [
    `${paint(style, colourOf(verdict), verdict)}  ${paint(style, "bold", `stream ${stream}`)}`,
    ...wrap(place, style.width - 2).map((line) => `  ${line}`),
    ...wrap(safe(style, summary), style.width - 2).map((line) => `  ${line}`),
  ].join("\n");
}

/** Terminals narrower than this get what passed below its time and frame. */
const NARROW = 64;
const ARROWS = { client: ["──▶", "-->"], proxy: ["◀──", "<--"] } as const;

function rungLines(rung: Rung, start: string, style: TerminalStyle): string[] {
  const arrow = ARROWS[rung.from][style.drawing ? 0 : 1];
  const head = `${milliseconds(start, rung.time).padStart(11)}  ${String(rung.frame).padStart(6)}  ${arrow}  `;
  const narrow = style.width < NARROW;
  const pad = " ".repeat(narrow ? 4 : head.length);
  const room = style.width - pad.length;
  const [first = "", ...rest] = wrap(safe(style, rung.text), room);
  const show = (text: string): string => (rung.wrong ? paint(style, "red", text) : text);
  return [
    ...(narrow ? [head.trim(), pad + show(first)] : [head + show(first)]),
    ...rest.map((text) => pad + show(text)),
    ...rung.beneath.flatMap((text) =>
      wrap(safe(style, text), room - 2).map((part) => paint(style, "dim", `${pad}  ${part}`)),
    ),
  ];
}

function findings(report: Report, connection: ReportConnection, style: TerminalStyle): string[] {
  return report.findings
    .filter(({ stream }) => stream === connection.stream)
    .flatMap((finding) => {
      const detail = beyondSummary(finding, connection);
      return [
        "",
        ...wrap(safe(style, finding.title), style.width).map((text) => paint(style, "bold", text)),
        ...(detail === "" ? [] : [labelled(style, "What", detail)]),
        ...(finding.displayFilter === null ? [] : [labelled(style, "Filter", finding.displayFilter)]),
        labelled(style, "Helpdesk", finding.advice.helpdesk),
        labelled(style, "Proxy", finding.advice.proxyAdmin),
      ];
    });
}
