// The journal of an audit: one JSON line for each capture, appended as results come, so that an audit that was ended anyhow goes on.
import { closeSync, fstatSync, openSync, readSync, truncateSync, writeSync } from "node:fs";
import type { AuditRow } from "../report/index.ts";
import { lookAt } from "./files.ts";
import { JournalLock } from "./journal-lock.ts";
import { readFailure } from "./read-failure.ts";
import { reservedName } from "./reserved-names.ts";
import { identityOf } from "./row-identity.ts";
import { VERSION } from "./version.ts";
import { writeFailure } from "./write-failure.ts";

/** First line of a journal. `options`: what the results depend on; other options give other results. */
interface JournalHead {
  readonly journal: "pcapcheck audit";
  readonly schemaVersion: 1;
  readonly version: string;
  readonly options: string;
}

/** What is remembered beside a row of how it was made. */
export interface RowStamps {
  /** Of the keys that the capture was read with; null if there were none. */
  readonly keys: string | null;
  /** Of the certificates that were named; null if none were. */
  readonly trust: string | null;
}

interface KnownRow extends RowStamps {
  readonly row: AuditRow;
}

/** A line that takes back the row of a path: what was missing is no more. */
interface Withdrawal {
  readonly path: string;
  readonly withdrawn: true;
}

/** What is wrong with a journal, as one sentence behind its path. */
export class JournalError extends Error {
  constructor(path: string, why: string) {
    super(`${path}: ${why}`);
  }
}

/** The first bytes of every journal, as `JSON.stringify` writes a head. */
const BEGINNING = '{"journal":"pcapcheck audit",';
const CHUNK_BYTES = 1 << 20;
const LF = 10;

/** The rows of journals; of the same capture the last one. */
export function latestRows(paths: readonly string[]): Iterable<AuditRow> {
  const rows = new Map<string, KnownRow>();
  for (const path of paths) readInto(path, rows);
  return rowsOf(rows.values());
}

function* rowsOf(known: Iterable<KnownRow>): Iterable<AuditRow> {
  for (const { row } of known) yield row;
}

