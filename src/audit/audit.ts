// An audit: many captures, checked in a steady order, written into a journal as they come, and summed up.
import { fileURLToPath } from "node:url";
import type { AuditReport, AuditRow } from "../report/index.ts";
import { type AuditTask, failedRow } from "./audit-row.ts";
import { AuditSummary } from "./audit-summary.ts";
import { checkedOptions, mustBeLimits } from "./check-options.ts";
import { isFile } from "./files.ts";
import { type FoundCaptures, findCaptures } from "./find-captures.ts";
import { Journal } from "./journal.ts";
import { latestRows } from "./journal-rows.ts";
import { certificateStamp, KeyStamps } from "./key-stamp.ts";
import { keylessLogs, mustBeUsable, NamedFileError } from "./named-files.ts";
import { holdPipes, isInputTwice, isPipeFailure, READ_ONCE } from "./pipes.ts";
import { createRunner, payingJobs, type Runner } from "./runner.ts";
import type { AuditFiles, CheckOptions } from "./types.ts";

/** How far an audit is. */
export interface AuditProgress {
  /** Captures that are done, of how many, and their bytes. */
  readonly captures: number;
  readonly capturesTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
  /** Different problems found so far. */
  readonly problems: number;
}

/** How an audit runs, and what every capture is checked with. */
export interface AuditOptions extends AuditChecks {
  /** Captures that are checked at a time, each in a worker thread, where there is enough to do. 1 to 64, default 1. */
  readonly jobs?: number;
  /** What workers run. Default: the one that comes with the package; a bundle that has left it behind has to say where it is. */
  readonly workerFile?: string;
  /** Milliseconds for one capture, which a worker checks then; what takes longer is a row with that reason. */
  readonly timeoutMs?: number;
  /** MiB of heap for one capture, likewise. */
  readonly maxMemoryMiB?: number;
  /** Path of a journal, which is gone on with if it is there: what it has is not checked again. */
  readonly journal?: string;
  /** Tell changed files by their content instead of size and time. */
  readonly hash?: boolean;
  /** Of `of` parts the one with this number, from 1. */
  readonly shard?: { readonly index: number; readonly of: number };
  /** Read numbered files of one rotated capture as one. */
  readonly join?: boolean;
  /** An earlier journal: what is new, gone, still there. */
  readonly since?: string;
  /** Keep a row of every capture in the report. */
  readonly allRows?: boolean;
  /** Called before the first row with the path of each key log that was named and holds no key: the audit goes on without it. */
  readonly onKeyless?: (keylog: string) => void;
  /** Called with each row, in order. */
  readonly onRow?: (row: AuditRow) => void;
  /** Called behind each capture. */
  readonly onProgress?: (progress: AuditProgress) => void;
  /** Ends the audit behind the captures that are under way. */
  readonly signal?: { readonly aborted: boolean };
}

/** What every capture is checked with. */
type AuditChecks = AuditFiles & Pick<CheckOptions, "proxies" | "verifyBodies" | "maxConnections">;

/** How long captures are checked without letting signals and timers in. */
const BREATH_MS = 50;

/**
 * Audits what `paths` name: files, folders, globs, `@lists`. Rejects with `JournalError` where a journal cannot be used, with
 * `NamedFileError` where keys or certificates cannot, and with `TypeError` for an option that is none; whatever is wrong with a
 * capture is a row.
 */
