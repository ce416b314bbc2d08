// Brings the bytes of a capture to its reader: from a file, standard input, a stream or memory, compressed or not.
import { closeSync, fstatSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { NoteSink } from "../bytes/index.ts";
import type { CaptureReader, NotACapture } from "../pcap-parser/index.ts";
import {
  type ByteSource,
  breath,
  isBreathDue,
  mustGiveBytes,
  OfCaller,
  readBytes,
  tell,
  type Watch,
} from "./byte-source.ts";
import { mustBeNoPipe, NOTHING_YET, openWithoutWaiting, RETRY_MS, readSome } from "./files.ts";
import { type CaptureRead, type CreateDecompressor, Intake } from "./intake.ts";
import { codeOf, NOT_UTF_8, readFailure, UNREADABLE_NAME } from "./read-failure.ts";
import { wrong } from "./wrong-argument.ts";

/** A `URL` of a file, by whatever types it is declared. */
export interface FileUrl {
  readonly protocol: string;
  readonly href: string;
}

/** Where a capture comes from: the path of a file, or its URL (`file:`), "-" for standard input, or bytes. */
export type CaptureSource = string | FileUrl | ByteSource;

/** The path of a source that is a file, "-" for standard input; null for bytes. Throws `TypeError` for the URL of anything else. */
export function pathOf(source: CaptureSource): string | null {
  if (typeof source === "string") return source;
  if (typeof source !== "object" || source === null || !("href" in source)) return null;
  if (source.protocol !== "file:") throw wrong("source", "the URL of a file", source.href);
  return fileURLToPath(source.href);
}

/** Throws `TypeError` for what is no source, which only a program can give that the compiler has not seen. */
export function mustBeSource(source: CaptureSource): void {
  if (pathOf(source) === null) mustGiveBytes(source, SOURCES);
}

const SOURCES = "a path, the URL of a file, bytes, a Blob, a stream, or an iterable of bytes";

/** The source could not be read at all. `why` is for a sentence and names no path. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly why: string;
}

export interface ReadOptions extends Watch {
  /** Receives what is wrong with the compression. */
  readonly note: NoteSink;
  /** A path has to be that of a file: what else stands there is not waited for. */
  readonly onlyFiles?: boolean;
}

/**
 * Reads `source` to its end into `reader` and ends it. Never rejects for what the source holds or fails to give, but with what
 * `progress` throws, and with the reason of the signal.
 */
export async function readCapture(
  source: CaptureSource,
  reader: CaptureReader,
  options: ReadOptions,
): Promise<CaptureRead | NotACapture | Unreadable> {
  const intake = new Intake(reader, options.note, createDecompressor);
  const path = pathOf(source);
  let failure: string | null;
  try {
    failure =
      path === null ? await readBytes(source as ByteSource, intake, options) : await readFile(path, intake, options);
  } catch (error) {
    throw error instanceof OfCaller ? error.error : error;
  }
  const outcome = await intake.end();
  return failure === null ? outcome : { kind: "unreadable", why: failure };
}

/** What most captures do without is loaded late. */
const createDecompressor: CreateDecompressor = async (compression, unpacked) =>
  await (await import("./decompress.ts")).createDecompressor(compression, unpacked);

/** Bytes of a chunk: larger ones gain nothing, and the whole chunk stays in the processor's second-level cache. */
const CHUNK_BYTES = 1024 * 1024;

/** Reading to a page-aligned place costs more than twice as much on processors that copy pages in microcode. */
const CHUNK_AT = 64;

/** The one buffer of all files. It is used up before anything else can run: what waits for something has its own copy. */
let chunk: Uint8Array | null = null;

const STANDARD_INPUT = 0;
/** Linux' own files, as /proc/kmsg and trace_pipe, say that they are files. */
const WAITING = "it waits for what comes, as a pipe does, and is no file that can be read to its end";

/** Reads a file, or standard input for "-". Gives why it could not, or null. */
async function readFile(path: string, intake: Intake, watch: ReadOptions): Promise<string | null> {
  let descriptor = STANDARD_INPUT;
  try {
    if (path !== "-") descriptor = watch.onlyFiles === true ? openWithoutWaiting(path) : openSync(path, "r");
    const size = watch.progress === undefined ? null : sizeOf(descriptor);
    chunk ??= new Uint8Array(CHUNK_AT + CHUNK_BYTES);
    for (let done = 0; intake.wanted; ) {
      const length = readSome(descriptor, chunk, CHUNK_AT, CHUNK_BYTES);
      // Asked only where it gives nothing: that takes as long as to read a small capture.
      if (watch.onlyFiles === true && (length === NOTHING_YET || done + length === 0)) {
        mustBeNoPipe(descriptor);
        if (length === NOTHING_YET) return WAITING;
      }
      if (length === 0) return null;
      if (length === NOTHING_YET) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        tell({ signal: watch.signal }, done, size);
        continue;
      }
      if (!intake.take(chunk, CHUNK_AT, CHUNK_AT + length))
        await intake.unpack(chunk.slice(CHUNK_AT, CHUNK_AT + length));
      done += length;
      tell(watch, done, size);
      if (isBreathDue()) await breath();
    }
    return null;
  } catch (error) {
    if (error instanceof OfCaller) throw error;
    if (codeOf(error) === "ENOENT" && NOT_UTF_8.test(path)) return UNREADABLE_NAME;
    const folder = codeOf(error) === "EISDIR" ? "; for many captures use: pcapcheck audit FOLDER" : "";
    return `${readFailure(error)}${folder}`;
  } finally {
    if (descriptor !== STANDARD_INPUT) closeSync(descriptor);
  }
}

/** null where it cannot be told: of standard input Windows does not always tell. */
function sizeOf(descriptor: number): number | null {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() ? stat.size : null;
  } catch {
    return null;
  }
}
