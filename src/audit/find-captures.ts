// From what was named to captures: folders, globs and lists, recognised by content, in an order that does not depend on the disk.

import { createHash } from "node:crypto";
import { closeSync, type Dirent, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { DETECT_BYTES, detectCompression, isCapture } from "../pcap-parser/index.ts";
import type { AuditTask } from "./audit-row.ts";
import { type FileStatus, hashOf, isFile, lookAt, openFile, readPieces, realPath } from "./files.ts";
import { isPattern, namesOf } from "./globs.ts";
import { beginList, pathsIn } from "./path-list.ts";
import { NO_SUCH_FILE, NOT_UTF_8, readFailure, UNREADABLE_NAME } from "./read-failure.ts";
import { rotatedSets } from "./rotation.ts";
import { portablePath } from "./row-identity.ts";

/** Folders within folders: a loop of links is found sooner, and people have a dozen. */
const MAX_DEPTH = 256;
const TOO_DEEP = `it lies more than ${MAX_DEPTH} folders deep: name it, too`;
const STANDARD_INPUT = 0;
const NO_FILE = "it is a pipe, a device or a folder: an audit is for files";
const NO_INPUT = "of standard input an audit reads a list (@-); for one capture there use: pcapcheck -";
/** Lists have a path a line. */
const MAX_LIST_BYTES = 256 * 1024 * 1024;
/** What is named so is looked into when it is checked, and passed over then if it is no capture. */
const CAPTURE_NAME = /\.(?:pcap|pcapng|cap)\d*(?:\.(?:gz|zst))?$/i;

/** What was found. */
export interface FoundCaptures {
  readonly tasks: readonly AuditTask[];
  /** There are captures in other parts. */
  readonly elsewhere: boolean;
  /** Files in folders that are no captures. */
  readonly skipped: number;
  /** What was named and cannot be read, with the reason. */
  readonly failures: readonly { readonly path: string; readonly why: string }[];
}

export interface FindOptions {
  /** Numbered files of one set become one capture. */
  readonly join: boolean;
  /** With the hash of each file's content. */
  readonly hash: boolean;
  /** Gives the stamp of the keys for a capture. */
  readonly keysOf: (capture: string) => string | null;
  /** Every one of `of`, counted from 1: split by path, the same whatever else there is. */
  readonly shard: { readonly index: number; readonly of: number } | null;
}

interface Failure {
  readonly path: string;
  readonly why: string;
}

interface Wanted {
  readonly path: string;
  readonly found: boolean;
  /** Why it cannot be read; null where nothing is known against it. */
  readonly why: string | null;
  readonly size: number;
  readonly modified: number;
}

/** Finds the captures below `paths`: files, folders, globs, `@FILE` (a list, one path a line), `@-` (a list on standard input). */
export async function findCaptures(paths: readonly string[], options: FindOptions): Promise<FoundCaptures> {
  const failures: Failure[] = [];
  const named = new Names();
  for (const path of paths) await expand(path, named, failures);
  const sets = options.join ? await rotatedSets(named.files) : named.files.map((file) => [file]);
  const tasks: AuditTask[] = [];
  let skipped = 0;
  let elsewhere = false;
  for (const set of sets) {
    // All files of a set are in the part of the first one.
    const mine = options.shard === null || isMine(set[0]!.path, options.shard);
    const files: Wanted[] = [];
    // Of a set a member that is none is told of, where there are others.
    const isSet = set.length > 1 && set.some(({ path, why }) => why === null && isLikely(path, true));
    for (const file of set) {
      const { path, found, why } = file;
      if (why === NO_SUCH_FILE && found && mine && !NOT_UTF_8.test(path)) skipped++;
      // Every part tells of what was named: on this machine a folder may be missing that others have.
      else if (why !== null && (mine || !found))
        failures.push({ path, why: NOT_UTF_8.test(path) ? UNREADABLE_NAME : why });
      else if (why !== null) continue;
      else if (!mine) elsewhere ||= !found || isLikely(path, false);
      else if (found && !isSet && !isLikely(path, set.length > 1 || options.hash)) skipped++;
      else files.push(file);
    }
    if (files.length > 0) tasks.push(taskOf(files, options));
  }
  return { tasks, elsewhere, skipped, failures };
}

/**
 * Each file once, in the order in which they were first met, however often and in whatever spelling it was named or found. Of
 * several names the first one counts that was named, else the first one.
 */
class Names {
  readonly files: Wanted[] = [];
  readonly #byPath = new Map<string, number>();
  readonly #byFile = new Map<string, SameFile>();

  /** Takes a name that was met before; false if it was not. */
  again(path: string, found: boolean): boolean {
    const at = this.#byPath.get(path);
    if (at !== undefined) this.#prefer(at, path, found);
    return at !== undefined;
  }

  add(path: string, found: boolean, status: FileStatus | string = lookAt(path)): void {
    if (this.again(path, found)) return;
    const isThere = typeof status !== "string";
    const place = this.files.length;
    const at = isThere ? metBefore(this.#byFile, `${status.dev} ${status.ino}`, path, place) : -1;
    this.#byPath.set(path, at < 0 ? place : at);
    if (at >= 0) this.#prefer(at, path, found);
    else
      this.files.push({
        path,
        found,
        why: isThere ? (status.isFile() ? null : NO_FILE) : path === "-" ? NO_INPUT : status,
        size: isThere ? status.size : 0,
        modified: isThere ? Math.round(status.mtimeMs) : 0,
      });
  }

  #prefer(at: number, path: string, found: boolean): void {
    const first = this.files[at]!;
    if (first.found && !found) this.files[at] = { ...first, path, found };
  }
}

/** Names that lead to one number on a device: links to one file have the same, on some systems others do, too. */
interface SameFile {
  /** The first one, as long as it is the only one: seldom are there more, and real paths take a while. */
  readonly first: string;
  readonly place: number;
  /** Places by real paths: hard links are names of their own. */
  places: Map<string, number> | null;
}

/** The place of the file that `path` leads to if it was met before, or -1: then it has `place`. */
function metBefore(byFile: Map<string, SameFile>, id: string, path: string, place: number): number {
  const same = byFile.get(id);
  if (same === undefined) {
    byFile.set(id, { first: path, place, places: null });
    return -1;
  }
  same.places ??= new Map([[leadsTo(same.first), same.place]]);
  const real = leadsTo(path);
  const met = same.places.get(real);
  if (met === undefined) same.places.set(real, place);
  return met ?? -1;
}

function leadsTo(path: string): string {
  try {
    return realPath(path);
  } catch {
    // One that is gone meanwhile is told of when it is read.
    return path;
  }
}

function taskOf(files: readonly Wanted[], { hash, keysOf }: FindOptions): AuditTask {
  const first = files[0]!;
  return {
    path: first.path,
    files: files.map(({ path }) => path),
    size: files.reduce((sum, { size }) => sum + size, 0),
    // A rotated set may have more files than a function takes arguments.
    modified: files.reduce((latest, { modified }) => Math.max(latest, modified), 0),
    hash: hash ? hashOf(files.map(({ path }) => path)) : null,
    keys: keysOf(first.path),
    found: first.found,
  };
}

async function expand(path: string, into: Names, failures: Failure[]): Promise<void> {
  if (path.startsWith("@")) {
    // A shell's * gives names of files that begin so, too.
    if (isFile(path) && lookAt(path.slice(1)) === NO_SUCH_FILE) into.add(path, false);
    else for (const line of listOf(path.slice(1), failures)) await expandOne(line, into, failures);
  } else await expandOne(path, into, failures);
}

async function expandOne(path: string, into: Names, failures: Failure[]): Promise<void> {
  if (into.again(path, false)) return;
  const status = lookAt(path);
  if (typeof status !== "string" && status.isDirectory()) walk(path, into, failures, new Set());
  else if (typeof status === "string" && isPattern(path)) {
    let found: readonly string[];
    const shut: Failure[] = [];
    try {
      found = await namesOf(path, (folder, error) => {
        // There what is named only by a pattern need not be.
        if (readFailure(error) === NO_SUCH_FILE && !NOT_UTF_8.test(folder)) return;
        shut.push({ path: folder, why: whyShut(folder, error) });
      });
    } catch (error) {
      failures.push({ path, why: readFailure(error) });
      return;
    }
    if (found.length === 0 && shut.length === 0) failures.push({ path, why: "nothing has such a name" });
    const before = failures.length;
    const seen = new Set<string>();
    for (const name of found) {
      const kind = lookAt(name);
      if (typeof kind === "string" || kind.isFile()) into.add(name, true, kind);
      else if (kind.isDirectory()) walk(name, into, failures, seen);
    }
    // Those that fit the pattern themselves were walked, and told of.
    const told = new Set(failures.slice(before).map((failure) => join(failure.path, ".")));
    failures.push(...shut.filter((failure) => !told.has(failure.path)));
  } else into.add(path, false, status);
}

/** Why a folder cannot be looked into. */
function whyShut(folder: string, error: unknown): string {
  const failure = readFailure(error);
  const why = failure === NO_SUCH_FILE && NOT_UTF_8.test(folder) ? UNREADABLE_NAME : failure;
  return `the folder cannot be read: ${why}`;
}

/** A folder that is being walked. */
interface OpenFolder {
  readonly folder: string;
  /** Where it really lies. */
  readonly real: string;
  readonly entries: Iterator<Dirent>;
}

/** `seen`: folders by their real paths. One that several links lead to is walked once, by the first of them in the order of names. */
function walk(folder: string, into: Names, failures: Failure[], seen: Set<string>): void {
  const open: OpenFolder[] = [];
  /** `knownAs`: where it really lies, if that is known; to ask the system costs more than to list a small folder. */
  const enter = (folder: string, knownAs: string | null): void => {
    try {
      const real = knownAs ?? realPath(folder);
      if (seen.has(real)) return;
      seen.add(real);
      if (open.length > MAX_DEPTH) {
        failures.push({ path: folder, why: TOO_DEEP });
        return;
      }
      const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
      open.push({ folder, real, entries: entries.values() });
    } catch (error) {
      failures.push({ path: folder, why: whyShut(folder, error) });
    }
  };
  enter(folder, null);
  for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
    const { done, value: entry } = inner.entries.next();
    if (done === true) {
      open.pop();
      continue;
    }
    const path = join(inner.folder, entry.name);
    const kind = entry.isSymbolicLink() ? lookAt(path) : entry;
    if (kind === NO_SUCH_FILE) continue;
    if (typeof kind === "string") failures.push({ path, why: `the link cannot be followed: ${kind}` });
    else if (kind.isDirectory()) enter(path, kind === entry ? join(inner.real, entry.name) : null);
    else if (kind.isFile()) into.add(path, true);
  }
}