export async function auditCaptures(paths: readonly string[], options: AuditOptions = {}): Promise<AuditReport> {
  const check = checkOptionsOf(checkedOptions(options, "paths"));
  mustBeLimits(options);
  const workerFile = workerFileOf(options);
  const named = [options.keylogs, options.rsaKeys, options.trust, options.proxyCa].flatMap((paths) => paths ?? []);
  const lists = paths.filter((path) => path === "@-").map(() => "-");
  if (isInputTwice([...lists, ...named])) throw new NamedFileError("-", READ_ONCE);
  const held = await holdPipes(named);
  if (isPipeFailure(held)) throw new NamedFileError(held.path, held.why);
  const lending = { ...check, held, onlyFiles: true, transitions: false };
  mustBeUsable(lending);
  const { onKeyless } = options;
  if (onKeyless !== undefined) for (const keylog of keylessLogs(options.keylogs ?? [], held)) onKeyless(keylog);
  const hash = options.hash ?? false;
  // What keys there are for a capture only a journal asks, in which it may stand already: to look takes a twentieth of a small capture.
  const stamps =
    options.journal === undefined
      ? null
      : new KeyStamps([...(options.keylogs ?? []), ...(options.rsaKeys ?? [])], { hash, held });
  const found = await findCaptures(paths, {
    join: options.join ?? false,
    hash,
    keysOf: (capture) => stamps?.of(capture) ?? null,
    shard: options.shard ?? null,
  });
  // Before anything is written: a name that is wrong is told at once, and it may be the journal that goes on.
  const earlier =
    options.since === undefined ? null : { journal: options.since, rows: latestRows([options.since], true) };
  const journal =
    options.journal === undefined
      ? null
      : new Journal(options.journal, JSON.stringify(journalOptionsOf(check, options)));
  const trust = journal === null ? null : certificateStamp(lending);
  const known: Known = (task) => rowOf(task, journal, trust, options);
  const summary = new AuditSummary(options.allRows ?? false);
  const total = found.tasks.length + found.failures.length;
  const bytesTotal = found.tasks.reduce((sum, { size }) => sum + size, 0);
  let captures = 0;
  let bytes = 0;
  let skipped = found.skipped;
  const take = (task: AuditTask | null, row: AuditRow | null): void => {
    if (row === null) skipped++;
    else {
      summary.add(row);
      options.onRow?.(row);
    }
    captures++;
    bytes += task?.size ?? 0;
    options.onProgress?.({ captures, capturesTotal: total, bytes, bytesTotal, problems: summary.wrong });
  };
  for (const failure of found.failures) take(null, missingRow(failure));
  let interrupted = false;
  const runner = await createRunner(lending, {
    jobs: jobsFor(found.tasks, known, options),
    timeoutMs: options.timeoutMs ?? null,
    maxMemoryMiB: options.maxMemoryMiB ?? null,
    workerFile,
  });
  try {
    journal?.setMissing(found.failures, missingRow);
    const write = (row: AuditRow, { keys }: AuditTask): void => journal?.append(row, { keys, trust });
    interrupted = await runAll(found.tasks, runner, { known, write, take }, options.signal);
  } finally {
    await runner.close();
    journal?.close();
  }
  return summary.finish({ skipped, interrupted, elsewhere: found.elsewhere, earlier });
}

/** The row of what was named and cannot be found. */
function missingRow({ path, why }: FoundCaptures["failures"][number]): AuditRow {
  return failedRow({ path, files: [path], size: 0, modified: 0, hash: null, keys: null, found: false }, why);
}

/** Where the package has its worker, beside the file that this is a part of. */
function packagedWorker(): string | null {
  const file = fileURLToPath(new URL("pcapcheck.worker.cjs", import.meta.url));
  return isFile(file) ? file : null;
}

/** What workers run; null where there is none, and none is needed. Throws `TypeError` where limits could not be kept. */
function workerFileOf({ workerFile, timeoutMs, maxMemoryMiB, jobs = 1 }: AuditOptions): string | null {
  const limited = timeoutMs !== undefined || maxMemoryMiB !== undefined;
  if (workerFile !== undefined || (jobs <= 1 && !limited)) return workerFile ?? null;
  const packaged = packagedWorker();
  if (packaged === null && limited)
    throw new TypeError(
      "timeoutMs and maxMemoryMiB need workerFile: pcapcheck.worker.cjs of the package is not beside it",
    );
  return packaged;
}

/** As many as were asked for where there are limits, which need workers, else as many as pay. */
function jobsFor(tasks: readonly AuditTask[], known: Known, options: AuditOptions): number {
  const jobs = options.jobs ?? 1;
  if (jobs <= 1 || options.timeoutMs !== undefined || options.maxMemoryMiB !== undefined) return jobs;
  const fresh = tasks.filter((task) => known(task) === undefined);
  const bytes = fresh.reduce((sum, { size }) => sum + size, 0);
  return payingJobs(jobs, fresh.length, bytes);
}

/** One summary of many journals; of rows of the same capture the last one counts. */
export function mergeJournals(
  paths: readonly string[],
  options: { readonly since?: string; readonly allRows?: boolean; readonly onRow?: (row: AuditRow) => void } = {},
): AuditReport {
  const summary = new AuditSummary(options.allRows ?? false);
  for (const row of latestRows(paths)) {
    summary.add(row);
    options.onRow?.(row);
  }
  const earlier =
    options.since === undefined ? null : { journal: options.since, rows: latestRows([options.since], true) };
  return summary.finish({ skipped: 0, interrupted: false, elsewhere: false, earlier });
}

/** Consecutive captures that are checked together. */
interface Batch {
  readonly tasks: readonly AuditTask[];
  /** The journal's row of each; undefined where it has to be checked. */
  readonly known: readonly (AuditRow | undefined)[];
  /** Rows of those. */
  readonly fresh: Promise<readonly (AuditRow | null)[]>;
}

/** The journal's row of a task, if it still holds. */
type Known = (task: AuditTask) => AuditRow | undefined;

