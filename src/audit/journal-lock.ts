// Who writes to a journal: a file beside it says so, for this machine and for others that see the same volume.

import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { codeOf } from "./read-failure.ts";

/** How often the owner shows that it is there. */
const BEAT_MS = 20_000;
/** An owner on another machine that has not shown itself for so long is gone: six beats. */
const GONE_MS = 120_000;

/** What a lock says of its owner. Where a platform does not tell one of these it is empty. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Different after each start of the machine. */
  readonly boot: string;
  /** Numbers of processes mean something within it only: each container has its own. */
  readonly space: string;
  /** When the process began, in the machine's own count: a number is given again. */
  readonly started: string;
}

/** Locks that this process holds. */
const held = new Set<string>();

/** A lock that is held. */
export class JournalLock {
  readonly #file: string;
  readonly #text: string;
  readonly #timer: NodeJS.Timeout;
  #beat = Date.now();

  /** Takes the lock of the journal at `path`, or gives the reason why not. Throws what writing throws. */
  static take(path: string): JournalLock | string {
    const file = lockOf(path);
    const text = `${JSON.stringify(ownerOf(process.pid))}\n`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (create(file, text)) return new JournalLock(file, text);
      const writer = writerOf(file) ?? takeAway(file, text);
      if (writer !== null) return `another audit writes to it (${writer}; ${file})`;
    }
    return `another audit writes to it (${file})`;
  }

  private constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    held.add(file);
    this.#timer = setInterval(() => this.beat(), BEAT_MS);
    this.#timer.unref();
  }

  /** Shows other machines that the owner is there; to be called as often as one likes. */
  beat(): void {
    const now = Date.now();
    if (now >= this.#beat && now - this.#beat < BEAT_MS / 2) return;
    this.#beat = now;
    touch(this.#file);
  }

  /** Gives the lock back, if it was not taken away meanwhile. */
  release(): void {
    clearInterval(this.#timer);
    held.delete(this.#file);
    if (read(this.#file) === this.#text) rmSync(this.#file, { force: true });
  }
}

/** Names of more bytes leave no room for ".lock.old" and what `ownName` adds in the 255 that file systems allow. */
const MAX_NAME_BYTES = 236;
/** Of a longer name in that of its lock: three bytes each leave room for the rest. */
const KEPT_CHARACTERS = 64;

/** The file that says who writes to the journal at `path`; every process has to find the same one. */
function lockOf(path: string): string {
  const name = basename(path);
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return `${path}.lock`;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 16);
  return join(dirname(path), `${name.slice(0, KEPT_CHARACTERS)}.${digest}.lock`);
}

/** Makes the lock, or says that there is one. Throws what writing throws. */
function create(file: string, text: string): boolean {
  try {
    link(file, text);
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    return false;
  }
}

/** Its text is in it at once, so that a process that is killed leaves none that names nobody. Throws EEXIST. */
function link(file: string, text: string): void {
  const made = ownName(file);
  try {
    writeFileSync(made, text);
    linkSync(made, file);
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? "")) throw error;
    writeFileSync(file, text, { flag: "wx" });
  } finally {
    rmSync(made, { force: true });
  }
}

/** Beside `file` a name that no other process has: in containers on one volume all may have the same number. */
function ownName(file: string): string {
  const owner = createHash("sha256").update(JSON.stringify(ownerOf(process.pid)));
  return `${file}.${owner.digest("hex").slice(0, 8)}`;
}

/** The lock is taken, or taken away; behind that of one who was ended while it took one away there is a third time. */
const ATTEMPTS = 3;

/**
 * Removes a lock whose owner is gone. By now it may be a new owner's: only who has the lock of the lock removes one, and looks
 * again before. Gives in words who else has either; null if nobody does.
 */
function takeAway(file: string, text: string): string | null {
  const guard = `${file}.old`;
  if (!create(guard, text)) {
    const other = writerOf(guard);
    if (other === null) rmSync(guard, { force: true });
    return other;
  }
  held.add(guard);
  try {
    const gone = read(file);
    const writer = writerOf(file);
    // Where its owner gave it back just now the next one may be there already.
    if (writer === null && gone !== null && read(file) === gone) rmSync(file, { force: true });
    return writer;
  } finally {
    held.delete(guard);
    rmSync(guard, { force: true });
  }
}

/** What file systems and shares without hard links say. */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOSYS",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EMLINK",
  "EINVAL",
  "UNKNOWN",
]);

