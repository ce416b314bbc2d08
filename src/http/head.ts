// The head of an HTTP/1.x message (RFC 9112 §2–5) from bytes that hold all of it; lenient where real programs are.
import { familiar, fitted, readable, type StreamOffset, type Where } from "../bytes/index.ts";
import { looksLikeRequest, looksLikeResponse } from "./detect.ts";
import { type HeadFields, isBlank, noFields, takeField } from "./head-fields.ts";
import { shownMethod, shownTarget } from "./methods.ts";
import { formOf, withoutUserInfo } from "./target.ts";
import type { HttpContext, HttpHead } from "./types.ts";

/** Request targets and reason phrases are shown to people; kept lengths. */
export const MAX_TARGET = 2_048;
const MAX_REASON = 200;
/** Longest method kept. */
const MAX_METHOD = 64;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const AT = 0x40;

/** Where a head lies. */
export interface HeadPlace {
  readonly where: Where;
  /** Offset of the first byte behind it. */
  readonly end: StreamOffset;
  /** The capture lacks its rest. */
  readonly cut: boolean;
}

/**
 * What the first line of a message is, its LF included in `bytes[start, end)`: one that fields may follow, one of
 * HTTP/0.9 that nothing follows (RFC 1945 §4.1, Simple-Request), or none.
 */
export function firstLine(
  role: "request" | "response",
  bytes: Uint8Array,
  start: number,
  end: number,
): "message" | "simple" | "none" {
  if (role === "response") return looksLikeResponse(bytes, start, end) === "yes" ? "message" : "none";
  const lineEnd = trimmedEnd(bytes, start, end);
  for (let at = start; at < lineEnd && bytes[at] !== SPACE; at++) if (!isVisible(bytes[at]!)) return "none";
  if (versionAt(bytes, start, lineEnd) >= 0) return "message";
  if (looksLikeRequest(bytes, start, end) !== "yes") return "none";
  return bytes[start] === 0x47 && bytes[start + 1] === 0x45 && bytes[start + 3] === SPACE ? "simple" : "message";
}

/**
 * Reads the head in `bytes[start, end)`, its empty line included; of a cut one what is there. null: the first line is
 * none of HTTP/1.x (`role` says which one is expected), or too much of it is missing.
 */
export function readHead(
  role: "request" | "response",
  bytes: Uint8Array,
  start: number,
  end: number,
  place: HeadPlace,
  context: HttpContext,
): HttpHead | null {
  const lf = endOfLine(bytes, start, end);
  return role === "request"
    ? request(bytes, start, lf, end, place, context)
    : response(bytes, start, lf, end, place, context);
}

/** RFC 9112 §3: method SP target SP version. Spaces inside the target are tolerated; HTTP/0.9 has no version. */
function request(
  bytes: Uint8Array,
  start: number,
  lf: number,
  end: number,
  place: HeadPlace,
  context: HttpContext,
): HttpHead | null {
  const lineEnd = trimmedEnd(bytes, start, lf);
  const methodEnd = wordEnd(bytes, start, lineEnd);
  if (methodEnd === start || methodEnd - start > MAX_METHOD) return null;
  let from = methodEnd;
  while (from < lineEnd && isBlank(bytes[from]!)) from++;
  const versionFrom = versionAt(bytes, methodEnd, lineEnd);
  let to = versionFrom < 0 ? lineEnd : versionFrom;
  // The line itself is cut: the target is whole if a space follows it.
  if (lf === end && versionFrom < 0) {
    to = wordEnd(bytes, from, end);
    if (to === end) return null;
  }
  while (to > from && isBlank(bytes[to - 1]!)) to--;
  const method = shownMethod(familiar(bytes, start, methodEnd));
  const target = shownTarget(method, targetOf(method, bytes, from, to));
  const said = readFields(bytes, lf + 1, end, false, place.cut, context);
  return {
    kind: "request",
    where: place.where,
    end: place.end,
    version: versionFrom < 0 && !place.cut ? "HTTP/0.9" : version(bytes, versionFrom),
    cut: place.cut,
    names: fitted(said.names),
    fields: fitted(said.fields),
    contentLength: said.coded ? null : said.contentLength,
    chunked: said.chunked,
    connection: said.connection,
    upgrade: said.upgrade,
    method,
    target,
    form: formOf(method, target),
    scheme: null,
    host: said.host,
    proxyAuthorization: said.proxyAuthorization,
    authorization: said.authorization,
    userAgent: said.userAgent,
  };
}

