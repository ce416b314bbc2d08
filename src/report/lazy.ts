// Reports of which what is long is made one by one, as it is written: all at once the connections of a report, or the rows of an audit,
// take hundreds of MB.
import type { AuditReport, AuditRow } from "./audit-types.ts";
import type { Report, ReportConnection } from "./types.ts";

/** What can be gone through again and again; its entries may be made anew each time. */
export interface Entries<T> extends Iterable<T> {
  readonly length: number;
}

/** A report, or one whose connections do not exist yet. */
export interface LazyReport extends Omit<Report, "connections"> {
  readonly connections: Entries<ReportConnection>;
}

/** An audit's report, or one whose rows are not held as objects. */
export interface LazyAuditReport extends Omit<AuditReport, "rows"> {
  readonly rows: Entries<AuditRow>;
}

/** Lines of text that are kept until the end; an array is one. None has a line end in it. */
export interface Lines extends Entries<string> {
  push(line: string): unknown;
}

/** What `make` gives of each item of `list`, made when it is come to. */
export function madeOf<T, U>(list: Entries<T>, make: (item: T) => U): Entries<U> {
  return {
    length: list.length,
    *[Symbol.iterator]() {
      for (const item of list) yield make(item);
    },
  };
}

/** The report with all of its connections: plain data. */
export function wholeReport(report: LazyReport): Report {
  return { ...report, connections: [...report.connections] };
}
