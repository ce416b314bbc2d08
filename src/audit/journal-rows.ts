// Which rows journals have, of the same capture the last one: noted by where they stand, since a million rows are more than is held.
import { closeSync, readSync } from "node:fs";
import type { AuditRow } from "../report/index.ts";
import { lookAt, openFile } from "./files.ts";
import { Numbers, Places } from "./identity-places.ts";
import {
  foreignRow,
  isForeignRow,
  isHead,
  isRow,
  isWithdrawal,
  JournalError,
  type JournalLine,
  journalLines,
  mayBeJournal,
  mustBeFile,
  NO_FILE,
  NO_JOURNAL,
  parsed,
  plainRow,
  unknownVerdict,
  whyNoJournal,
} from "./journal-lines.ts";
import { readFailure } from "./read-failure.ts";
import { identityIn } from "./row-identity.ts";
import { VERSION } from "./version.ts";

/** What is remembered beside a row of how it was made. */
export interface RowStamps {
  /** Of the keys that the capture was read with; null if there were none. */
  readonly keys: string | null;
  /** Of the certificates that were named; null if none were. */
  readonly trust: string | null;
}

/** A row as a journal has it. */
export interface KnownRow extends RowStamps {
  readonly row: AuditRow;
}

/** Where a line comes from. */
interface Origin {
  /** The number of its journal. */
  readonly file?: number;
  /** It may be a row of another version. */
  readonly foreign?: boolean;
  /** The journal was begun on Windows. */
  readonly backslashes?: boolean;
}

/** Reads bytes of a journal again. */
type ReadAgain = (file: number, start: number, length: number) => Buffer;

/** The rows of one or more journals, by the captures that they are about. */
export class JournalRows {
  /** Places by identity, numbered in the order in which captures were first met. */
  readonly #places = new Places();
  // Of each place: which journal, and the bytes of its line there; none where what was there is forgotten.
  readonly #files = new Numbers(Uint32Array);
  readonly #starts = new Numbers(Float64Array);
  readonly #lengths = new Numbers(Uint32Array);
  /** Captures that could not be found. */
  readonly #missing = new Set<string>();

  /** Notes what a line says; false if it says nothing. */
  take({ text, start, length }: JournalLine, { file = 0, foreign = false, backslashes = false }: Origin): boolean {
    const value = parsed(text);
    if (isRow(value) || (foreign && isForeignRow(value))) {
      const identity = identityIn(value.path, backslashes);
      const place = this.#places.add(identity);
      this.#files.set(place, file);
      this.#starts.set(place, start);
      this.#lengths.set(place, length);
      if (value.verdict === null && value.modified === 0) this.#missing.add(identity);
      else this.#missing.delete(identity);
    } else if (isWithdrawal(value)) this.forget(identityIn(value.path, backslashes));
    else return false;
    return true;
  }

  forget(identity: string): void {
    const place = this.#places.forget(identity);
    if (place !== undefined) this.#lengths.set(place, 0);
    this.#missing.delete(identity);
  }

  /** Identities of captures that could not be found when the journal was written. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  /** The row of a capture; null if its line is not what it was. */
  get(identity: string, read: ReadAgain): KnownRow | null | undefined {
    const place = this.#places.get(identity);
    return place === undefined ? undefined : this.#at(place, read);
  }