/** Paths of a list; "-" is standard input. What stands before a fault of it is there. */
function* listOf(file: string, failures: Failure[]): Generator<string, void, undefined> {
  const path = `@${file}`;
  let longLines = 0;
  let firstLong = 0;
  try {
    const list = beginList(readPieces(file === "-" ? STANDARD_INPUT : file, MAX_LIST_BYTES));
    const { first } = list;
    if (detectCompression(first) !== null || (first.length >= DETECT_BYTES && isCapture(first))) {
      failures.push({ path, why: "it is a capture and no list of captures: name it without the @" });
      return;
    }
    yield* pathsIn(list, (number) => {
      if (longLines++ === 0) firstLong = number;
    });
  } catch (error) {
    failures.push({ path, why: `the list cannot be read: ${readFailure(error)}` });
  }
  if (longLines > 0) failures.push({ path, why: tooLong(firstLong, longLines) });
}

function tooLong(first: number, count: number): string {
  return `it has ${count === 1 ? "a line that is" : `${count} lines that are`} longer than any path: line ${first}`;
}

/** `surely`: what is no capture must not be among the files of a set, and need not be hashed. */
function isLikely(path: string, surely: boolean): boolean {
  return (!surely && CAPTURE_NAME.test(path)) || looksLikeCapture(path);
}

function looksLikeCapture(path: string): boolean {
  const first = new Uint8Array(DETECT_BYTES);
  let length = 0;
  try {
    const descriptor = openFile(path);
    try {
      length = readSync(descriptor, first, 0, first.length, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // It cannot be opened: its own row says why.
    return true;
  }
  return length === first.length && (isCapture(first) || detectCompression(first) !== null);
}

/** In lower case: where the disk does not tell the cases apart, each machine may be given another one. */
function isMine(path: string, { index, of }: { index: number; of: number }): boolean {
  return createHash("sha256").update(portablePath(path).toLowerCase()).digest().readUInt32BE(0) % of === index - 1;
}