/** Writes what is there already: the time of it is the server's, whatever this machine's clock says. */
function touch(file: string): void {
  try {
    const descriptor = openSync(file, "r+");
    try {
      writeSync(descriptor, "{", 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A disk that is gone for a while: what is written to the journal itself will say so.
  }
}

/** In words, who holds the lock; null if nobody does any more. */
function writerOf(file: string): string | null {
  const text = read(file);
  if (text === null && !existsSync(file)) return null;
  const owner = text === null ? null : parsed(text);
  if (owner === null) return isFresh(file) ? "it does not say which one" : null;
  const own = ownerOf(owner.pid);
  // What another version wrote has the number only.
  const isHere = owner.host === "" || (owner.host === own.host && owner.space === own.space);
  if (!isHere && !(owner.host === own.host && differ(owner.boot, own.boot)))
    return isFresh(file) ? `process ${owner.pid} on ${owner.host}, within the last two minutes` : null;
  if (differ(owner.boot, own.boot) || differ(owner.started, own.started)) return null;
  // Windows gives a number again soon, and does not say when a process began: the owner would have shown itself.
  if (process.platform === "win32" && owner.pid !== process.pid && !isFresh(file)) return null;
  // In a container the number of the one that was killed is the first one that is given again.
  const runs = owner.pid === process.pid ? held.has(file) : isRunning(owner.pid);
  return runs ? `process ${owner.pid}` : null;
}

function differ(a: string, b: string): boolean {
  return a !== "" && b !== "" && a !== b;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return false;
  }
  // One that has ended keeps its number until its parent asks for it: in a container there may be none that does.
  return !/^[ZX]$/.test(statOf(pid)[0] ?? "");
}

/** Whether the lock was written to lately, by the clock of whoever keeps the files. */
function isFresh(file: string): boolean {
  const probe = ownName(file);
  try {
    writeFileSync(probe, "");
    const now = statSync(probe).mtimeMs;
    return now - statSync(file).mtimeMs < GONE_MS;
  } catch {
    // It cannot be told: then nobody's journal is taken away.
    return true;
  } finally {
    rmSync(probe, { force: true });
  }
}

function ownerOf(pid: number): Owner {
  return {
    pid,
    host: hostname(),
    boot: (read("/proc/sys/kernel/random/boot_id") ?? "").trim(),
    space: linkOf("/proc/self/ns/pid"),
    started: statOf(pid)[19] ?? "",
  };
}

/** proc(5): the fields of stat from the third one on; the second one, in brackets, may have spaces and brackets in it. */
function statOf(pid: number): readonly string[] {
  return (read(`/proc/${pid}/stat`) ?? "").replace(/^.*\) /s, "").split(" ");
}

function parsed(text: string): Owner | null {
  try {
    const value: unknown = JSON.parse(text);
    const fields = typeof value === "number" ? { pid: value } : value;
    if (typeof fields !== "object" || fields === null) return null;
    const { pid, host, boot, space, started } = fields as { [K in keyof Owner]?: unknown };
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return null;
    const string = (field: unknown): string => (typeof field === "string" ? field : "");
    return { pid, host: string(host), boot: string(boot), space: string(space), started: string(started) };
  } catch {
    // Another program's file, or one that is being written.
    return null;
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // It is gone, or this platform has no such file.
    return null;
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
