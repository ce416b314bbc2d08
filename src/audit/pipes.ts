// Pipes among the files that options name: each gives its bytes once, and whoever asks later, be it a worker, is lent them.
import { closeSync, openSync } from "node:fs";
import { lookAt, NOTHING_YET, RETRY_MS, readSome } from "./files.ts";
import { readFailure } from "./read-failure.ts";
import type { FileSource, Held } from "./types.ts";

export const NOTHING_HELD: Held = new Map();

/** A pipe that cannot be used. `why` is for a sentence behind its path. */
export interface PipeFailure {
  readonly path: string;
  readonly why: string;
}

/** Twice the text of all the secrets that are kept of key logs: the memory of what a pipe has more is not known to be there. */
const MAX_HELD = 256 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;
const STANDARD_INPUT = 0;

/** What is said where standard input is wanted more than once. */
export const READ_ONCE = "standard input can be read only once";

/** Whether standard input stands more than once among `files`: whoever comes second would find it empty. */
export function isInputTwice(files: readonly FileSource[]): boolean {
  return files.indexOf("-") !== files.lastIndexOf("-");
}

/** Reads the pipes among `files` to their ends; "-" is standard input. Files are left to whoever needs them. */
export async function holdPipes(files: readonly FileSource[], limit: number = MAX_HELD): Promise<Held | PipeFailure> {
  const held = new Map<string, readonly Uint8Array[]>();
  let room = limit;
  for (const path of new Set(files)) {
    if (typeof path !== "string" || !isPipe(path)) continue;
    try {
      const pieces = await piecesOf(path, room);
      if (pieces === null)
        return { path, why: `it is a pipe of more than ${limit / 1024 / 1024} MiB: put what it gives into a file` };
      held.set(path, pieces);
      room -= sizeOfHeld(pieces);
    } catch (error) {
      return { path, why: `it cannot be read: ${readFailure(error)}` };
    }
  }
  return held;
}

/** Whether it is the failure. */
export function isPipeFailure(held: Held | PipeFailure): held is PipeFailure {
  return "why" in held;
}

/** Bytes of what a pipe gave. */
export function sizeOfHeld(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** What was named, or what it gave where it is a pipe. */
export function lentFor(file: FileSource, held: Held): FileSource | readonly Uint8Array[] {
  return typeof file === "string" ? (held.get(file) ?? file) : file;
}

/** A pipe or a device; what is not there, and folders, are told by whoever reads them. */
function isPipe(path: string): boolean {
  if (path === "-") return true;
  const status = lookAt(path);
  return typeof status !== "string" && !status.isFile() && !status.isDirectory();
}

/** null: it gives more than `room` bytes. */
async function piecesOf(path: string, room: number): Promise<readonly Uint8Array[] | null> {
  const descriptor = path === "-" ? STANDARD_INPUT : openSync(path, "r");
  try {
    const pieces: Uint8Array[] = [];
    let piece = newPiece();
    let filled = 0;
    for (let left = room; ; ) {
      const length = readSome(descriptor, piece, filled, PIECE_BYTES - filled);
      if (length === 0) break;
      if (length === NOTHING_YET) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      left -= length;
      if (left < 0) return null;
      filled += length;
      if (filled < PIECE_BYTES) continue;
      pieces.push(piece);
      piece = newPiece();
      filled = 0;
    }
    if (filled > 0) pieces.push(piece.subarray(0, filled));
    return pieces;
  } finally {
    if (descriptor !== STANDARD_INPUT) closeSync(descriptor);
  }
}

function newPiece(): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(PIECE_BYTES));
}