/** RFC 9112 §4: version SP status SP reason; the reason and the space before it may be missing. */
function response(
  bytes: Uint8Array,
  start: number,
  lf: number,
  end: number,
  place: HeadPlace,
  context: HttpContext,
): HttpHead | null {
  const lineEnd = trimmedEnd(bytes, start, lf);
  let at = wordEnd(bytes, start, lineEnd);
  while (at < lineEnd && isBlank(bytes[at]!)) at++;
  let status = 0;
  let digits = 0;
  for (; at < lineEnd && digits < 3; at++, digits++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    status = status * 10 + digit;
  }
  if (digits !== 3 || status < 100) return null;
  const said = readFields(bytes, lf + 1, end, true, place.cut, context);
  while (at < lineEnd && isBlank(bytes[at]!)) at++;
  return {
    kind: "response",
    where: place.where,
    end: place.end,
    version: version(bytes, start),
    cut: place.cut,
    names: fitted(said.names),
    fields: fitted(said.fields),
    contentLength: said.coded ? null : said.contentLength,
    chunked: said.chunked,
    connection: said.connection,
    upgrade: said.upgrade,
    status,
    reason: readable(familiar(bytes, at, Math.min(lineEnd, at + MAX_REASON))),
    proxyChallenges: said.proxyChallenges,
    challenges: said.challenges,
  };
}

/** The target in `bytes[from, to)` without user information. */
function targetOf(method: string, bytes: Uint8Array, from: number, to: number): string {
  if (method !== "CONNECT") return withoutUserInfo(bytes, from, to, MAX_TARGET);
  // An authority has no path: everything up to an @ is user information, whatever characters are in it.
  let at = to - from - 1;
  while (at >= 0 && bytes[from + at] !== AT) at--;
  return familiar(bytes, from + at + 1, Math.min(to, from + at + 1 + MAX_TARGET));
}

/** Where "HTTP/" and a digit begin the last word of the line `bytes[start, end)`; -1: they do not. */
function versionAt(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && !isBlank(bytes[at - 1]!)) at--;
  if (at === start || end - at > 16) return -1;
  return looksLikeResponse(bytes, at, end) === "yes" ? at : -1;
}

/** The version that begins at `at`: HTTP/1.0 if it says so, else 1.1, which is what all others are read as. */
function version(bytes: Uint8Array, at: number): HttpHead["version"] {
  const isOneZero = at >= 0 && bytes[at + 5] === 0x31 && bytes[at + 6] === 0x2e && bytes[at + 7] === 0x30;
  return isOneZero ? "HTTP/1.0" : "HTTP/1.1";
}

/** The field lines in `bytes[from, end)`. Of a cut head the last line is left out if its end is not there. */
function readFields(
  bytes: Uint8Array,
  from: number,
  end: number,
  wantNames: boolean,
  cut: boolean,
  context: HttpContext,
): HeadFields {
  const said = noFields();
  for (let at = from; at < end; ) {
    let lineEnd = endOfLine(bytes, at, end);
    let folded = false;
    // obs-fold (RFC 9112 §5.2): a line that begins with white space belongs to the one before it.
    while (lineEnd + 1 < end && isBlank(bytes[lineEnd + 1]!)) {
      lineEnd = endOfLine(bytes, lineEnd + 1, end);
      folded = true;
    }
    if (cut && lineEnd === end) break;
    readField(bytes, at, lineEnd, folded, wantNames, said, context);
    at = lineEnd + 1;
  }
  return said;
}

function readField(
  bytes: Uint8Array,
  start: number,
  lineEnd: number,
  folded: boolean,
  wantName: boolean,
  said: HeadFields,
  context: HttpContext,
): void {
  let colon = start;
  while (colon < lineEnd && bytes[colon] !== COLON) colon++;
  if (colon === lineEnd) return;
  let nameEnd = colon;
  // RFC 9112 §5.1 forbids white space before the colon; some programs send it, and others accept it.
  while (nameEnd > start && isBlank(bytes[nameEnd - 1]!)) nameEnd--;
  let from = colon + 1;
  while (from < lineEnd && isSpace(bytes[from]!)) from++;
  const to = trimmedEnd(bytes, from, lineEnd);
  if (!folded) {
    takeField(said, wantName, bytes, start, nameEnd, bytes, from, to, context);
    return;
  }
  const joined = bytes.slice(from, to);
  for (let at = 0; at < joined.length; at++) if (joined[at] === CR || joined[at] === LF) joined[at] = SPACE;
  takeField(said, wantName, bytes, start, nameEnd, joined, 0, joined.length, context);
}

/** Index of the LF that ends the line, or `end`. */
function endOfLine(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== LF) at++;
  return at;
}

/** Index of the first blank, or `end`. */
function wordEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && !isBlank(bytes[at]!)) at++;
  return at;
}

function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && isSpace(bytes[at - 1]!)) at--;
  return at;
}

function isVisible(byte: number): boolean {
  return byte > SPACE && byte < 0x7f;
}

function isSpace(byte: number): boolean {
  return isBlank(byte) || byte === CR || byte === LF;
}
