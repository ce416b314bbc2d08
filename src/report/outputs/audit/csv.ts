// An audit as CSV: the columns of single captures, with a row for each group of like connections.
import type { Verdict } from "../../../diagnosis/index.ts";
import type { AuditRow } from "../../audit-types.ts";
import { type CsvRow, csvLine, emptyRow, proxyColumns } from "../csv.ts";
import { counted } from "../style.ts";
import { worstGroup } from "./worst-group.ts";

/** The rows of one capture; one that has no connections or could not be checked has one, too. */
export function auditCsvRows(row: AuditRow): string {
  const rows = [...groupRows(row), ...restRows(row)];
  const lone = { ...emptyRow(row.path, row.verdict), connections: row.connections, start: row.start, end: row.end };
  return (rows.length === 0 ? [{ ...lone, summary: row.message ?? row.text }] : rows).map(csvLine).join("");
}

function groupRows(row: AuditRow): CsvRow[] {
  // The sentence is about those that the verdict is told by: of the others it would not be true.
  const told = worstGroup(row) ?? row.groups[0];
  return row.groups.map((group) => {
    const { proxy, client, host, verdict, count, possible, since, stream, frame } = group;
    return {
      ...emptyRow(row.path, verdict),
      connections: count,
      stream,
      client_ip: client,
      ...proxyColumns(proxy),
      start: since,
      target: host,
      certainty: possible === count ? "possible" : null,
      frame,
      summary: group === told ? row.text : null,
      display_filter: `tcp.stream eq ${stream}`,
    };
  });
}

/** Connections that are in no group, as there would be too many: a row for each of their verdicts. */
function restRows({ path, verdicts, groups, start, end }: AuditRow): CsvRow[] {
  return (Object.entries(verdicts) as [Verdict, number][]).flatMap(([verdict, all]) => {
    const grouped = groups.filter((group) => group.verdict === verdict).reduce((sum, { count }) => sum + count, 0);
    const rest = all - grouped;
    const summary = `${counted(rest, "connection")} of which only the sum was kept.`;
    return rest > 0 ? [{ ...emptyRow(path, verdict), connections: rest, start, end, summary }] : [];
  });
}
