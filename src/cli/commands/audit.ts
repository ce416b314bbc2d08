// pcapcheck audit PATH… and pcapcheck merge JOURNAL…: many captures to one summary and one exit code.
import { join } from "node:path";
import { type AuditOptions, auditCaptures, JournalError, mergeJournals, NamedFileError } from "../../audit/index.ts";
import type { Verdict } from "../../diagnosis/index.ts";
import {
  AUDIT_FORMATS,
  type AuditDocument,
  type AuditFormat,
  type AuditFormatName,
  type AuditReport,
  type AuditRow,
  exitCodeOf,
  type LazyAuditReport,
  type Lines,
  madeOf,
} from "../../report/index.ts";
import { createAuditProgress } from "../audit-progress.ts";
import { NOT_CHECKED } from "../exit-code.ts";
import { expanded } from "../expand.ts";
import { muchIsListed, muchIsRead } from "../long-run.ts";
import { beginOutput, complain, endOutput, tellKeyless } from "../outcome.ts";
import { type ReadingArguments, readingOptionsOf } from "../reading-options.ts";
import type { RedactArguments } from "../redaction.ts";
import { terminal } from "../standard-streams.ts";
import type { LookOptions } from "../terminal.ts";

/** What audit and merge share. */
interface SummaryArguments extends LookOptions, RedactArguments {
  readonly format: AuditFormatName;
  readonly output?: string;
  readonly quiet?: boolean;
  readonly failOn?: readonly Verdict[];
  readonly since?: string;
}

export interface AuditArguments extends SummaryArguments, ReadingArguments {
  readonly maxConnections?: number;
  readonly jobs?: number;
  readonly journal?: string;
  readonly hash?: boolean;
  readonly shard?: { readonly index: number; readonly of: number };
  readonly join?: boolean;
  /** Seconds. */
  readonly timeout?: number;
  readonly maxMemory?: number;
}

export type MergeArguments = SummaryArguments;

/** Captures that could not be checked, told one by one on standard error where nothing else tells them. */
const MAX_TOLD = 10;

/**
 * What ends an audit, and what shells give for a program that was ended by it: 128 and its number. SIGHUP: the terminal was closed.
 * Node undoes what nohup did about that one, so it comes also where it was to be ignored.
 */
const EXIT_BY = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const SIGNALS = Object.keys(EXIT_BY) as (keyof typeof EXIT_BY)[];

