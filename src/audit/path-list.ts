// A list of paths: one a line, or each with a NUL behind it (`find -print0`), in UTF-8 or as Windows writes text.
import { latin1, utf16le } from "../bytes/index.ts";

/** Bytes in which it is seen how a list is written; no path is as long (Windows: 32,767 characters of two or three bytes). */
const LOOKED_BYTES = 128 * 1024;
const LF = 10;
const CR = 13;

/** What a list begins with, and its other pieces. */
export interface BegunList {
  readonly first: Buffer;
  readonly rest: Iterable<Uint8Array>;
}

/** Reads the beginning of a list. */
export function beginList(pieces: Iterator<Uint8Array>): BegunList {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < LOOKED_BYTES) {
    const { done, value } = pieces.next();
    if (done === true) break;
    parts.push(value);
    bytes += value.length;
  }
  return { first: Buffer.concat(parts), rest: { [Symbol.iterator]: () => pieces } };
}

/**
 * The paths, as they are read. Empty lines and those that begin with # are passed over; `tooLong` is told the number, from 1, of
 * what is longer than any path.
 */
export function* pathsIn(
  { first, rest }: BegunList,
  tooLong: (number: number) => void = () => {},
): Generator<string, void, undefined> {
  const form = formOf(first);
  const { end, decode } = form;
  /** The line that goes on in the next piece: its bytes, unless it is too long, and how many it has. */
  let held: Uint8Array[] = [];
  let length = 0;
  let isComment = false;
  let number = 1;
  const add = (bytes: Uint8Array): void => {
    if (length === 0) isComment = end === LF && decode(Buffer.from(bytes.subarray(0, form.unit))) === "#";
    length += bytes.length;
    if (length > LOOKED_BYTES) held = [];
    else if (bytes.length > 0 && !isComment) held.push(bytes);
  };
  const taken = (ended: boolean): string | null => {
    const isTooLong = length > LOOKED_BYTES && !isComment;
    const text = isComment || isTooLong ? "" : decode(Buffer.concat(held));
    if (isTooLong) tooLong(number);
    held = [];
    length = 0;
    isComment = false;
    number++;
    if (end !== LF) return text === "" ? null : text;
    if (text.trim() === "") return null;
    return ended && text.charCodeAt(text.length - 1) === CR ? text.slice(0, -1) : text;
  };
  for (const piece of inUnits(first.subarray(form.start), rest, form)) {
    let from = 0;
    for (let at = endFrom(piece, from, form); at >= 0; at = endFrom(piece, from, form)) {
      add(piece.subarray(from, at));
      const path = taken(true);
      if (path !== null) yield path;
      from = at + form.unit;
    }
    if (from < piece.length) add(piece.subarray(from));
  }
  const path = taken(false);
  if (path !== null) yield path;
}

/** How a list is written. */
interface Form {
  /** Bytes before the first path. */
  readonly start: number;
  /** Bytes of a character that ends a path, and which of them is the low one. */
  readonly unit: 1 | 2;
  readonly low: 0 | 1;
  readonly end: number;
  readonly decode: (bytes: Buffer) => string;
}

/** Windows' PowerShell writes UTF-16 behind a mark, its `cmd /u` the same without one: then line ends tell it. */
function formOf(first: Buffer): Form {
  const mark = (first[0] ?? 0) * 256 + (first[1] ?? 0);
  const endOf = (text: string): number => (text.includes("\0") ? 0 : LF);
  if (mark === 0xfffe) return { start: 2, unit: 2, low: 0, end: endOf(utf16le(first, 2)), decode: utf16le };
  if (mark === 0xfeff) {
    const decode = (bytes: Buffer): string => utf16le(swapped(bytes));
    return { start: 2, unit: 2, low: 1, end: endOf(decode(first.subarray(2))), decode };
  }
  if (first[1] === 0 && latin1(first, 0, LOOKED_BYTES).includes("\r\0\n\0"))
    return { start: 0, unit: 2, low: 0, end: endOf(utf16le(first)), decode: utf16le };
  const start = first[0] === 0xef && first[1] === 0xbb && first[2] === 0xbf ? 3 : 0;
  return { start, unit: 1, low: 0, end: first.includes(0) ? 0 : LF, decode: (bytes) => bytes.toString("utf8") };
}

function swapped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => bytes[at ^ 1] ?? byte);
}

/** The pieces, of whole units. */
function* inUnits(first: Uint8Array, rest: Iterable<Uint8Array>, { unit }: Form): Generator<Uint8Array> {
  let odd: Uint8Array = first.subarray(first.length - (first.length % unit));
  yield first.subarray(0, first.length - odd.length);
  for (const piece of rest) {
    const bytes = odd.length === 0 ? piece : Buffer.concat([odd, piece]);
    odd = bytes.subarray(bytes.length - (bytes.length % unit));
    yield bytes.subarray(0, bytes.length - odd.length);
  }
}

/** Where the next character that ends a path is; -1: not in this piece. */
function endFrom(bytes: Uint8Array, from: number, { unit, low, end }: Form): number {
  for (let at = bytes.indexOf(end, from); at >= 0; at = bytes.indexOf(end, at + 1)) {
    if (unit === 1) return at;
    if (at % 2 === low && bytes[at ^ 1] === 0) return at - low;
  }
  return -1;
}
