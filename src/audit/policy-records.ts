// Policy traces and access logs beside a capture: read once its tunnels are known, since few records are about them, and joined to them.
import { basename } from "node:path";
import type { Told } from "../diagnosis/index.ts";
import {
  AccessLogReader,
  RecordJoin,
  RecordStore,
  recordOfEntry,
  recordOfTransaction,
  TraceReader,
  TraceSummary,
} from "../policy-trace/index.ts";
import type { Timeline } from "../proxy/index.ts";
import type { PolicyFacts, PolicySource } from "../report/index.ts";
import { lookAt } from "./files.ts";
import type { CaptureSource } from "./input.ts";
import { readText } from "./text-file.ts";
import type { CheckFailure, CheckOptions } from "./types.ts";

/** What was read; null if no such file was named. */
export type PolicyRecords = { readonly sources: readonly PolicySource[]; readonly store: RecordStore } | null;

/** Why one of the traces and logs cannot be read, as far as that shows without reading it. */
export function unreadableRecords({ policyTraces = [], accessLogs = [], held }: CheckOptions): CheckFailure | null {
  for (const path of [...policyTraces, ...accessLogs]) {
    const status = path === "-" || held?.has(path) === true ? null : lookAt(path);
    if (typeof status === "string") return failed(path, status);
  }
  return null;
}

/** Reads all traces and logs of `options`, and keeps what can be about `timelines`. */
export async function loadPolicyRecords(
  { policyTraces = [], accessLogs = [], held, signal }: CheckOptions,
  timelines: readonly Timeline[],
): Promise<{ readonly records: PolicyRecords } | CheckFailure> {
  if (policyTraces.length + accessLogs.length === 0) return { records: null };
  const sourceOf = (path: string): CaptureSource => {
    const pieces = held?.get(path);
    return pieces === undefined ? path : eachOf(pieces);
  };
  const store = new RecordStore(timelines);
  const sources: PolicySource[] = [];
  for (const path of policyTraces) {
    const summary = new TraceSummary();
    const source = sources.length;
    const reader = new TraceReader({
      note: summary.note,
      transaction(transaction) {
        summary.transaction(transaction);
        store.add(recordOfTransaction(transaction, source));
      },
    });
    const outcome = await readText(sourceOf(path), reader, { signal });
    if (outcome.kind === "unreadable") return failed(path, outcome.why);
    const counts = reader.end();
    if (counts.transactions === 0) return failed(path, "this is no policy trace: no transaction was found in it");
    const { notes, tunnels } = summary.finish();
    sources.push({ path, name: basename(path), kind: "policy-trace", notes, tunnels });
  }
  for (const path of accessLogs) {
    const summary = new TraceSummary();
    const source = sources.length;
    const reader = new AccessLogReader({
      note: summary.note,
      entry: (entry) => store.add(recordOfEntry(entry, source)),
    });
    const outcome = await readText(sourceOf(path), reader, { signal });
    if (outcome.kind === "unreadable") return failed(path, outcome.why);
    if (!reader.end().hasFields)
      return failed(path, "this is no access log in the W3C extended format: it has no #Fields line");
    const { notes } = summary.finish();
    sources.push({ path, name: basename(path), kind: "access-log", notes, tunnels: [] });
  }
  return { records: { sources, store } };
}

async function* eachOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function failed(path: string, message: string): CheckFailure {
  return { kind: "failed", path, message, advice: null };
}

/** Answers diagnosis from the records, and the report behind it. */
export class PolicyTold implements Told {
  readonly #records: NonNullable<PolicyRecords>;
  readonly #join: RecordJoin;

  constructor(records: NonNullable<PolicyRecords>) {
    this.#records = records;
    this.#join = new RecordJoin(records.store, records.sources);
  }

  exchange(...[timeline, exchange]: Parameters<Told["exchange"]>): ReturnType<Told["exchange"]> {
    return this.#join.exchange(timeline, exchange);
  }

  tunnel(timeline: Timeline): ReturnType<Told["tunnel"]> {
    return this.#join.tunnel(timeline);
  }

  facts(): PolicyFacts {
    const { sources, store } = this.#records;
    return { sources, join: this.#join, dropped: store.dropped };
  }
}
