// The lines of an audit's journal: its head, the rows of captures, and rows that were taken back.
import { fstatSync, readSync } from "node:fs";
import { VERDICTS } from "../diagnosis/index.ts";
import type { AuditGroup, AuditRow, GivenUp } from "../report/index.ts";
import { VERSION } from "./version.ts";

/** First line of a journal. `options`: what the results depend on; other options give other results. */
export interface JournalHead {
  readonly journal: "pcapcheck audit";
  readonly schemaVersion: 1;
  readonly version: string;
  readonly options: string;
  /** Of Windows, where paths have backslashes; elsewhere they may be part of a name. */
  readonly separator?: "\\";
}

/** A line that takes back the row of a path: what was missing is no more. */
export interface Withdrawal {
  readonly path: string;
  readonly withdrawn: true;
}

/** What is wrong with a journal, as one sentence behind its path. */
export class JournalError extends Error {
  constructor(path: string, why: string) {
    super(`${path}: ${why}`);
  }
}

export const NO_FILE = "the journal is no file";
export const NO_JOURNAL = "this is no journal of an audit";

/** The first bytes of every journal, as `JSON.stringify` writes a head. */
const BEGINNING = '{"journal":"pcapcheck audit",';
const CHUNK_BYTES = 1 << 20;
/** A row has some hundred bytes, and below 100 kB with all groups it may have, unless their hosts are made to be long. */
const MAX_LINE_BYTES = 16 << 20;
const LF = 10;

/** A line, without its end. */
export interface JournalLine {
  /** null: it is longer than any row. */
  readonly text: string | null;
  /** In the file, from 0. */
  readonly start: number;
  /** Bytes of it in the file. */
  readonly length: number;
  /** From 1. */
  readonly number: number;
}

/**
 * The lines of a file from its start, however long it is. What stands behind the last line end is none: a process that was killed
 * may have torn it.
 */
export function* journalLines(descriptor: number): Generator<JournalLine> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  /** Pieces of a line that goes on in the next chunk; none are kept of one that is too long. */
  let pieces: Buffer[] = [];
  let held = 0;
  let position = 0;
  let start = 0;
  for (let number = 1; ; ) {
    const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, position);
    if (length === 0) return;
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0 && end < length; end = chunk.indexOf(LF, from)) {
      held += end - from;
      const last = chunk.subarray(from, end);
      const text =
        held > MAX_LINE_BYTES ? null : (pieces.length === 0 ? last : Buffer.concat([...pieces, last])).toString("utf8");
      yield { text, start, length: held, number };
      pieces = [];
      held = 0;
      number++;
      from = end + 1;
      start = position + from;
    }
    held += length - from;
    if (held > MAX_LINE_BYTES) pieces = [];
    else if (from < length) pieces.push(Buffer.from(chunk.subarray(from, length)));
    position += length;
  }
}

