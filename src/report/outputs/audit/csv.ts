// An audit as CSV: the columns of single captures, with a row for each group of like connections.
import type { AuditRow } from "../../audit-types.ts";
import { type CsvRow, csvLine, emptyRow, proxyColumns } from "../csv.ts";

/** The rows of one capture; one that has no connections or could not be checked has one, too. */
export function auditCsvRows(row: AuditRow): string {
  const groups = row.groups.map(
    ({ proxy, client, host, verdict, count, possible, since, stream, frame }): CsvRow => ({
      ...emptyRow(row.path, verdict),
      connections: count,
      stream,
      client_ip: client,
      ...proxyColumns(proxy),
      start: since,
      target: host,
      certainty: possible === count ? "possible" : null,
      frame,
      summary: row.text,
      display_filter: `tcp.stream eq ${stream}`,
    }),
  );
  const rest = row.connections - row.groups.reduce((sum, { count }) => sum + count, 0);
  const lone = { ...emptyRow(row.path, row.verdict), connections: rest, start: row.start, end: row.end };
  const lines = groups.length === 0 || rest > 0 ? [...groups, { ...lone, summary: row.message ?? row.text }] : groups;
  return lines.map(csvLine).join("");
}