function readInto(path: string, rows: Map<string, KnownRow>): void {
  // Opening a pipe would wait for somebody who writes to it.
  const status = lookAt(path);
  if (typeof status === "string") throw new JournalError(path, `the journal cannot be read: ${status}`);
  if (!status.isFile()) throw new JournalError(path, NO_FILE);
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    throw new JournalError(path, `the journal cannot be read: ${readFailure(error)}`);
  }
  try {
    mustBeFile(path, descriptor);
    if (!mayBeJournal(descriptor)) throw new JournalError(path, "this is no journal of an audit");
    let first = true;
    for (const { line, whole } of lines(descriptor)) {
      // The last line of a process that was killed may be torn.
      if (!whole) return;
      const value = parsed(line);
      if (first) {
        if (!isHead(value)) throw new JournalError(path, "this is no journal of an audit");
        first = false;
      } else if (!takeLine(value, rows)) throw new JournalError(path, "the journal has a line that is no result");
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Notes what a line says; false if it says nothing. */
function takeLine(value: unknown, rows: Map<string, KnownRow>): boolean {
  if (isRow(value)) {
    const { keys, trust, ...row } = value;
    rows.set(identityOf(row.path), { row, keys: stampOf(keys), trust: stampOf(trust) });
  } else if (isWithdrawal(value)) rows.delete(identityOf(value.path));
  else return false;
  return true;
}

function stampOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

const NO_STAMPS: RowStamps = { keys: null, trust: null };

/** A journal that is written to. One process at a time. */
export class Journal {
  readonly #known = new Map<string, KnownRow>();
  readonly #path: string;
  readonly #descriptor: number;
  readonly #lock: JournalLock;

  /** Opens or makes the journal. Throws `JournalError` where it belongs to another audit, or to a running one. */
  constructor(path: string, options: string) {
    if (reservedName(path) !== null) throw new JournalError(path, NO_FILE);
    this.#path = path;
    this.#lock = locked(path);
    try {
      this.#descriptor = openSync(path, "a+");
      this.#take(options);
    } catch (error) {
      this.#lock.release();
      throw error instanceof JournalError ? error : unwritable(path, error);
    }
  }

  /** Throws `JournalError` where it cannot be written: what stands there already can be gone on with. */
  append(row: AuditRow, { keys, trust }: RowStamps = NO_STAMPS): void {
    this.#write({ ...row, keys, ...(trust === null ? {} : { trust }) });
  }

  /** What is known already of the capture at `path`, in whatever spelling; its row has this one. */
  known(path: string): KnownRow | undefined {
    const known = this.#known.get(identityOf(path));
    if (known === undefined || known.row.path === path) return known;
    return { ...known, row: { ...known.row, path } };
  }

  /** What was named and cannot be found, this time: new rows are written, and those of an earlier time taken back. */
  setMissing(rows: readonly AuditRow[]): void {
    const now = new Set(rows.map(({ path }) => identityOf(path)));
    for (const [identity, { row }] of [...this.#known]) {
      const { path, verdict, modified } = row;
      if (verdict !== null || modified !== 0 || now.has(identity)) continue;
      this.#known.delete(identity);
      this.#write({ path, withdrawn: true });
    }
    for (const row of rows) if (this.known(row.path)?.row.message !== row.message) this.append(row);
  }

  close(): void {
    closeSync(this.#descriptor);
    this.#lock.release();
  }

  #write(line: (AuditRow & Partial<RowStamps>) | JournalHead | Withdrawal): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      // A disk that is nearly full takes a part.
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    this.#lock.beat();
  }

  #take(options: string): void {
    mustBeFile(this.#path, this.#descriptor);
    // What was torn is cut off, and any file without a line end looks torn.
    if (!mayBeJournal(this.#descriptor)) throw new JournalError(this.#path, FOREIGN);
    let end = 0;
    let head: JournalHead | null = null;
    for (const { line, whole, bytes } of lines(this.#descriptor)) {
      if (!whole) break;
      const value = parsed(line);
      if (head === null) {
        if (!isHead(value)) throw new JournalError(this.#path, FOREIGN);
        head = value;
      } else takeLine(value, this.#known);
      end += bytes;
    }
    // By its path: on Windows what is open for appending cannot be cut.
    if (end < fstatSync(this.#descriptor).size) truncateSync(this.#path, end);
    if (head === null) {
      const first: JournalHead = { journal: "pcapcheck audit", schemaVersion: 1, version: VERSION, options };
      this.#write(first);
    } else if (head.options !== options || head.version !== VERSION) {
      throw new JournalError(
        this.#path,
        head.version !== VERSION
          ? `the journal was written by version ${head.version}; begin another one`
          : "the journal was written with other options; begin another one, or use the same",
      );
    }
  }
}

const NO_FILE = "the journal is no file";
const FOREIGN = "this is no journal of an audit; nothing was written to it";

/** Whether a file begins as journals do, as far as it goes: the first process may have been killed while it wrote that. */
function mayBeJournal(descriptor: number): boolean {
  const first = Buffer.alloc(BEGINNING.length);
  const length = readSync(descriptor, first, 0, first.length, 0);
  return BEGINNING.startsWith(first.toString("latin1", 0, length));
}

/** A device has no end, a pipe no beginning to go back to. */
function mustBeFile(path: string, descriptor: number): void {
  if (!fstatSync(descriptor).isFile()) throw new JournalError(path, NO_FILE);
}

/** Lines of a file from its start, however long it is. The last one is not whole if nothing ends it. */
function* lines(descriptor: number): Generator<{ line: string; whole: boolean; bytes: number }> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  /** Pieces of a line that goes on in the next chunk. */
  let pieces: Buffer[] = [];
  let position = 0;
  const line = (last: Buffer): Buffer => (pieces.length === 0 ? last : Buffer.concat([...pieces, last]));
  for (;;) {
    const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, position);
    if (length === 0) break;
    position += length;
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0 && end < length; end = chunk.indexOf(LF, from)) {
      // In bytes: what is no UTF-8 is longer as text.
      const bytes = line(chunk.subarray(from, end));
      yield { line: bytes.toString("utf8"), whole: true, bytes: bytes.length + 1 };
      pieces = [];
      from = end + 1;
    }
    if (from < length) pieces.push(Buffer.from(chunk.subarray(from, length)));
  }
  const rest = line(Buffer.alloc(0));
  if (rest.length > 0) yield { line: rest.toString("utf8"), whole: false, bytes: rest.length };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // A line that is no JSON is told by what is expected of it.
    return null;
  }
}

function isHead(value: unknown): value is JournalHead {
  return isObject(value) && value.journal === "pcapcheck audit" && value.schemaVersion === 1;
}

/** What is read of a row later on; a line of another program, or of a version to come, may look alike. */
function isRow(value: unknown): value is AuditRow & { readonly keys?: unknown; readonly trust?: unknown } {
  return (
    isObject(value) &&
    typeof value.path === "string" &&
    (value.verdict === null || typeof value.verdict === "string") &&
    [value.size, value.modified, value.exitCode, value.connections].every(Number.isFinite) &&
    isObject(value.verdicts) &&
    isObject(value.findings) &&
    Array.isArray(value.groups) &&
    value.groups.every(isGroup)
  );
}

function isGroup(value: unknown): boolean {
  return (
    isObject(value) &&
    [value.verdict, value.proxy, value.client].every((text) => typeof text === "string") &&
    (value.host === null || typeof value.host === "string") &&
    Number.isFinite(value.count)
  );
}

function isWithdrawal(value: unknown): value is Withdrawal {
  return isObject(value) && typeof value.path === "string" && value.withdrawn === true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function locked(path: string): JournalLock {
  let lock: JournalLock | string;
  try {
    lock = JournalLock.take(path);
  } catch (error) {
    throw unwritable(path, error);
  }
  if (typeof lock === "string") throw new JournalError(path, lock);
  return lock;
}

function unwritable(path: string, error: unknown): JournalError {
  return new JournalError(path, `the journal ${writeFailure(error)}`);
}