/** What a line says; null for what is no JSON, which is told by what is expected of it. */
export function parsed(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether a file begins as journals do, as far as it goes: the first process may have been killed while it wrote that. */
export function mayBeJournal(descriptor: number): boolean {
  const first = Buffer.alloc(BEGINNING.length);
  const length = readSync(descriptor, first, 0, first.length, 0);
  return BEGINNING.startsWith(first.toString("latin1", 0, length));
}

/** A device has no end, a pipe no beginning to go back to. */
export function mustBeFile(path: string, descriptor: number): void {
  if (!fstatSync(descriptor).isFile()) throw new JournalError(path, NO_FILE);
}

export function isHead(value: unknown): value is JournalHead {
  return isObject(value) && value.journal === "pcapcheck audit" && value.schemaVersion === 1;
}

/** Why a file whose first line is `head` is not read: it is something else, or a version to come wrote it. */
export function whyNoJournal(head: unknown): string {
  return isObject(head) && head.journal === "pcapcheck audit" && typeof head.schemaVersion === "number"
    ? `this is a journal with schemaVersion ${head.schemaVersion}, which this version of pcapcheck (${VERSION}) does not know`
    : NO_JOURNAL;
}

/** A line of another program, or of a version to come, may look alike: every field is what the outputs take it for. */
export function isRow(value: unknown): value is AuditRow & { readonly keys?: unknown; readonly trust?: unknown } {
  return isRowBut(value, isVerdict);
}

/** A row of another version, with a verdict that this one does not know. */
export function isForeignRow(value: unknown): value is AuditRow {
  return isRowBut(value, isId) && !isRow(value);
}

/** The verdict of a foreign row that is not known, for a sentence. */
export function unknownVerdict({ verdict, verdicts, groups }: AuditRow): string {
  const all: readonly unknown[] = [verdict, ...Object.keys(verdicts), ...groups.map((group) => group.verdict)];
  const unknown = all.find((name) => name !== null && !isVerdict(name));
  return `the verdict "${unknown}", which this version of pcapcheck (${VERSION}) does not know`;
}

/** What can be said of a foreign row: it is in no sum, and counts as not checked. */
export function foreignRow(row: AuditRow): AuditRow {
  const message = `the journal has ${unknownVerdict(row)}: use the version that wrote it, or a later one`;
  return {
    ...plainRow(row),
    ...{ verdict: null, exitCode: 2, message, text: message, givenUp: null, findings: {}, verdicts: {}, groups: [] },
    ...{ connections: 0, tunnels: 0, wrong: 0, unseen: 0, ungrouped: 0 },
  };
}

/** A name as verdicts have it: nothing in it needs to be escaped. */
function isId(value: unknown): boolean {
  return typeof value === "string" && /^[a-z][a-z0-9-]{0,63}$/.test(value);
}

function isRowBut(value: unknown, isVerdict: (value: unknown) => boolean): value is AuditRow {
  return (
    isObject(value) &&
    [value.path, value.text].every(isText) &&
    [value.hash, value.message, value.start, value.end].every(isTextOrNull) &&
    (value.verdict === null || isVerdict(value.verdict)) &&
    [value.size, value.modified, value.exitCode, value.packets, value.connections].every(Number.isFinite) &&
    [value.tunnels, value.wrong, value.unseen, value.ungrouped].every(Number.isFinite) &&
    isGivenUp(value.givenUp) &&
    areCounts(value.verdicts) &&
    Object.keys(value.verdicts).every(isVerdict) &&
    areCounts(value.findings) &&
    Array.isArray(value.groups) &&
    value.groups.every((group) => isGroup(group, isVerdict))
  );
}

/** The row alone: whatever else stood in its line has no place in an output. */
export function plainRow(row: AuditRow): AuditRow {
  return {
    path: row.path,
    size: row.size,
    modified: row.modified,
    hash: row.hash,
    verdict: row.verdict,
    exitCode: row.exitCode,
    message: row.message,
    givenUp: row.givenUp === null ? null : plainLimit(row.givenUp),
    start: row.start,
    end: row.end,
    packets: row.packets,
    connections: row.connections,
    tunnels: row.tunnels,
    wrong: row.wrong,
    unseen: row.unseen,
    verdicts: row.verdicts,
    findings: row.findings,
    groups: row.groups.map(plainGroup),
    ungrouped: row.ungrouped,
    text: row.text,
  };
}

function plainLimit(givenUp: GivenUp): GivenUp {
  return givenUp.limit === "time"
    ? { limit: "time", limitMs: givenUp.limitMs }
    : { limit: "memory", limitMiB: givenUp.limitMiB };
}

function plainGroup({ proxy, client, host, verdict, count, possible = 0, since, stream, frame }: OldGroup): AuditGroup {
  return { proxy, client, host, verdict, count, possible, since, stream, frame };
}

/** Earlier versions did not write how many are only possible. */
type OldGroup = Omit<AuditGroup, "possible"> & Partial<Pick<AuditGroup, "possible">>;

function isGroup(value: unknown, isVerdict: (value: unknown) => boolean): boolean {
  return (
    isObject(value) &&
    isVerdict(value.verdict) &&
    [value.proxy, value.client].every(isText) &&
    [value.host, value.since].every(isTextOrNull) &&
    [value.count, value.stream, value.frame].every(Number.isFinite) &&
    (value.possible === undefined || Number.isFinite(value.possible))
  );
}

function isGivenUp(value: unknown): boolean {
  if (value === null) return true;
  if (!isObject(value)) return false;
  const { limit, limitMs, limitMiB } = value;
  return limit === "time"
    ? Number.isFinite(limitMs)
    : limit === "memory" && (limitMiB === null || Number.isFinite(limitMiB));
}

function areCounts(value: unknown): value is Record<string, number> {
  return isObject(value) && !Array.isArray(value) && Object.values(value).every(Number.isFinite);
}

function isVerdict(value: unknown): boolean {
  return (VERDICTS as readonly unknown[]).includes(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

export function isWithdrawal(value: unknown): value is Withdrawal {
  return isObject(value) && typeof value.path === "string" && value.withdrawn === true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
