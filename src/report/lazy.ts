// A report whose connections are made one by one, as they are written: all at once those of 100,000 take 200 MB beside their facts.
import type { Report, ReportConnection } from "./types.ts";

/** What can be gone through again and again; its entries may be made anew each time. */
export interface Entries<T> extends Iterable<T> {
  readonly length: number;
}

/** A report, or one whose connections do not exist yet. */
export interface LazyReport extends Omit<Report, "connections"> {
  readonly connections: Entries<ReportConnection>;
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
