// What every output of an audit is to those who fill it.
import type { AuditReport, AuditRow } from "../../audit-types.ts";
import type { LazyAuditReport } from "../../lazy.ts";

/** `row` is written as each capture is done, `end` behind the last one. */
export interface AuditDocument {
  row(row: AuditRow): string;
  end(report: AuditReport): string;
  /** What `end` gives, in pieces, where it has a row of every capture: it may be more than one string can hold. */
  endPieces?(report: LazyAuditReport): Iterable<string>;
}