  /** All rows, with the number of their journal. */
  *all(read: ReadAgain): Iterable<{ readonly known: KnownRow | null; readonly file: number }> {
    for (let place = 0; place < this.#places.made; place++) {
      if (this.#lengths.at(place) > 0) yield { known: this.#at(place, read), file: this.#files.at(place) };
    }
  }

  #at(place: number, read: ReadAgain): KnownRow | null {
    const bytes = read(this.#files.at(place), this.#starts.at(place), this.#lengths.at(place));
    const value = parsed(bytes.toString("utf8"));
    if (isForeignRow(value)) return { row: foreignRow(value), keys: null, trust: null };
    if (!isRow(value)) return null;
    return { row: plainRow(value), keys: stampOf(value.keys), trust: stampOf(value.trust) };
  }
}

function stampOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Rows stand one behind the other mostly, and are wanted in that order: what was read holds dozens. */
const WINDOW_BYTES = 64 * 1024;

/** Reads pieces of a file that are near each other. */
export class Window {
  readonly #bytes = Buffer.alloc(WINDOW_BYTES);
  readonly #descriptor: number;
  #start = 0;
  #length = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** As many of the bytes as there are; valid until the next call. */
  read(start: number, length: number): Buffer {
    if (length > WINDOW_BYTES) {
      const whole = Buffer.alloc(length);
      return whole.subarray(0, readAt(this.#descriptor, whole, start));
    }
    if (start < this.#start || start + length > this.#start + this.#length) {
      this.#start = start;
      this.#length = readAt(this.#descriptor, this.#bytes, start);
    }
    const from = start - this.#start;
    return this.#bytes.subarray(from, Math.min(from + length, this.#length));
  }
}

/** Fills `into` from `start` on as far as the file goes; returns the bytes. */
function readAt(descriptor: number, into: Buffer, start: number): number {
  let at = 0;
  for (let length = -1; length !== 0 && at < into.length; at += length)
    length = readSync(descriptor, into, at, into.length - at, start + at);
  return at;
}

/**
 * The rows of journals; of the same capture the last one. Throws `JournalError`, later on as well where one changes meanwhile. A
 * row of another version with a verdict that is not known is one that could not be checked, or no row where all must be known:
 * what is new beside it, nobody can tell.
 */
export function latestRows(paths: readonly string[], mustBeKnown = false): Iterable<AuditRow> {
  const rows = new JournalRows();
  for (const [file, path] of paths.entries()) readInto(path, file, rows, mustBeKnown);
  return readAgain(paths, rows);
}

function* readAgain(paths: readonly string[], rows: JournalRows): Iterable<AuditRow> {
  let open: { readonly file: number; readonly descriptor: number; readonly window: Window } | null = null;
  const close = (): void => {
    if (open !== null) closeSync(open.descriptor);
    open = null;
  };
  try {
    const read: ReadAgain = (file, start, length) => {
      if (open?.file !== file) {
        close();
        const descriptor = opened(paths[file]!);
        open = { file, descriptor, window: new Window(descriptor) };
      }
      return open.window.read(start, length);
    };
    for (const { known, file } of rows.all(read)) {
      if (known === null) throw new JournalError(paths[file]!, "the journal was changed while it was read");
      yield known.row;
    }
  } finally {
    close();
  }
}

function readInto(path: string, file: number, rows: JournalRows, mustBeKnown: boolean): void {
  let version = VERSION;
  let backslashes = false;
  const descriptor = opened(path);
  try {
    mustBeFile(path, descriptor);
    if (!mayBeJournal(descriptor)) throw new JournalError(path, NO_JOURNAL);
    for (const line of journalLines(descriptor)) {
      if (line.number === 1) {
        const head = parsed(line.text);
        if (!isHead(head)) throw new JournalError(path, whyNoJournal(head));
        version = head.version;
        backslashes = head.separator === "\\";
      } else if (!rows.take(line, { file, foreign: version !== VERSION && !mustBeKnown, backslashes })) {
        const value = parsed(line.text);
        if (version !== VERSION && isForeignRow(value))
          throw new JournalError(
            path,
            `line ${line.number} has ${unknownVerdict(value)}: compare by version ${version}`,
          );
        throw new JournalError(path, `the journal has a line that is no result: line ${line.number}`);
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

function opened(path: string): number {
  // What is read again cannot be standard input.
  if (path === "-") throw new JournalError(path, NO_FILE);
  // Opening a pipe would wait for somebody who writes to it.
  const status = lookAt(path);
  if (typeof status === "string") throw new JournalError(path, `the journal cannot be read: ${status}`);
  if (!status.isFile()) throw new JournalError(path, NO_FILE);
  try {
    return openFile(path);
  } catch (error) {
    throw new JournalError(path, `the journal cannot be read: ${readFailure(error)}`);
  }
}
