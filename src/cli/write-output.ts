// Output to a file that is created whole or not at all: written beside it, and put in its place when all of it is there.
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { print } from "./standard-streams.ts";
import { writeFailure } from "./write-failure.ts";

/** Takes text piece by piece, so that what is larger than a string may be goes through as well. */
export interface Output {
  /** null: standard output. */
  readonly file: string | null;
  write(text: string): void;
  /** All is there. Returns why it could not be written, or null. */
  finish(): string | null;
  /** What was written is not wanted; what stood in its place stays. */
  discard(): void;
}

/** Standard output: there at once. What could not be printed is told when the program ends. */
const STANDARD: Output = { file: null, write: print, finish: () => null, discard() {} };

/** Opens `file` for output; undefined and "-" are standard output. Errors are told when it is finished. */
export function openOutput(file: string | undefined): Output {
  return file === undefined || file === "-" ? STANDARD : new FileOutput(file);
}

/**
 * Characters that are held before a file is begun: an output of ordinary size is written in one go at the end, and ending
 * the program before that leaves nothing. (No signal is caught for it: reading a capture lets none through in time.)
 */
const HELD = 16 * 1024 * 1024;

class FileOutput implements Output {
  readonly file: string;
  #descriptor: number | null = null;
  /** null where the file itself is written: a device or a pipe must not be replaced by a file. */
  #temporary: string | null = null;
  #target = "";
  #failure: string | null = null;
  /** Nothing remains if the program ends in the middle. */
  readonly #cleanUp = (): void => this.discard();
  #held: string[] = [];
  #heldLength = 0;

  constructor(file: string) {
    this.file = file;
  }

  write(text: string): void {
    if (this.#failure !== null || text === "") return;
    this.#held.push(text);
    this.#heldLength += text.length;
    if (this.#heldLength > HELD) this.#flush();
  }

  #flush(): void {
    const texts = this.#held;
    this.#held = [];
    this.#heldLength = 0;
    this.#try(() => {
      for (const text of texts) {
        this.#descriptor ??= this.#open();
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
      }
    });
  }

  finish(): string | null {
    this.#flush();
    this.#try(() => {
      if (this.#descriptor === null) return;
      // A full disk may be told as late as here.
      if (this.#temporary !== null) fsyncSync(this.#descriptor);
      this.#close();
      if (this.#temporary !== null) renameSync(this.#temporary, this.#target);
      this.#temporary = null;
    });
    this.discard();
    return this.#failure;
  }

  discard(): void {
    process.off("exit", this.#cleanUp);
    this.#close();
    if (this.#temporary !== null) rmSync(this.#temporary, { force: true });
    this.#temporary = null;
  }

  #open(): number {
    const status = statSync(this.file, { throwIfNoEntry: false });
    if (status !== undefined && !status.isFile()) return openSync(this.file, "w");
    this.#target = status === undefined ? linkTarget(this.file) : realpathSync(this.file);
    const once = `${process.pid}.${process.hrtime.bigint().toString(36)}`;
    const temporary = join(dirname(this.#target), `.${basename(this.#target)}.${once}.part`);
    // "wx": what somebody else put there is not written into, be it a link.
    const descriptor = openSync(temporary, "wx");
    this.#temporary = temporary;
    process.on("exit", this.#cleanUp);
    if (status !== undefined) fchmodSync(descriptor, status.mode);
    return descriptor;
  }

  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    if (descriptor !== null) closeSync(descriptor);
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

/** Where a link leads that leads to nothing yet; `file` itself if it is none. */
function linkTarget(file: string): string {
  try {
    return resolve(dirname(file), readlinkSync(file));
  } catch {
    // It is no link: there is nothing of that name.
    return file;
  }
}
