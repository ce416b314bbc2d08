// The table of connections: similar ones folded into a row with a count, as wide as the terminal, a list where it is narrow.
import Table from "cli-table3";
import type { Verdict } from "../../diagnosis/index.ts";
import type { Report, ReportConnection, ReportProxy } from "../types.ts";
import { isUnseen, isWrong } from "../verdicts.ts";
import { targetOf } from "./headline.ts";
import {
  colourOf,
  counted,
  endpointText,
  paint,
  safe,
  type TerminalStyle,
  textWidth,
  truncate,
  wrap,
} from "./style.ts";

/** Rows of the table, unless more is asked for. */
const MAX_ROWS = 30;
/** Proxies named above it. */
const MAX_PROXIES = 5;
/** Streams named in a row. */
const MAX_STREAMS = 3;
/** Narrower terminals get a list. */
const LEAST_TABLE_WIDTH = 70;

interface Row {
  readonly streams: number[];
  readonly cells: readonly string[];
  readonly verdict: Verdict;
  count: number;
}

/** The headers, and the least columns that each may shrink to. */
const COLUMNS = [
  ["stream", 6],
  ["client", 7],
  ["target", 10],
  ["CONNECT", 7],
  ["TLS", 5],
  ["HTTPS", 6],
  ["verdict", 11],
] as const;

/** The proxies and the table; empty if there is no connection. Colours, but no line end at its end. */
export function connectionsTable(report: Report, style: TerminalStyle): string {
  const rows = foldedRows(report, style);
  if (rows.length === 0) return "";
  const shown = style.verbose ? rows : rows.slice(0, MAX_ROWS);
  const hidden = rows.slice(shown.length).reduce((sum, { count }) => sum + count, 0);
  const lines = [
    ...proxies(report.proxies, style),
    ...(style.width < LEAST_TABLE_WIDTH ? list(shown, style) : [grid(shown, style)]),
  ];
  if (hidden > 0) lines.push(paint(style, "dim", `and ${counted(hidden, "connection")} more (-v shows all rows)`));
  return lines.join("\n");
}

function proxies(all: readonly ReportProxy[], style: TerminalStyle): string[] {
  const lines = all.slice(0, MAX_PROXIES).flatMap((proxy) => {
    const { product, intercepts, connections } = proxy;
    const about = [
      ...(product === null
        ? []
        : [`${product.name}${product.certainty === "certain" ? "" : ` (${product.certainty})`}`]),
      ...(intercepts === "yes" ? ["intercepts TLS"] : []),
      counted(connections, "connection"),
    ];
    return wrap(safe(style, `Proxy ${endpointText(proxy)}: ${about.join(", ")}`), style.width);
  });
  const more = all.length - MAX_PROXIES;
  return more > 0 ? [...lines, paint(style, "dim", `and ${more} more`)] : lines;
}

/** Rows that differ only in stream and client port are one row with a count: wrong ones first, then those not seen. */
function foldedRows(report: Report, style: TerminalStyle): Row[] {
  const rows = new Map<string, Row>();
  for (const connection of report.connections) {
    const { stream, verdict } = connection;
    const cells = cellsOf(connection).map((cell) => safe(style, cell));
    const key = style.verbose ? String(stream) : cells.join("\t");
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { streams: [stream], cells, verdict, count: 1 });
    else {
      row.streams.push(stream);
      row.count++;
    }
  }
  for (const { verdict, client, target, count, firstStream } of report.folded) {
    const cells = [client, target ?? "several", "", "", "", verdict].map((cell) => safe(style, cell));
    rows.set(`folded ${firstStream} ${cells.join("\t")}`, { streams: [firstStream], cells, verdict, count });
  }
  const rank = ({ verdict }: Row): number => (isWrong(verdict) ? 0 : isUnseen(verdict) ? 1 : 2);
  return [...rows.values()].sort((a, b) => rank(a) - rank(b) || a.streams[0]! - b.streams[0]!);
}

