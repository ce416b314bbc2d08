// CSV (RFC 4180): a header, then a row for each connection. Its columns are a contract: new ones come at the end.
import type { Verdict } from "../../diagnosis/index.ts";
import { csvField } from "../escape.ts";
import type { LazyReport } from "../lazy.ts";
import type { Report, ReportConnection, ReportExchange, ReportFolded } from "../types.ts";
import { classOf } from "../verdicts.ts";
import { decisiveFrame, headline, targetOf } from "./headline.ts";

const ENDPOINT = /^\[?(.*?)\]?:(\d+)$/;

/** A row by the names of its columns. */
export type CsvRow = Readonly<Record<keyof typeof COLUMNS, string | number | null>>;

/** The columns in their order, each with what it holds. Empty: not known, or not there. */
export const COLUMNS = {
  capture: "path of the capture, as it was given",
  verdict: "verdict of the connection",
  class: "wrong, unseen, fine or, in audits, unchecked",
  connections: "1; more in a row for connections that were only counted; 0 if the capture has none",
  stream: "tcp.stream",
  client_ip: "",
  client_port: "",
  proxy_ip: "",
  proxy_port: "",
  start: "RFC 3339, UTC",
  end: "RFC 3339, UTC",
  closed_by: "fin, reset-by-client, reset-by-proxy or open",
  target: "host and port that was asked for",
  connect_status: "statuses of the CONNECT requests, with spaces between them",
  tls_version: "",
  tls_complete: "yes or no: whether the handshake was completed",
  intercepted: "yes, no or unknown",
  decrypted: "full, partial or none",
  inside_status: "statuses inside the tunnel or of forwarded requests, with spaces between them",
  asked_by: "who sent the 401 or 407 that decides: proxy, origin or unknown",
  certainty: "certain, likely or possible",
  schemes: "authentication schemes that were offered, with spaces between them",
  frame: "the frame that the verdict is about",
  continued_by: "tcp.stream on which the client came back",
  summary: "one sentence",
  display_filter: "for Wireshark",
  named_client_ip: "whom a load balancer's PROXY header names as the client",
  named_client_port: "",
} as const;

const NAMES = Object.keys(COLUMNS) as readonly (keyof typeof COLUMNS)[];

/** The header line with its line end. */
export const CSV_HEADER = `${NAMES.join(",")}\r\n`;

/** The rows of one report; a capture without connections to a proxy has one, too. */
export function csvRows(report: Report): string {
  return [...csvPieces(report)].join("");
}

/** The same row by row. */
export function* csvPieces(report: LazyReport): Generator<string> {
  for (const connection of report.connections) yield csvLine(connectionRow(report, connection));
  for (const folded of report.folded) yield csvLine(foldedRow(report, folded));
  if (report.connections.length + report.folded.length === 0)
    yield csvLine({
      ...emptyRow(report.capture.path, report.verdict),
      connections: 0,
      summary: headline({ ...report, connections: [] }),
    });
}

/** One row with its line end. */
export function csvLine(row: CsvRow): string {
  return `${NAMES.map((name) => csvField(row[name])).join(",")}\r\n`;
}

/** A row of which nothing is known but its capture and verdict; null: it could not be checked. */
export function emptyRow(capture: string, verdict: Verdict | null): CsvRow {
  const empty = Object.fromEntries(NAMES.map((name) => [name, null])) as CsvRow;
  return {
    ...empty,
    capture,
    verdict: verdict ?? "not-checked",
    class: verdict === null ? "unchecked" : classOf(verdict),
  };
}

/** "10.0.0.2:8080", "[fd00::2]:8080" in its two columns. */
export function proxyColumns(proxy: string): Pick<CsvRow, "proxy_ip" | "proxy_port"> {
  const [, ip = proxy, port = null] = ENDPOINT.exec(proxy) ?? [];
  return { proxy_ip: ip, proxy_port: port };
}

function connectionRow(report: LazyReport, connection: ReportConnection): CsvRow {
  const { client, namedClient, proxy, tunnel, connects, forwards, stream, verdict } = connection;
  const finding = report.findings.find((candidate) => candidate.id === verdict && candidate.stream === stream);
  const exchanges = tunnel === null ? forwards : tunnel.exchanges;
  const decisive = decisiveExchange(exchanges);
  const challenges = [...connects, ...exchanges].flatMap(({ response }) => response?.challenges ?? []);
  const target = targetOf(connection);
  return {
    ...emptyRow(report.capture.path, verdict),
    connections: 1,
    stream,
    client_ip: client.ip,
    client_port: client.port,
    proxy_ip: proxy.ip,
    proxy_port: proxy.port,
    start: connection.start,
    end: connection.end,
    closed_by: connection.closedBy,
    target: target === "-" ? null : target,
    connect_status: statuses(connects),
    tls_version: tunnel?.tls?.version ?? null,
    tls_complete: tunnel?.tls == null ? null : tunnel.tls.handshakeComplete ? "yes" : "no",
    intercepted: tunnel?.tls?.intercepted ?? null,
    decrypted: tunnel?.tls?.decrypted ?? null,
    inside_status: statuses(exchanges),
    asked_by: decisive?.sentBy ?? null,
    certainty: decisive?.certainty ?? finding?.certainty ?? null,
    schemes: [...new Set(challenges.map(({ scheme }) => scheme))].join(" "),
    frame: decisiveFrame(connection, finding),
    continued_by: connection.continuedBy,
    summary: connection.summary,
    display_filter: finding?.displayFilter ?? `tcp.stream eq ${stream}`,
    named_client_ip: namedClient?.ip ?? null,
    named_client_port: namedClient?.port ?? null,
  };
}

function foldedRow(report: LazyReport, folded: ReportFolded): CsvRow {
  const { verdict, client, proxy, target, count, firstStream, firstFrame } = folded;
  return {
    ...emptyRow(report.capture.path, verdict),
    connections: count,
    stream: firstStream,
    client_ip: client,
    ...proxyColumns(proxy),
    target,
    frame: firstFrame,
    summary: `${count} connections of which only their sum was kept, the first of them on stream ${firstStream}.`,
  };
}

/** The answer that asks for credentials: the proxy's before others. */
function decisiveExchange(exchanges: readonly ReportExchange[]): ReportExchange | undefined {
  const asking = exchanges.filter(({ sentBy }) => sentBy !== null);
  return asking.find(({ sentBy }) => sentBy === "proxy") ?? asking[0];
}

function statuses(exchanges: readonly { readonly response: { readonly status: number } | null }[]): string {
  return exchanges.flatMap(({ response }) => (response === null ? [] : [response.status])).join(" ");
}
