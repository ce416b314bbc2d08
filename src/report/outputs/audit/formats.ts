// The outputs of an audit by the name of their format.

import type { AuditReport, AuditRow } from "../../audit-types.ts";
import { jsonText, terminalText } from "../../escape.ts";
import type { LazyAuditReport, Lines } from "../../lazy.ts";
import type { PathStyle } from "../sarif-log.ts";
import type { TerminalStyle } from "../style.ts";
import type { AuditDocument } from "./document.ts";
import { worstGroup } from "./worst-group.ts";

export interface AuditFormat {
  /** Whether `end` needs a row of every capture. */
  readonly allRows: boolean;
  /** Whether something of every capture is kept until the end. */
  readonly keeps: boolean;
  /** `lines`: makes room for as many lines as there are captures. */
  open(style: TerminalStyle, lines: () => Lines): Promise<AuditDocument>;
}

export const AUDIT_FORMATS = {
  table: {
    allRows: false,
    keeps: false,
    open: async (style) => {
      const { auditTable } = await import("./table.ts");
      return { row: () => "", end: (report) => auditTable(report, style) };
    },
  },
  line: {
    allRows: false,
    keeps: false,
    open: async () => ({ row: (row) => `${lineOf(row)}\n`, end: () => "" }),
  },
  json: {
    allRows: true,
    keeps: true,
    open: async () => {
      const { jsonPieces } = await import("../json-pieces.ts");
      const endPieces = function* (report: LazyAuditReport): Generator<string> {
        yield* jsonPieces(report, 2);
        yield "\n";
      };
      return { row: () => "", end: (report: AuditReport) => [...endPieces(report)].join(""), endPieces };
    },
  },
  ndjson: {
    allRows: false,
    keeps: false,
    open: async () => ({
      row: (row) => `${jsonText(JSON.stringify(row))}\n`,
      // The rows were written one by one already.
      end: (report) => `${jsonText(JSON.stringify({ ...report, rows: [] }))}\n`,
    }),
  },
  csv: {
    allRows: false,
    keeps: false,
    open: async () => {
      const { CSV_HEADER } = await import("../csv.ts");
      const { auditCsvRows } = await import("./csv.ts");
      let header = CSV_HEADER;
      const headed = (text: string): string => {
        const whole = header + text;
        header = "";
        return whole;
      };
      return { row: (row) => headed(auditCsvRows(row)), end: () => headed("") };
    },
  },
  sarif: {
    allRows: false,
    keeps: true,
    open: async (style: PathStyle = {}, lines: () => Lines = () => []) =>
      new (await import("./sarif.ts")).AuditSarif(style, lines),
  },
  html: { allRows: false, keeps: false, open: async () => new (await import("./html.ts")).AuditHtml() },
} as const satisfies Readonly<Record<string, AuditFormat>>;

export type AuditFormatName = keyof typeof AUDIT_FORMATS;

/**
 * The same fields as the line of a single capture. `proxy` and `first` are those of the connections that the verdict is told by, of
 * which an audit knows the host without its port, and the frame with which the first of them begins.
 */
function lineOf(row: AuditRow): string {
  const worst = worstGroup(row);
  const proxy = (worst ?? row.groups[0])?.proxy ?? "-";
  return [
    row.verdict ?? "not-checked",
    row.path,
    `proxy=${proxy}`,
    `tunnels=${row.tunnels}`,
    `wrong=${row.wrong}`,
    `unseen=${row.unseen}`,
    `first=${worst === undefined || row.exitCode === 0 ? "-" : `${worst.host ?? "-"}@${worst.frame}`}`,
    row.text,
  ]
    .map((field) => terminalText(field))
    .join("\t");
}
