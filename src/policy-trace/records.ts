// Transactions of traces and lines of access logs in one small form, to be joined to the tunnels of a capture.
import type { Nanos } from "../bytes/index.ts";
import { requestText, senderOf401 } from "./stages.ts";
import type { LineNo, LogEntry, TraceStage, TraceTransaction } from "./types.ts";

/** What one transaction says of the exchange that it is about. */
export interface ProxyRecord {
  readonly source: number;
  readonly line: LineNo;
  /** The line that says most: the code sent to the client. */
  readonly decisive: LineNo;
  readonly time: Nanos;
  readonly client: string | null;
  readonly clientPort: number | null;
  readonly host: string;
  readonly port: number | null;
  readonly stage: TraceStage;
  readonly path: string;
  readonly status: number | null;
  /** Who sent the 401 that was answered; null where there is none, or where the record does not tell. */
  readonly says: "proxy" | "origin" | null;
  readonly weight: "certain" | "likely";
  /** In words, without file and line. */
  readonly text: string;
}

/** A transaction as a record; null if it cannot be placed. */
export function recordOfTransaction(transaction: TraceTransaction, source: number): ProxyRecord | null {
  const { request, time, connection, clientStatus, serverStatus, exception, firstLine } = transaction;
  if (request === null || time === null) return null;
  const status = clientStatus?.value ?? null;
  const server = serverStatus?.value ?? null;
  const says = status === null ? null : senderOf401({ client: status, server, exception: exception?.value ?? null });
  const codes = [
    ...(server === null ? [] : [`server.response.code: ${server}`]),
    ...(status === null ? [] : [`client.response.code: ${status}`]),
    ...(exception === null ? [] : [`EXCEPTION(${exception.value})`]),
  ];
  return {
    source,
    line: firstLine,
    decisive: clientStatus?.line ?? request.line,
    time,
    client: connection?.clientAddress?.toLowerCase() ?? null,
    clientPort: connection?.clientPort ?? null,
    host: request.host,
    port: request.port,
    stage: request.stage,
    path: request.path,
    status,
    says,
    weight: "certain",
    text: `${requestText(transaction)}: ${codes.join(", ")}`,
  };
}

/** A line of an access log as a record; null if it cannot be placed. */
export function recordOfEntry(entry: LogEntry, source: number): ProxyRecord | null {
  const { time, host, status, method, scheme, path, exception, filterResult, serverStatus, line } = entry;
  if (time === null || host === null) return null;
  const verdict = senderInLog(entry);
  const facts = [
    `sc-status ${status ?? "-"}`,
    ...(exception === null ? [] : [`x-exception-id ${exception}`]),
    ...(filterResult === null ? [] : [`sc-filter-result ${filterResult}`]),
    ...(serverStatus === null ? [] : [`server status ${serverStatus}`]),
  ];
  return {
    source,
    line,
    decisive: line,
    time,
    client: entry.clientAddress?.toLowerCase() ?? null,
    clientPort: entry.clientPort,
    host,
    port: entry.port,
    stage: stageOf(method, scheme),
    path: path ?? "",
    status,
    says: verdict?.says ?? null,
    weight: verdict?.weight ?? "likely",
    text: `${method ?? "?"} ${scheme ?? "?"}://${host}${path ?? ""}: ${facts.join(", ")}`,
  };
}

function stageOf(method: string | null, scheme: string | null): TraceStage {
  if (method?.toUpperCase() === "CONNECT") return "connect";
  if (scheme === "https") return "https";
  if (scheme === "ssl") return "tls";
  return scheme === "http" ? "forward" : "other";
}

/**
 * Certain: an exception of authentication is an answer that the proxy made itself; a 401 that a server gave, as the log
 * has it. A denial without an exception, and a 401 without any, say less: other exceptions and formats exist.
 */
function senderInLog({ status, exception, filterResult, action, serverStatus, supplier }: LogEntry): {
  says: "proxy" | "origin";
  weight: "certain" | "likely";
} | null {
  if (status !== 401) return null;
  if (exception?.startsWith("authentication") === true) return { says: "proxy", weight: "certain" };
  const denied = filterResult === "DENIED" || action?.includes("DENIED") === true;
  if (exception === null && serverStatus === 401 && !denied) return { says: "origin", weight: "certain" };
  if (exception !== null || denied) return { says: "proxy", weight: "likely" };
  return supplier === null ? null : { says: "origin", weight: "likely" };
}
