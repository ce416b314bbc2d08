// Standard output and standard error. Where they are no terminals they are written by descriptor: making Node's streams for
// them takes 3 % of a short run.
import { fstatSync, writeSync } from "node:fs";
import { codeOf, writeFailure } from "../audit/index.ts";

const OUTPUT = 1;
const ERROR = 2;
type Descriptor = typeof OUTPUT | typeof ERROR;

interface State {
  /** It may be a terminal; null: not looked at yet. */
  terminal: boolean | null;
  /** Node's stream has taken over: a terminal, or a pipe that was full. */
  streamed: boolean;
  /** The reader closed the pipe early (head, a pager): it has seen enough, which is no error. */
  gone: boolean;
  failure: string | null;
}

const states: Readonly<Record<Descriptor, State>> = {
  [OUTPUT]: { terminal: null, streamed: false, gone: false, failure: null },
  [ERROR]: { terminal: null, streamed: false, gone: false, failure: null },
};

/** Writes to standard output. */
export function print(text: string): void {
  write(OUTPUT, text);
}

/** Writes to standard error. */
export function warn(text: string): void {
  write(ERROR, text);
}

/** Why something could not be printed; null if all went well so far, or the reader has gone. */
export function printFailure(): string | null {
  return states[OUTPUT].failure;
}

/** Whether nothing that was printed may still wait in one of Node's streams. */
export function allIsWritten(): boolean {
  return !states[OUTPUT].streamed && !states[ERROR].streamed;
}

/** Standard output or standard error if it is a terminal. */
export function terminal(which: "output" | "error"): NodeJS.WriteStream | null {
  const descriptor = which === "output" ? OUTPUT : ERROR;
  if (!mayBeTerminal(descriptor)) return null;
  const stream = streamOf(descriptor);
  return stream.isTTY === true ? stream : null;
}

function write(descriptor: Descriptor, text: string): void {
  const state = states[descriptor];
  if (text === "" || state.gone || state.failure !== null) return;
  if (state.streamed || mayBeTerminal(descriptor)) {
    streamOf(descriptor).write(text);
    return;
  }
  const bytes = Buffer.from(text);
  let at = 0;
  try {
    while (at < bytes.length) at += writeSync(descriptor, bytes, at);
  } catch (error) {
    // Somebody made the pipe non-blocking, and it is full: the stream waits for its reader.
    if (codeOf(error) === "EAGAIN") streamOf(descriptor).write(bytes.subarray(at));
    else fail(state, error);
  }
}

function streamOf(descriptor: Descriptor): NodeJS.WriteStream {
  const stream = descriptor === OUTPUT ? process.stdout : process.stderr;
  const state = states[descriptor];
  if (!state.streamed) stream.on("error", (error) => fail(state, error));
  state.streamed = true;
  return stream;
}

function fail(state: State, error: unknown): void {
  // EOF: so Windows says it of a pipe.
  if (codeOf(error) === "EPIPE" || codeOf(error) === "EOF") state.gone = true;
  else state.failure = writeFailure(error);
}

/** Linux: /dev/null, /dev/full and the like. */
const MEMORY_DEVICES = 1;

/** A terminal is a character device; on Windows only the stream knows how to write to it. */
function mayBeTerminal(descriptor: Descriptor): boolean {
  const state = states[descriptor];
  state.terminal ??= isCharacterDevice(descriptor);
  return state.terminal;
}

function isCharacterDevice(descriptor: Descriptor): boolean {
  if (process.platform === "win32") return true;
  try {
    const status = fstatSync(descriptor);
    return status.isCharacterDevice() && !(process.platform === "linux" && status.rdev >> 8 === MEMORY_DEVICES);
  } catch {
    return false;
  }
}
