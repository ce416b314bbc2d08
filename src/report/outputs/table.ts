// The report on a terminal: what is wrong and what to do, the connections, what could not be seen.
import Table from "cli-table3";
import type { Report, ReportConnection, ReportFinding } from "../types.ts";
import { exitCodeOf, isWrong } from "../verdicts.ts";
import { headline, targetOf } from "./headline.ts";
import { labelled, type Paint, paint, safe, type TerminalStyle, truncate, wrap } from "./style.ts";

/** Findings told in full; more of the same kind are counted. */
const MAX_TOLD = 3;
/** Rows of the table, unless more is asked for. */
const MAX_ROWS = 30;
/** Evidence lines of one finding. */
const MAX_EVIDENCE = 6;

/** The whole report as text, ending with a line end. */
export function table(report: Report, style: TerminalStyle): string {
  const sections = [
    lead(report, style),
    ...problems(report, style),
    connections(report, style),
    unseen(report, style),
    quality(report, style),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function colourOf(code: 0 | 1 | 3): Paint {
  return code === 1 ? "red" : code === 3 ? "yellow" : "green";
}

function lead(report: Report, style: TerminalStyle): string {
  const colour = colourOf(exitCodeOf(report.verdict));
  const mark = style.unicode
    ? { red: "✗", yellow: "?", green: "✓" }[colour as "red" | "yellow" | "green"]
    : { red: "x", yellow: "?", green: "ok" }[colour as "red" | "yellow" | "green"];
  const path = safe(style, report.capture.path);
  const top = `${paint(style, colour, `${mark} ${report.verdict}`)}  ${paint(style, "dim", truncate(style, path, Math.max(10, style.width - report.verdict.length - 5)))}`;
  return [
    top,
    "",
    ...wrap(safe(style, headline(report)), style.width - 2).map((line) => `  ${paint(style, "bold", line)}`),
  ].join("\n");
}

/** What is wrong, worst first: one block for each kind, told from its first case. */
function problems(report: Report, style: TerminalStyle): string[] {
  const kinds = new Map<string, ReportFinding[]>();
  for (const finding of report.findings) {
    if (finding.severity === "info" && finding.id !== "mixed-auth-context") continue;
    const list = kinds.get(finding.id);
    if (list === undefined) kinds.set(finding.id, [finding]);
    else list.push(finding);
  }
  return [...kinds.values()].flatMap((list) => {
    const told = list.slice(0, style.verbose ? list.length : 1);
    return told.map((finding, i) => problem(finding, list.length - told.length, i === 0, report, style));
  });
}

function problem(finding: ReportFinding, more: number, advise: boolean, report: Report, style: TerminalStyle): string {
  const colour: Paint = finding.severity === "error" ? "red" : "yellow";
  const certainty = finding.certainty === null ? "" : ` (${finding.certainty})`;
  const title = wrap(`${safe(style, finding.title)}${certainty}`, style.width - 2).map((line) =>
    paint(style, colour, line),
  );
  const lines = [...title];
  if (finding.detail !== headline(report)) lines.push(labelled(style, "What", finding.detail));
  if (finding.displayFilter !== null) lines.push(labelled(style, "Look at", finding.displayFilter));
  for (const [i, text] of finding.evidence.slice(0, style.verbose ? undefined : MAX_EVIDENCE).entries()) {
    lines.push(labelled(style, i === 0 ? "Evidence" : "", text));
  }
  if (advise) {
    lines.push(labelled(style, "Helpdesk", finding.advice.helpdesk));
    lines.push(labelled(style, "Proxy", finding.advice.proxyAdmin));
  }
  if (more > 0) lines.push(labelled(style, "More", `${more} more like it: see the table, or -v for each.`));
  return lines.join("\n");
}

// --- the table of connections

interface Row {
  readonly streams: number[];
  readonly cells: readonly string[];
  readonly verdict: ReportConnection["verdict"];
  count: number;
}

const HEADERS = ["stream", "client", "target", "CONNECT", "TLS", "HTTPS", "verdict"] as const;

function connections(report: Report, style: TerminalStyle): string {
  const rows = foldedRows(report, style);
  if (rows.length === 0) return "";
  const shown = style.verbose ? rows : rows.slice(0, MAX_ROWS);
  const hidden = rows.slice(shown.length).reduce((sum, { count }) => sum + count, 0);
  const proxies = report.proxies
    .map(
      ({ ip, port, product, connections: count }) =>
        `${ip.includes(":") ? `[${ip}]` : ip}:${port}${product === null ? "" : ` (${product.name}, ${product.certainty})`}, ${count} connection${count === 1 ? "" : "s"}`,
    )
    .slice(0, 5)
    .join("; ");
  const title = [`Proxy ${safe(style, proxies)}`, ...(style.width < 70 ? narrow(shown, style) : [wide(shown, style)])];
  if (hidden > 0) title.push(paint(style, "dim", `  and ${hidden} more connections (-v shows all rows)`));
  return title.join("\n");
}

/** Rows that differ only in stream and client port are one row with a count. */
function foldedRows(report: Report, style: TerminalStyle): Row[] {
  const rows = new Map<string, Row>();
  for (const connection of report.connections) {
    const cells = [
      connection.client.ip,
      targetOf(connection),
      connectCell(connection),
      tlsCell(connection),
      httpsCell(connection),
      connection.verdict,
    ].map((cell) => safe(style, cell));
    const key = style.verbose ? String(connection.stream) + cells.join("\t") : cells.join("\t");
    const row = rows.get(key);
    if (row === undefined)
      rows.set(key, { streams: [connection.stream], cells, verdict: connection.verdict, count: 1 });
    else {
      row.streams.push(connection.stream);
      row.count++;
    }
  }
  for (const { verdict, client, target, count, firstStream } of report.folded) {
    const cells = [client, target ?? "several", "", "", "", verdict].map((cell) => safe(style, cell));
    rows.set(`folded ${firstStream} ${cells.join("\t")}`, { streams: [firstStream], cells, verdict, count });
  }
  return [...rows.values()].sort(
    (a, b) => Number(isWrong(b.verdict)) - Number(isWrong(a.verdict)) || a.streams[0]! - b.streams[0]!,
  );
}

function connectCell({ connects, forwards }: ReportConnection): string {
  if (connects.length > 0) return connects.map(({ response }) => response?.status ?? "none").join(" ");
  return forwards.length > 0
    ? [...new Set(forwards.map(({ method, response }) => `${method ?? "?"} ${response?.status ?? "none"}`))]
        .slice(0, 3)
        .join(", ")
    : "-";
}

function tlsCell({ tunnel }: ReportConnection): string {
  if (tunnel === null) return "-";
  if (tunnel.tls === null) return tunnel.protocol === "none" ? "-" : `no (${tunnel.protocol})`;
  const version = tunnel.tls.version ?? "TLS ?";
  return tunnel.tls.handshakeComplete ? version : `${version} failed`;
}

function httpsCell({ tunnel }: ReportConnection): string {
  if (tunnel === null || tunnel.protocol === "none") return "-";
  const statuses = tunnel.exchanges.flatMap(({ response, sentBy }) =>
    response === null ? [] : [`${response.status}${sentBy === null || sentBy === "unknown" ? "" : ` ${sentBy}`}`],
  );
  if (statuses.length > 0) return [...new Set(statuses)].slice(0, 4).join(", ");
  return tunnel.protocol === "tls" ? "unseen" : "-";
}

function wide(rows: readonly Row[], style: TerminalStyle): string {
  const lines = rows.map((row) => [streamsText(row), ...row.cells]);
  const widths = HEADERS.map((header, column) =>
    Math.max(header.length, ...lines.map((line) => (line[column] ?? "").length)),
  );
  fit(widths, style.width - 3 * HEADERS.length - 1);
  const grid = new Table({
    head: HEADERS.map((header) => (style.colour ? paint(style, "dim", header) : header)),
    colWidths: widths.map((width) => width + 2),
    style: { head: [], border: style.colour ? ["grey"] : [] },
    ...(style.unicode ? {} : { chars: ASCII_CHARS }),
  });
  for (const [i, line] of lines.entries()) {
    grid.push(
      line.map((cell, column) => {
        const text = truncate(style, cell, widths[column]!);
        return column === HEADERS.length - 1 ? paint(style, colourOf(exitCodeOf(rows[i]!.verdict)), text) : text;
      }),
    );
  }
  return grid.toString();
}

/** Narrow terminals get a list. */
function narrow(rows: readonly Row[], style: TerminalStyle): string[] {
  return rows.map((row) => {
    const [client, target, connect, tls, https, verdict] = row.cells;
    const facts = `${streamsText(row)}: ${client} to ${target}; CONNECT ${connect}; TLS ${tls}; HTTPS ${https}`;
    return [
      paint(style, colourOf(exitCodeOf(row.verdict)), `- ${verdict}`),
      ...wrap(facts, style.width - 2).map((text) => `  ${text}`),
    ].join("\n");
  });
}

function streamsText({ streams, count }: Row): string {
  return count === 1 ? String(streams[0]) : `${streams[0]} (${count} ×)`.replace("×", "x");
}

/** Takes from the widest columns (target, HTTPS, client) until the table fits. */
function fit(widths: number[], room: number): void {
  const least = [6, 7, 8, 7, 5, 6, 8];
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
    let widest = -1;
    for (const [column, width] of widths.entries()) {
      if (width > least[column]! && (widest < 0 || width > widths[widest]!)) widest = column;
    }
    if (widest < 0) return;
    widths[widest]!--;
  }
}

const ASCII_CHARS = {
  top: "-",
  "top-mid": "+",
  "top-left": "+",
  "top-right": "+",
  bottom: "-",
  "bottom-mid": "+",
  "bottom-left": "+",
  "bottom-right": "+",
  left: "|",
  "left-mid": "+",
  mid: "-",
  "mid-mid": "+",
  right: "|",
  "right-mid": "+",
  middle: "|",
};

// --- what could not be seen

function unseen(report: Report, style: TerminalStyle): string {
  const told = report.findings.filter(({ id }) => id === "keys-missing" || id === "incomplete").slice(0, MAX_TOLD);
  return told
    .map(({ title, detail, advice }) =>
      [
        paint(style, "yellow", safe(style, title)),
        labelled(style, "What", detail),
        labelled(style, "Next time", advice.helpdesk),
      ].join("\n"),
    )
    .join("\n\n");
}

function quality(report: Report, style: TerminalStyle): string {
  const finding = report.findings.find(({ id }) => id === "capture-quality");
  const lines: string[] = [];
  if (finding !== undefined)
    lines.push(paint(style, "yellow", safe(style, finding.title)), labelled(style, "What", finding.detail));
  const warnings = report.capture.quality.warnings;
  for (const { text, count, frame } of style.verbose ? warnings : warnings.slice(0, MAX_TOLD)) {
    lines.push(
      labelled(
        style,
        "Note",
        `${text}${count > 1 ? ` (${count} times)` : ""}${frame === null ? "" : `, first in frame ${frame}`}`,
      ),
    );
  }
  return lines.join("\n");
}
