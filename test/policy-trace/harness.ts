// Feeds texts to the readers of this room, in one piece or in many, and collects what comes out.
import { readFileSync } from "node:fs";
import { AccessLogReader, type LogCounts } from "../../src/policy-trace/access-log.ts";
import { type TraceCounts, TraceReader } from "../../src/policy-trace/read.ts";
import { type TraceFacts, TraceSummary } from "../../src/policy-trace/summary.ts";
import type { LogEntry, TraceNoteId, TraceTransaction } from "../../src/policy-trace/types.ts";

const FIXTURES = new URL("../fixtures/policy-trace/", import.meta.url);

export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, FIXTURES)));

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** `cuts`: places at which the input is cut. */
function feed(reader: { push(bytes: Uint8Array): void }, bytes: Uint8Array, cuts: readonly number[]): void {
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut <= from || cut > bytes.length) continue;
    reader.push(bytes.slice(from, cut));
    from = cut;
  }
  reader.push(bytes.slice(from));
}

export interface ReadTrace {
  readonly transactions: readonly TraceTransaction[];
  readonly notes: readonly (readonly [TraceNoteId, number])[];
  readonly counts: TraceCounts;
}

export function readTrace(bytes: Uint8Array, cuts: readonly number[] = []): ReadTrace {
  const transactions: TraceTransaction[] = [];
  const notes: [TraceNoteId, number][] = [];
  const reader = new TraceReader({
    transaction: (transaction) => transactions.push(transaction),
    note: (id, line) => notes.push([id, line]),
  });
  feed(reader, bytes, cuts);
  return { transactions, notes, counts: reader.end() };
}

export function summarise(bytes: Uint8Array, cuts: readonly number[] = []): TraceFacts {
  const summary = new TraceSummary();
  const reader = new TraceReader(summary);
  feed(reader, bytes, cuts);
  reader.end();
  return summary.finish();
}

export interface ReadLog {
  readonly entries: readonly LogEntry[];
  readonly notes: readonly (readonly [TraceNoteId, number])[];
  readonly counts: LogCounts;
}

export function readLog(bytes: Uint8Array, cuts: readonly number[] = []): ReadLog {
  const entries: LogEntry[] = [];
  const notes: [TraceNoteId, number][] = [];
  const reader = new AccessLogReader({
    entry: (entry) => entries.push(entry),
    note: (id, line) => notes.push([id, line]),
  });
  feed(reader, bytes, cuts);
  return { entries, notes, counts: reader.end() };
}
