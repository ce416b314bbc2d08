// Bytes from memory and from streams of every kind, without anything of a platform: pieces in, the same pieces out, and an end that
// leaves nothing open.
import { readFailure } from "./read-failure.ts";
import { wrong } from "./wrong-argument.ts";

/** A `ReadableStream` of bytes, by whatever types it is declared: those of Node, of the DOM, or none. */
export interface WebStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel?(reason?: unknown): Promise<unknown>;
    releaseLock?(): void;
  };
}

/** A `Blob` or `File`, likewise. */
export interface WebBlob {
  readonly size: number;
  stream(): WebStream;
}

/**
 * Bytes that a program has, or that come to it: an array or buffer (which must not change before the promise is fulfilled), a `Blob`
 * or `File`, a Node stream or anything else that gives arrays of bytes one after the other, a web stream. A stream is read to its
 * end, or ended where no more of it is wanted.
 */
export type ByteSource =
  | Uint8Array
  | ArrayBuffer
  | WebBlob
  | WebStream
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>;

/** An `AbortSignal`, likewise. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface Watch {
  /** Called after each piece with the bytes read from the source so far and its size, null where it is not known. */
  readonly progress?: ((done: number, size: number | null) => void) | undefined;
  /** Ends the reading. */
  readonly signal?: CancelSignal | undefined;
}

/** Where pieces go. */
export interface PieceTaker {
  /** Takes a piece that does not change until the promise is fulfilled; undefined if it was taken at once. */
  put(piece: Uint8Array): Promise<void> | undefined;
  /** Whether reading on makes sense. */
  readonly wanted: boolean;
}

