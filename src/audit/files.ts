// What files are, and the small ones whole.
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { codeOf, readFailure } from "./read-failure.ts";

/** What is asked of `Stats`. The types of the library lead here, and must not need those of Node. */
export interface FileStatus {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** What stands at `path`, or why that cannot be told. */
export function lookAt(path: string): FileStatus | string {
  try {
    return statSync(path);
  } catch (error) {
    return readFailure(error);
  }
}

/** Whether there is a file at `path`, and not a folder, a pipe or a device. */
export function isFile(path: string): boolean {
  try {
    // Mostly asked of what may well not be there: an exception with its stack takes longer than to look.
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false;
  }
}

/** Where `path` leads behind all links, in the spelling of the disk. Throws what looking there throws. */
export function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // Some of Windows' drives cannot tell. This one leaves the spelling as it is.
    return realpathSync(path);
  }
}

/** Opens what is to be a file for reading, as `openWithoutWaiting`. Throws what opening throws, and for a pipe or a device. */
export function openFile(path: string): number {
  const descriptor = openWithoutWaiting(path);
  try {
    mustBeNoPipe(descriptor);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

/** Opens for reading. A pipe that took the place of a file would be waited for until somebody writes to it. */
export function openWithoutWaiting(path: string): number {
  return openSync(path, constants.O_RDONLY | NO_WAITING);
}

/** Throws for a pipe or a device; a folder says by itself that it cannot be read. */
export function mustBeNoPipe(descriptor: number): void {
  const status = fstatSync(descriptor);
  if (!status.isFile() && !status.isDirectory()) throw new Error("it is a pipe or a device, and no file");
}

/** Windows has no such flag, and no pipes among its files. */
const NO_WAITING = constants.O_NONBLOCK ?? 0;

/** What `readSome` gives where there is nothing to read yet. */
export const NOTHING_YET = -1;
/** How long to wait then. */
export const RETRY_MS = 5;

/** Reads what is there, up to `length` bytes, to `at` in `into`; gives how many, 0 at the end. Throws what reading throws. */
export function readSome(descriptor: number, into: Uint8Array, at: number, length: number): number {
  try {
    return readSync(descriptor, into, at, length, null);
  } catch (error) {
    const code = codeOf(error);
    // Of a terminal, or of a pipe that does not block.
    if (code === "EAGAIN") return NOTHING_YET;
    // Windows reports the end of a pipe as an error.
    if (code === "EOF") return 0;
    throw error;
  }
}

const CHUNK_BYTES = 64 * 1024;

/** A `Buffer`, of which as much is told as is used. */
export interface FileBytes extends Uint8Array {
  toString(encoding?: "utf8" | "latin1"): string;
}

/**
 * The bytes of a file that is small by its nature; a descriptor for standard input; pieces where it was a pipe that has been read.
 * Throws what reading throws, and where it is larger.
 */
export function readSmall(file: string | number | readonly Uint8Array[], limit: number): FileBytes {
  if (typeof file === "object") {
    const whole = Buffer.concat(file);
    if (whole.length > limit) throw new Error(tooLarge(limit));
    return whole;
  }
  return Buffer.concat([...readPieces(file, limit)]);
}

/** The same piece by piece, each in memory of its own: what stands before the limit, or before a fault, is there. */
export function* readPieces(file: string | number, limit: number): Generator<Uint8Array, void, undefined> {
  const descriptor = typeof file === "number" ? file : openSync(file, "r");
  try {
    for (let bytes = 0; ; ) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(descriptor, chunk);
      if (length === 0) return;
      bytes += length;
      if (bytes > limit) throw new Error(tooLarge(limit));
      yield chunk.subarray(0, length);
    }
  } finally {
    if (typeof file === "string") closeSync(descriptor);
  }
}

function tooLarge(limit: number): string {
  return `it has more than ${limit / 1024 / 1024} MiB`;
}

/** What is in a file that is small by its nature, or was read already. Throws as `readSmall`. */
export function contentOf(file: string | Uint8Array | readonly Uint8Array[], limit: number): Uint8Array {
  return file instanceof Uint8Array ? file : readSmall(file, limit);
}

/** SHA-256 of what files have one behind the other, in hexadecimal; null where one cannot be read. */
export function hashOf(paths: readonly string[]): string | null {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  try {
    for (const path of paths) {
      const descriptor = openFile(path);
      try {
        for (let length = 1; length > 0; ) {
          length = readSync(descriptor, chunk, 0, chunk.length, null);
          hash.update(chunk.subarray(0, length));
        }
      } finally {
        closeSync(descriptor);
      }
    }
    return hash.digest("hex");
  } catch {
    // Whoever needs what is in it says why.
    return null;
  }
}