/** Where rows come from without work, and where they go. */
interface Rows {
  readonly known: Known;
  /** For those that were not known. */
  readonly write: (row: AuditRow, task: AuditTask) => void;
  readonly take: (task: AuditTask, row: AuditRow | null) => void;
}

/** Runs tasks within the runner's window and takes their rows in order. Returns whether it was interrupted. */
async function runAll(
  tasks: readonly AuditTask[],
  runner: Runner,
  { known: knownRow, write, take }: Rows,
  signal: AuditOptions["signal"],
): Promise<boolean> {
  const underWay: Batch[] = [];
  let next = 0;
  let breath = Date.now();
  while (underWay.length > 0 || (next < tasks.length && signal?.aborted !== true)) {
    while (underWay.length < runner.window && next < tasks.length && signal?.aborted !== true) {
      const batch = batchFrom(tasks, next, runner, knownRow);
      next += batch.tasks.length;
      underWay.push(batch);
    }
    const first = underWay.shift();
    if (first === undefined) break;
    const fresh = (await first.fresh).values();
    for (const [i, task] of first.tasks.entries()) {
      const known = first.known[i];
      const row = known ?? fresh.next().value ?? null;
      if (row !== null && known === undefined) write(row, task);
      take(task, row);
    }
    if (Date.now() - breath > BREATH_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      breath = Date.now();
    }
  }
  return next < tasks.length;
}

/** The batch that begins with the task at `from`, under way. */
function batchFrom(tasks: readonly AuditTask[], from: number, runner: Runner, knownRow: Known): Batch {
  const known: (AuditRow | undefined)[] = [];
  const fresh: AuditTask[] = [];
  let bytes = 0;
  for (let i = from; i < tasks.length && known.length < runner.batch.captures; i++) {
    const task = tasks[i]!;
    const row = knownRow(task);
    if (row === undefined) {
      if (fresh.length > 0 && bytes + task.size > runner.batch.bytes) break;
      fresh.push(task);
      bytes += task.size;
    }
    known.push(row);
  }
  const rows = fresh.length === 0 ? Promise.resolve([]) : runner.run(fresh);
  return { tasks: tasks.slice(from, from + known.length), known, fresh: rows };
}

/** The journal's row of a task, if it still holds. `trust`: stamp of the certificates that are named. */
function rowOf(
  task: AuditTask,
  journal: Journal | null,
  trust: string | null,
  options: AuditOptions,
): AuditRow | undefined {
  const known = journal?.known(task.path);
  if (known === undefined || known.trust !== trust || !isSame(known.row, task, options)) return undefined;
  return known.keys === task.keys || needsNoKeys(known.row) ? known.row : undefined;
}

/** Whether everything was seen, so that other keys show no more; without a connection there may be one inside TLS. */
function needsNoKeys({ connections, unseen }: AuditRow): boolean {
  return connections > 0 && unseen === 0;
}

/** Whether the journal's row still holds: the file is what it was, and a limit that ended it would end it again. */
function isSame(row: AuditRow, task: AuditTask, options: AuditOptions): boolean {
  if (mayGetFurther(row, options)) return false;
  // What could not be read then may be readable now, with the same size and time.
  if (row.verdict === null && row.givenUp === null) return false;
  if (task.hash !== null && row.hash !== null) return task.hash === row.hash;
  return row.size === task.size && row.modified === task.modified;
}

/** Whether a capture that was given up has more time or memory now than it had then. */
function mayGetFurther({ givenUp }: AuditRow, { timeoutMs, maxMemoryMiB }: AuditOptions): boolean {
  if (!givenUp) return false;
  if (givenUp.limit === "time") return timeoutMs === undefined || timeoutMs > givenUp.limitMs;
  const now = maxMemoryMiB ?? null;
  const then = givenUp.limitMiB;
  // What Node grants by itself may be more or less than a number that is given: then it is tried.
  return now === null || then === null ? now !== then : now > then;
}

/** What the rows of a journal depend on: also which files are one capture. */
function journalOptionsOf(check: AuditChecks, { join }: AuditOptions): AuditChecks & { join?: true } {
  return join === true ? { ...check, join } : check;
}

/** What results depend on, in a form that is the same for the same options. */
function checkOptionsOf(options: AuditOptions): AuditChecks {
  const { proxies, keylogs, rsaKeys, trust, proxyCa, verifyBodies, maxConnections } = options;
  return {
    proxies: proxies ?? [],
    keylogs: keylogs ?? [],
    rsaKeys: rsaKeys ?? [],
    trust: trust ?? [],
    proxyCa: proxyCa ?? [],
    verifyBodies: verifyBodies ?? true,
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}
