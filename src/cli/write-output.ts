// Output to a file that is created whole or not at all: written beside it, and put in its place when all of it is there.
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf, reservedName, writeFailure } from "../audit/index.ts";
import { precious } from "./precious.ts";
import { print } from "./standard-streams.ts";

/** Takes text piece by piece, so that what is larger than a string may be goes through as well. */
export interface Output {
  /** null: standard output. */
  readonly file: string | null;
  write(text: string): void;
  /** What was begun cannot be ended, so there will be no file; on standard output what follows begins a line. */
  cut(): void;
  /** All is there. Returns why it could not be written, or null. */
  finish(): string | null;
  /** What was written is not wanted; what stood in its place stays. */
  discard(): void;
}

/** Standard output: there at once. What could not be printed is told when the program ends. */
const STANDARD: Output = { file: null, write: print, cut: () => print("\n"), finish: () => null, discard() {} };

/**
 * Opens `file` for output; undefined and "-" are standard output. Errors are told when it is finished. A text: it must not
 * be written, for what stands there is precious, or one of `inputs`.
 */
export function openOutput(file: string | undefined, inputs: readonly string[]): Output | string {
  if (file === undefined || file === "-") return STANDARD;
  const device = reservedName(file);
  if (device === "NUL") return new FileOutput(NULL_DEVICE);
  const why = device === null ? precious(file, inputs) : `Windows keeps the name ${device} for a device`;
  return why === null ? new FileOutput(file) : `${file}: ${why}`;
}

/** Windows': Node would make a file of the name NUL, which no other program can read or remove. */
const NULL_DEVICE = "\\\\.\\NUL";

/** Characters that are held in memory: an output of ordinary size is written in one go at the end. */
const HELD = 2 * 1024 * 1024;

class FileOutput implements Output {
  readonly file: string;
  #texts: string[] = [];
  #length = 0;
  /**
   * Where texts go that are too many to be held: the device or pipe itself, or a file without a name. That one is gone with the
   * program, however it ends: reading a capture lets no signal through in time to tidy up.
   */
  #descriptor: number | null = null;
  /** The file that is written or replaced in the end; null for a device or a pipe, which no file may replace. */
  #target: string | null = null;
  #failure: string | null = null;

  constructor(file: string) {
    this.file = file;
  }

  write(text: string): void {
    if (this.#failure !== null || text === "") return;
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length > HELD) this.#try(() => this.#flush());
  }

  cut(): void {
    this.discard();
    this.#failure ??= "it was not written, as a part of it is missing";
  }

  finish(): string | null {
    if (this.#length > 0 || this.#descriptor !== null)
      this.#try(() => {
        if (this.#descriptor === null) this.#choose();
        if (this.#target === null || this.#descriptor !== null) this.#flush();
        if (this.#target !== null) this.#put(this.#target);
      });
    this.discard();
    return this.#failure;
  }

  discard(): void {
    this.#texts = [];
    this.#length = 0;
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    if (descriptor !== null) closeSync(descriptor);
  }

  /** Sees what `file` is. */
  #choose(): void {
    const status = statSync(this.file, { throwIfNoEntry: false });
    if (status !== undefined && !status.isFile()) this.#descriptor = openSync(this.file, "w");
    else if (status === undefined) this.#target = linkTarget(this.file);
    else {
      // To be replaced it need not be writable; who made it read-only wants to keep it.
      accessSync(this.file, constants.W_OK);
      this.#target = realpathSync(this.file);
    }
  }

  /** Writes out what is held. */
  #flush(): void {
    if (this.#descriptor === null) this.#choose();
    this.#descriptor ??= openNameless(besideOf(this.#target ?? this.file));
    writeTexts(this.#descriptor, this.#texts);
    this.#texts = [];
    this.#length = 0;
  }

  /** Puts all of it in the place of `target`. */
  #put(target: string): void {
    const temporary = besideOf(target);
    undisturbed(() => {
      // "wx": what somebody else put there is not written into, be it a link.
      const descriptor = openSync(temporary, "wx");
      try {
        const mode = statSync(target, { throwIfNoEntry: false })?.mode;
        if (mode !== undefined) fchmodSync(descriptor, mode);
        if (this.#descriptor === null) writeTexts(descriptor, this.#texts);
        else copyAll(this.#descriptor, descriptor);
        // A full disk may be told as late as here.
        fsyncSync(descriptor);
        replace(temporary, target);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      } finally {
        closeSync(descriptor);
      }
    });
  }

  #try(action: () => void): void {
    if (this.#failure !== null) return;
    try {
      action();
    } catch (error) {
      this.#failure = writeFailure(error);
      this.discard();
    }
  }
}

/** Windows: for as long as a scanner may look at what is new. */
const ATTEMPTS = 20;
const BETWEEN_ATTEMPTS_MS = 50;

function replace(temporary: string, target: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(temporary, target);
      return;
    } catch (error) {
      const code = codeOf(error) ?? "";
      if (process.platform !== "win32" || attempt === ATTEMPTS || !["EPERM", "EACCES", "EBUSY"].includes(code))
        throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BETWEEN_ATTEMPTS_MS);
    }
  }
}

/** Of a name in that beside it: three bytes each leave room for the rest in the 255 that file systems allow. */
const KEPT_CHARACTERS = 64;

/** A name beside `target` that nobody else has. */
function besideOf(target: string): string {
  const once = `${process.pid}.${process.hrtime.bigint().toString(36)}`;
  const start = basename(target).slice(0, KEPT_CHARACTERS);
  return join(dirname(target), `.${start}.${once}.part`);
}

/** Linux' O_TMPFILE (open(2)), which Node does not name. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY;

/** A file that only its descriptor leads to; `path` has its name for an instant where there is no other way. */
function openNameless(path: string): number {
  if (process.platform === "linux") {
    try {
      return openSync(dirname(path), O_TMPFILE | constants.O_RDWR, 0o600);
    } catch {
      // A file system that does not have it; what else is in the way is in the way of the next attempt, too.
    }
  }
  // A signal in between leaves an empty file; one that is held off here would be lost, and the program go on.
  const descriptor = openSync(path, "wx+");
  rmSync(path);
  return descriptor;
}

function writeTexts(descriptor: number, texts: readonly string[]): void {
  for (const text of texts) writeAll(descriptor, Buffer.from(text));
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

const COPY_BYTES = 1024 * 1024;

function copyAll(from: number, to: number): void {
  const bytes = new Uint8Array(COPY_BYTES);
  for (let at = 0; ; ) {
    const length = readSync(from, bytes, 0, COPY_BYTES, at);
    if (length === 0) return;
    writeAll(to, bytes.subarray(0, length));
    at += length;
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Does what must not be left half done: a signal that ends the program finds it before or behind, and behind is too late. */
function undisturbed<T>(action: () => T): T {
  const wait = (): void => {};
  for (const signal of SIGNALS) process.on(signal, wait);
  try {
    return action();
  } finally {
    for (const signal of SIGNALS) process.off(signal, wait);
  }
}

/** Where a link leads that leads to nothing yet; `file` itself if it is none. */
function linkTarget(file: string): string {
  try {
    return resolve(dirname(file), readlinkSync(file));
  } catch {
    // It is no link: there is nothing of that name.
    return file;
  }
}