/** Audits `paths` and prints; returns the exit code. */
export async function audit(paths: readonly string[], options: AuditArguments): Promise<number> {
  const interrupt = new AbortController();
  // The first Ctrl-C ends the audit behind what is under way; the second one ends the program.
  const stop = (signal: NodeJS.Signals): void => {
    if (interrupt.signal.aborted) process.exit(EXIT_BY[signal as keyof typeof EXIT_BY]);
    interrupt.abort();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  muchIsListed();
  const progress = createAuditProgress(terminal("error"));
  try {
    return await print(options, inputsOf(paths, options), (onRow) =>
      auditCaptures(paths, {
        ...auditOptions(options),
        onRow,
        onKeyless: tellKeyless,
        onProgress(done) {
          muchIsRead();
          progress.update(done);
        },
        signal: interrupt.signal,
        workerFile: join(__dirname, "pcapcheck.worker.cjs"),
      }).finally(progress.clear),
    );
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** Sums up the journals that `paths` name and prints; returns the exit code. */
export async function merge(paths: readonly string[], options: MergeArguments): Promise<number> {
  const journals = await expanded(paths);
  const { since } = options;
  muchIsListed();
  return await print(options, journals, async (onRow) =>
    mergeJournals(journals, { onRow, ...(since === undefined ? {} : { since }) }),
  );
}

/** What is read, and the journal, which is written meanwhile. */
function inputsOf(paths: readonly string[], options: AuditArguments): readonly string[] {
  const { keylog = [], rsaKey = [], trust = [], proxyCa = [], journal } = options;
  const lists = paths.map((path) => path.replace(/^@/, ""));
  return [...paths, ...lists, ...keylog, ...rsaKey, ...trust, ...proxyCa, ...(journal === undefined ? [] : [journal])];
}

async function print(
  options: SummaryArguments,
  inputs: readonly string[],
  run: (onRow: (row: AuditRow) => void) => Promise<AuditReport>,
): Promise<number> {
  const { since } = options;
  const begun = await beginOutput(options, since === undefined ? inputs : [...inputs, since]);
  if (begun === null) return NOT_CHECKED;
  // The journal has what was found: it is the audit's own memory, and compares with that of other days.
  const { output, style, shown } = begun;
  const format: AuditFormat = AUDIT_FORMATS[options.format];
  const room: () => Lines = format.keeps ? await packedRoom() : () => [];
  const document: AuditDocument = await format.open(style, room);
  const quiet = options.quiet === true;
  const lines = format.allRows && !quiet ? room() : null;
  const failed: AuditRow[] = [];
  let report: AuditReport;
  try {
    report = await run((row) => {
      lines?.push(JSON.stringify(row));
      if (!quiet) output.write(document.row(shown(row)));
      else if (row.verdict === null && failed.length < MAX_TOLD) failed.push(row);
    });
  } catch (error) {
    output.discard();
    if (!(error instanceof JournalError || error instanceof NamedFileError)) throw error;
    complain(null, error.message);
    return NOT_CHECKED;
  }
  for (const { path, message, text } of failed) complain(path, message ?? text);
  const more = quiet ? report.captures.failed - failed.length : 0;
  if (more > 0) complain(null, `${more} more could not be checked`);
  // What has no summary that says so.
  if (report.captures.interrupted && (quiet || options.format !== "table"))
    complain(null, "interrupted: not all captures are in this result");
  // The formats for programs would say nothing at all.
  if (report.captures.total === 0 && report.exitCode === NOT_CHECKED && !report.captures.interrupted)
    complain(null, "no capture was found");
  if (quiet) output.write(`${report.verdict ?? "not-checked"}\n`);
  else if (document.endPieces === undefined) output.write(document.end(shown(report)));
  else {
    const rows = lines === null ? report.rows : madeOf(lines, (line) => JSON.parse(line) as AuditRow);
    for (const piece of document.endPieces(shown<LazyAuditReport>({ ...report, rows }))) output.write(piece);
  }
  return endOutput(output) ? exitCodeFor(report, options.failOn) : NOT_CHECKED;
}

/** Makes room for lines that are kept until the end. What packs them takes some milliseconds to load. */
async function packedRoom(): Promise<() => Lines> {
  const { PackedLines } = await import("../packed-lines.ts");
  return () => new PackedLines();
}

function exitCodeFor(report: AuditReport, failOn: readonly Verdict[] | undefined): number {
  if (failOn === undefined || report.exitCode === NOT_CHECKED) return report.exitCode;
  // Where files of a rotated capture are missing, its verdict is none of its connections'.
  const seen = [
    ...report.verdicts.map(({ name }) => name as Verdict),
    ...(report.verdict === null ? [] : [report.verdict]),
  ];
  if (seen.some((verdict) => failOn.includes(verdict))) return 1;
  return seen.some((verdict) => exitCodeOf(verdict) === 3) ? 3 : 0;
}

function auditOptions(options: AuditArguments): AuditOptions {
  const { jobs, journal, hash, shard, since, timeout, maxMemory, maxConnections } = options;
  return {
    ...readingOptionsOf(options),
    join: options.join === true,
    hash: hash === true,
    ...(jobs === undefined ? {} : { jobs }),
    ...(journal === undefined ? {} : { journal }),
    ...(shard === undefined ? {} : { shard }),
    ...(since === undefined ? {} : { since }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(maxMemory === undefined ? {} : { maxMemoryMiB: maxMemory }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}