function cellsOf(connection: ReportConnection): string[] {
  return [
    connection.client.ip,
    targetOf(connection),
    connectCell(connection),
    tlsCell(connection),
    httpsCell(connection),
    connection.verdict,
  ];
}

function connectCell({ connects, forwards }: ReportConnection): string {
  if (connects.length > 0) return connects.map(({ response }) => response?.status ?? "none").join(" ");
  const answers = forwards.map(({ method, response }) => `${method ?? "?"} ${response?.status ?? "none"}`);
  return answers.length === 0 ? "-" : [...new Set(answers)].slice(0, 3).join(", ");
}

function tlsCell({ tunnel }: ReportConnection): string {
  if (tunnel === null) return "-";
  if (tunnel.tls === null) return tunnel.protocol === "none" ? "-" : `no (${tunnel.protocol})`;
  const { version, handshakeComplete } = tunnel.tls;
  if (tunnel.stages.tls.startsWith("failed")) return version === null ? "failed" : `${version} failed`;
  return handshakeComplete ? (version ?? "yes") : `${version ?? "TLS"}, cut`;
}

function httpsCell({ tunnel }: ReportConnection): string {
  if (tunnel === null || tunnel.protocol === "none") return "-";
  const statuses = tunnel.exchanges.flatMap(({ response, sentBy }) => {
    if (response === null) return [];
    const by = sentBy === "proxy" ? " proxy" : sentBy === "origin" ? " site" : "";
    return [`${response.status}${by}`];
  });
  if (statuses.length > 0) return [...new Set(statuses)].slice(0, 4).join(", ");
  return tunnel.protocol === "tls" ? "unseen" : "-";
}

function grid(rows: readonly Row[], style: TerminalStyle): string {
  const lines = rows.map((row) => [streamsText(row), ...row.cells]);
  const widths = COLUMNS.map(([header], column) =>
    lines.reduce((most, line) => Math.max(most, textWidth(line[column] ?? "")), header.length),
  );
  shrink(widths, style.width - 3 * COLUMNS.length - 1);
  const drawn = new Table({
    head: COLUMNS.map(([header]) => paint(style, "dim", header)),
    colWidths: widths.map((width) => width + 2),
    // Its own colours need another package, and ours are on or off for the whole report.
    style: { head: [], border: [], compact: true },
    ...(style.drawing ? {} : { chars: ASCII_CHARS }),
  });
  for (const [i, line] of lines.entries()) {
    const cells = line.map((cell, column) => truncate(style, cell, widths[column]!));
    drawn.push(cells.map((cell, column) => (column === 6 ? paint(style, colourOf(rows[i]!.verdict), cell) : cell)));
  }
  return drawn.toString();
}

function list(rows: readonly Row[], style: TerminalStyle): string[] {
  return rows.flatMap((row) => {
    const [client, target, connect, tls, https, verdict] = row.cells;
    const facts = `stream ${streamsText(row)}: ${client} to ${target}; CONNECT ${connect}; TLS ${tls}; HTTPS ${https}`;
    const indented = wrap(facts, style.width - 2).map((text) => `  ${text}`);
    return [paint(style, colourOf(row.verdict), `- ${verdict}`), ...indented];
  });
}

/** "3", "3, 5, 7 +2", and for connections that were only counted "3 (40x)". */
function streamsText({ streams, count }: Row): string {
  if (streams.length < count) return `${streams[0]} (${count}x)`;
  const more = count - MAX_STREAMS;
  return streams.slice(0, MAX_STREAMS).join(", ") + (more > 0 ? ` +${more}` : "");
}

/** Takes from the widest columns until the table fits into `room`. */
function shrink(widths: number[], room: number): void {
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
    let widest = -1;
    for (const [column, width] of widths.entries()) {
      if (width > COLUMNS[column]![1] && (widest < 0 || width > widths[widest]!)) widest = column;
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