/** What the caller did, a callback that throws or a signal: goes to it unchanged, and is no fault of the source. */
export class OfCaller {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Throws the reason of a signal that was given, and `TypeError` for what is none. */
export function mustGoOn(signal: CancelSignal | undefined): void {
  if (signal === undefined) return;
  if (!isObject(signal) || typeof signal.addEventListener !== "function")
    throw wrong("signal", "an AbortSignal", signal);
  if (signal.aborted) throw signal.reason;
}

/** Tells how far the reading is. Throws `OfCaller` where it is to end. */
export function tell({ progress, signal }: Watch, done: number, size: number | null): void {
  try {
    progress?.(done, size);
  } catch (error) {
    throw new OfCaller(error);
  }
  if (signal?.aborted === true) throw new OfCaller(signal.reason);
}

/** Throws `TypeError` for what is no source of bytes. */
export function mustGiveBytes(given: unknown, what: string): void {
  if (isGone(given)) throw new TypeError("source is memory that was transferred to somebody else");
  if (bytesOf(given) !== null || isBlob(given) || isWebStream(given) || isIterable(given)) return;
  const handle = typeof given === "object" && given !== null && "createReadStream" in given;
  throw wrong("source", `${what}${handle ? " (of a FileHandle its createReadStream())" : ""}`, given);
}

/** Whether the source gives the same bytes when it is read once more. */
export function isRepeatable(given: unknown): boolean {
  return bytesOf(given) !== null || isBlob(given) || Array.isArray(given);
}

/** Reads `source` to its end. Gives why it could not, or null; throws `OfCaller` only. */
export async function readBytes(source: ByteSource, taker: PieceTaker, watch: Watch): Promise<string | null> {
  const bytes = bytesOf(source);
  if (bytes !== null) {
    await readMemory(bytes, taker, watch);
    return null;
  }
  try {
    const { pieces, size } = isBlob(source)
      ? { pieces: fromWeb(source.stream()), size: source.size }
      : { pieces: isWebStream(source) ? fromWeb(source) : fromIterable(source as Iterable<unknown>), size: null };
    return await readPieces(pieces, size, taker, watch);
  } catch (error) {
    if (error instanceof OfCaller) throw error;
    return readFailure(error);
  }
}

/** Bytes of memory that are read without letting anything else in. */
const PIECE_BYTES = 1024 * 1024;

async function readMemory(bytes: Uint8Array, taker: PieceTaker, watch: Watch): Promise<void> {
  for (let at = 0; at < bytes.length && taker.wanted; at += PIECE_BYTES) {
    const piece = bytes.length <= PIECE_BYTES ? bytes : bytes.subarray(at, at + PIECE_BYTES);
    await taker.put(piece);
    tell(watch, Math.min(bytes.length, at + PIECE_BYTES), bytes.length);
    if (isBreathDue()) await breath();
  }
}

/** How long is read without letting signals, timers and other work of the process in. */
const BREATH_MS = 100;
/** When that was done last, in whichever capture. */
let breathed = Date.now();

export function isBreathDue(): boolean {
  return Date.now() - breathed > BREATH_MS;
}

/** Lets everything else in that waits. */
export async function breath(): Promise<void> {
  await new Promise<void>((resolve) => {
    // Of Node; a page has timers only.
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
  breathed = Date.now();
}

/** The pieces of a stream, one by one. */
interface Pieces {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  /** No more is wanted. `waiting`: a piece was asked for and has not come. */
  stop(waiting: boolean): Promise<void>;
  /** There is nothing more. */
  release(): void;
}

async function readPieces(
  pieces: Pieces,
  size: number | null,
  taker: PieceTaker,
  watch: Watch,
): Promise<string | null> {
  const { signal } = watch;
  let waiting = false;
  let over = false;
  let giveUp: (why: unknown) => void = () => {};
  const abort = (): void => giveUp(new OfCaller(signal?.reason));
  const next = async (): ReturnType<Pieces["next"]> => {
    waiting = true;
    // One listener for all pieces: a promise of the signal would remember each of them.
    const result = await (signal === undefined
      ? pieces.next()
      : new Promise<Awaited<ReturnType<Pieces["next"]>>>((resolve, reject) => {
          giveUp = reject;
          pieces.next().then(resolve, reject);
        }));
    waiting = false;
    return result;
  };
  signal?.addEventListener("abort", abort);
  try {
    if (signal?.aborted === true) throw new OfCaller(signal.reason);
    for (let done = 0; taker.wanted; ) {
      const { done: isEnd, value } = await next();
      if (isEnd === true) {
        over = true;
        return null;
      }
      const piece = bytesOf(value);
      if (piece === null) return `the stream gives ${typeof value === "string" ? "text" : "objects"} instead of bytes`;
      await taker.put(piece);
      done += piece.length;
      tell(watch, done, size);
    }
    return null;
  } catch (error) {
    // A stream that failed has ended itself.
    if (!(error instanceof OfCaller)) over = true;
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    if (over) pieces.release();
    else await pieces.stop(waiting);
  }
}

function fromWeb(stream: WebStream): Pieces {
  const reader = stream.getReader();
  const release = (): void => reader.releaseLock?.();
  return {
    next: () => reader.read(),
    async stop() {
      // Whatever becomes of it: nobody waits for a source that takes its time to end.
      reader.cancel?.().catch(() => {});
      release();
    },
    release,
  };
}

function fromIterable(source: AsyncIterable<unknown> | Iterable<unknown>): Pieces {
  if ("readableEnded" in source && source.readableEnded === true)
    throw new Error("the stream was read to its end before");
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  return {
    next: async () => await iterator.next(),
    async stop(waiting) {
      // A generator is told to end behind what it waits for: a stream of Node can be ended now.
      if (waiting && "destroy" in source && typeof source.destroy === "function") source.destroy();
      const stopped = (async () => await iterator.return?.())();
      if (waiting) stopped.catch(() => {});
      else await stopped;
    },
    release() {},
  };
}

/** The bytes of an array or buffer as a plain array (a Buffer's slice() is a view and no copy); null for anything else. */
function bytesOf(given: unknown): Uint8Array | null {
  if (ArrayBuffer.isView(given)) {
    const { buffer, byteOffset, byteLength } = given;
    if (byteLength === 0) return new Uint8Array(0);
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    // Others may write to memory that is shared, and a page decodes no text in it.
    return typeof SharedArrayBuffer === "function" && buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
  }
  return given instanceof ArrayBuffer ? new Uint8Array(given) : null;
}

/** Whether the memory of an array was transferred, to a worker for instance: of its bytes none is left. */
function isGone(given: unknown): boolean {
  const buffer = ArrayBuffer.isView(given) ? given.buffer : given;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength > 0) return false;
  try {
    return new Uint8Array(buffer).length > 0;
  } catch {
    return true;
  }
}

function isBlob(given: unknown): given is WebBlob {
  return isObject(given) && typeof given.stream === "function" && typeof given.size === "number";
}

function isWebStream(given: unknown): given is WebStream {
  return isObject(given) && typeof given.getReader === "function";
}

function isIterable(given: unknown): given is AsyncIterable<unknown> | Iterable<unknown> {
  return isObject(given) && (Symbol.asyncIterator in given || Symbol.iterator in given);
}

function isObject(given: unknown): given is Readonly<Record<PropertyKey, unknown>> {
  return typeof given === "object" && given !== null;
}
