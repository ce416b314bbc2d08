// The table of connections: similar ones folded into a row with a count, as wide as the terminal, a list where it is narrow.
import Table from "cli-table3";
import type { Verdict } from "../../diagnosis/index.ts";
import type { Report, ReportConnection } from "../types.ts";
import { isUnseen, isWrong } from "../verdicts.ts";
import { connectCell, httpsCell, tlsCell } from "./cells.ts";
import { NO_FRAME, tableLines } from "./frame.ts";
import { targetOf } from "./headline.ts";
import {
  clientIp,
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
const MAX_STREAMS = 2;
/** Columns between columns. */
const BETWEEN = 2;

interface Row {
  readonly streams: number[];
  readonly cells: readonly string[];
  readonly verdict: Verdict;
  count: number;
}

/** The headers, and the least columns that each may shrink to; null: it is never cut. */
const COLUMNS = [
  { header: "stream", least: 6 },
  { header: "client", least: 12 },
  { header: "target", least: 16 },
  { header: "CONNECT", least: 8 },
  { header: "TLS", least: 6 },
  { header: "HTTPS", least: 9 },
  { header: "verdict", least: null },
] as const;
const CLIENT = 1;

/** The proxies and the table; empty if there is no connection. Colours, but no line end at its end. */
export function connectionsTable(report: Report, style: TerminalStyle): string {
  const rows = foldedRows(report, style);
  if (rows.length === 0) return "";
  const shown = style.verbose ? rows : rows.slice(0, MAX_ROWS);
  const hidden = rows.slice(shown.length).reduce((sum, { count }) => sum + count, 0);
  const lines = [...proxies(report, style), ...(grid(shown, style) ?? list(shown, style))];
  if (hidden > 0) lines.push(paint(style, "dim", `and ${counted(hidden, "connection")} more (-v shows all rows)`));
  return lines.join("\n");
}

/** "Proxy 10.0.0.2:8080: Squid, intercepts TLS, 14 connections from 10.0.0.1". */
function proxies({ proxies: all, connections, folded }: Report, style: TerminalStyle): string[] {
  const lines = all.slice(0, MAX_PROXIES).flatMap((proxy) => {
    const { product, intercepts } = proxy;
    const address = endpointText(proxy);
    const own = connections.filter((connection) => endpointText(connection.proxy) === address);
    const clients = new Set([
      ...own.map(clientIp),
      ...folded.filter((group) => group.proxy === address).map(({ client }) => client),
    ]);
    const from = clients.size === 1 ? [...clients].join("") : counted(clients.size, "client");
    const about = [
      ...(product === null
        ? []
        : [`${product.name}${product.certainty === "certain" ? "" : ` (${product.certainty})`}`]),
      ...(intercepts === "yes" ? ["intercepts TLS"] : []),
      `${counted(proxy.connections, "connection")} from ${from}`,
      ...namedBy(own),
    ];
    return wrap(safe(style, `Proxy ${address}: ${about.join(", ")}`), style.width);
  });
  const more = all.length - MAX_PROXIES;
  return more > 0 ? [...lines, paint(style, "dim", `and ${counted(more, "proxy")} more`)] : lines;
}

/** What clients behind a load balancer are known by. */
function namedBy(connections: readonly ReportConnection[]): string[] {
  const balancers = [...new Set(connections.flatMap(({ client, namedClient }) => (namedClient ? [client.ip] : [])))];
  if (balancers.length === 0) return [];
  const by = balancers.length === 1 ? balancers.join("") : `${balancers.length} balancers`;
  return [`as PROXY headers from ${by} name them, if they tell the truth`];
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
    clientIp(connection),
    targetOf(connection),
    connectCell(connection),
    tlsCell(connection),
    httpsCell(connection),
    connection.verdict,
  ];
}

/** The table as lines; null if it does not fit even with its cells cut. */
function grid(rows: readonly Row[], style: TerminalStyle): string[] | null {
  const clients = new Set(rows.map(({ cells }) => cells[0]));
  // One client stands above the table already.
  const columns = COLUMNS.map((_, column) => column).filter((column) => column !== CLIENT || clients.size > 1);
  const lines = rows.map((row) => [streamsText(row), ...row.cells]);
  const widths = columns.map((column) =>
    lines.reduce((most, line) => Math.max(most, textWidth(line[column] ?? "")), COLUMNS[column]!.header.length),
  );
  const least = columns.map((column, i) => Math.min(widths[i]!, COLUMNS[column]!.least ?? widths[i]!));
  if (!shrink(widths, least, style.width - BETWEEN * (columns.length - 1))) return null;
  const drawn = new Table({
    head: columns.map((column) => paint(style, "dim", COLUMNS[column]!.header)),
    colWidths: widths,
    chars: style.drawing ? LINES : ASCII_LINES,
    // Its own colours need another package, and ours are on or off for the whole report.
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
  });
  for (const [i, line] of lines.entries()) {
    const cells = columns.map((column, at) => truncate(style, line[column] ?? "", widths[at]!));
    cells.push(paint(style, colourOf(rows[i]!.verdict), cells.pop() ?? ""));
    drawn.push(cells);
  }
  // The library counts columns of rare characters otherwise, and then cuts between the halves of one.
  return tableLines(drawn.toString().replace(/\p{Cs}/gu, "?"));
}

function list(rows: readonly Row[], style: TerminalStyle): string[] {
  return rows.flatMap((row) => {
    const [client, target, connect, tls, https, verdict] = row.cells;
    const stages = `CONNECT ${connect}; TLS ${tls}; HTTPS ${https}`;
    const facts = `stream ${streamsText(row)}: ${client} to ${target}; ${stages}`;
    const indented = wrap(facts, style.width - 2).map((text) => `  ${text}`);
    return [paint(style, colourOf(row.verdict), `- ${verdict}`), ...indented];
  });
}

/** "3", "3, 5 +3", and for connections that were only counted "3 (40x)". */
function streamsText({ streams, count }: Row): string {
  if (streams.length < count) return `${streams[0]} (${count}x)`;
  const more = count - MAX_STREAMS;
  return streams.slice(0, MAX_STREAMS).join(", ") + (more > 0 ? ` +${more}` : "");
}

/** Takes from the widest columns until the table fits into `room`; false if it cannot. */
function shrink(widths: number[], least: readonly number[], room: number): boolean {
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
    let widest = -1;
    for (const [column, width] of widths.entries()) {
      if (width > least[column]! && (widest < 0 || width > widths[widest]!)) widest = column;
    }
    if (widest < 0) return false;
    widths[widest]!--;
  }
  return true;
}

/** A line below the headers, and space between the columns. */
const LINES = { ...NO_FRAME, mid: "─", "mid-mid": "──", middle: " ".repeat(BETWEEN) };
const ASCII_LINES = { ...LINES, mid: "-", "mid-mid": "--" };
