// The journal of an audit: one JSON line for each capture, appended as results come, so that an audit that was ended anyhow goes on.
import { closeSync, fstatSync, openSync, truncateSync, writeSync } from "node:fs";
import type { AuditRow } from "../report/index.ts";
import { lookAt } from "./files.ts";
import {
  isHead,
  JournalError,
  type JournalHead,
  journalLines,
  mayBeJournal,
  mustBeFile,
  NO_FILE,
  NO_JOURNAL,
  parsed,
  type Withdrawal,
  whyNoJournal,
} from "./journal-lines.ts";
import { JournalLock } from "./journal-lock.ts";
import { JournalRows, type KnownRow, type RowStamps, Window } from "./journal-rows.ts";
import { reservedName } from "./reserved-names.ts";
import { identityOf } from "./row-identity.ts";
import { VERSION } from "./version.ts";
import { writeFailure } from "./write-failure.ts";

const NO_STAMPS: RowStamps = { keys: null, trust: null };

/** What was named and cannot be found, with the reason. */
interface Missing {
  readonly path: string;
  readonly why: string;
}

/** A journal that is written to. One process at a time. */
export class Journal {
  readonly #known = new JournalRows();
  readonly #path: string;
  readonly #descriptor: number;
  readonly #lock: JournalLock;
  readonly #window: Window;

  /** Opens or makes the journal. Throws `JournalError` where it belongs to another audit, or to a running one. */
  constructor(path: string, options: string) {
    if (isNoFileName(path)) throw new JournalError(path, NO_FILE);
    this.#path = path;
    this.#lock = locked(path);
    try {
      this.#descriptor = openSync(path, "a+");
      this.#window = new Window(this.#descriptor);
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
    const known = this.#knownAs(identityOf(path));
    if (known === undefined || known.row.path === path) return known;
    return { ...known, row: { ...known.row, path } };
  }

  /** What was named and cannot be found, this time: new rows are written, and those of an earlier time taken back. */
  setMissing(missing: readonly Missing[], rowOf: (missing: Missing) => AuditRow): void {
    const now = new Set(missing.map(({ path }) => identityOf(path)));
    for (const identity of this.#known.missing) {
      if (now.has(identity)) continue;
      const path = this.#knownAs(identity)?.row.path;
      this.#known.forget(identity);
      if (path !== undefined) this.#write({ path, withdrawn: true });
    }
    for (const each of missing) if (this.known(each.path)?.row.message !== each.why) this.append(rowOf(each));
  }

  close(): void {
    closeSync(this.#descriptor);
    this.#lock.release();
  }

  #knownAs(identity: string): KnownRow | undefined {
    return this.#known.get(identity, (_, start, length) => this.#window.read(start, length)) ?? undefined;
  }

  #write(line: (AuditRow & Partial<RowStamps>) | JournalHead | Withdrawal): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      // A disk that is nearly full takes a part.
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    if (this.#isDeleted()) throw new JournalError(this.#path, DELETED);
    this.#lock.beat();
  }

  /** What is open is written to also where no name leads to it any more. Some file systems give no number of names. */
  #isDeleted(): boolean {
    const { nlink, ino } = fstatSync(this.#descriptor);
    if (nlink > 0) return false;
    const there = lookAt(this.#path);
    return typeof there === "string" || there.ino !== ino;
  }

  #take(options: string): void {
    mustBeFile(this.#path, this.#descriptor);
    // What was torn is cut off, and any file without a line end looks torn.
    if (!mayBeJournal(this.#descriptor)) throw new JournalError(this.#path, `${NO_JOURNAL}; ${NOT_WRITTEN}`);
    let end = 0;
    let head: JournalHead | null = null;
    for (const line of journalLines(this.#descriptor)) {
      if (head === null) {
        const value = parsed(line.text);
        if (!isHead(value)) throw new JournalError(this.#path, `${whyNoJournal(value)}; ${NOT_WRITTEN}`);
        head = value;
      } else this.#known.take(line, { backslashes: head.separator === "\\" });
      end = line.start + line.length + 1;
    }
    // By its path: on Windows what is open for appending cannot be cut.
    if (end < fstatSync(this.#descriptor).size) truncateSync(this.#path, end);
    if (head === null) {
      const first: JournalHead = {
        ...{ journal: "pcapcheck audit", schemaVersion: 1, version: VERSION, options },
        ...(process.platform === "win32" ? { separator: "\\" } : {}),
      };
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

const DELETED = "the journal was deleted while it was written; begin the audit again";
const NOT_WRITTEN = "nothing was written to it";

/** Names of devices. Of standard output "-" is one everywhere else, and nobody looks for a file of that name. */
function isNoFileName(path: string): boolean {
  return path === "-" || reservedName(path) !== null;
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
