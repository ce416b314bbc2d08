// The head of an HTTP/1.x message (RFC 9112 §2–5) from bytes that hold all of it; lenient where real programs are.
import { latin1, type StreamOffset, type Where } from "../bytes/index.ts";
import { readChallenges } from "./challenge.ts";
import { readCredentials } from "./credentials.ts";
import { type FieldRow, fieldRow } from "./fields.ts";
import { formOf, withoutUserInfo } from "./target.ts";
import type { Challenge, Credentials, HeaderField, HttpContext, HttpHead } from "./types.ts";

/** Request targets and reason phrases are shown to people; kept lengths. */
const MAX_TARGET = 2_048;
const MAX_REASON = 200;
/** Values kept for product marks. */
const MAX_VALUE = 256;
/** Names kept of one head. */
const MAX_NAMES = 64;
/** Kept fields of one head; set-cookie may repeat. */
const MAX_FIELDS = 32;

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

/** What the fields of a head said. One object per parser, reset for each head. */
interface Said {
  names: string[];
  fields: HeaderField[];
  contentLength: number | null;
  chunked: boolean;
  connection: "close" | "keep-alive" | null;
  upgrade: string | null;
  host: string | null;
  userAgent: string | null;
  authorization: Credentials | null;
  proxyAuthorization: Credentials | null;
  challenges: Challenge[];
  proxyChallenges: Challenge[];
}

/**
 * Reads the head in `bytes[start, end)`, its empty line included. null: the first line is none of HTTP/1.x
 * (`role` says which one is expected).
 */
export function readHead(
  role: "request" | "response",
  bytes: Uint8Array,
  start: number,
  end: number,
  where: Where,
  behind: StreamOffset,
  context: HttpContext,
): HttpHead | null {
  const lineEnd = endOfLine(bytes, start, end);
  const textEnd = trimmedEnd(bytes, start, lineEnd);
  return role === "request"
    ? request(bytes, start, textEnd, lineEnd + 1, end, where, behind, context)
    : response(bytes, start, textEnd, lineEnd + 1, end, where, behind, context);
}

/** RFC 9112 §3: method SP target SP version. Spaces inside the target are tolerated; HTTP/0.9 has no version. */
function request(
  bytes: Uint8Array,
  start: number,
  lineEnd: number,
  next: number,
  end: number,
  where: Where,
  behind: StreamOffset,
  context: HttpContext,
): HttpHead | null {
  const line = latin1(bytes, start, Math.min(lineEnd, start + MAX_TARGET + 64));
  const first = line.indexOf(" ");
  if (first <= 0) return null;
  const last = lineEnd - start > line.length ? -1 : line.lastIndexOf(" ");
  const versionText = last > first ? line.slice(last + 1) : "";
  const versioned = /^HTTP\/\d/i.test(versionText);
  const method = line.slice(0, first);
  const target = withoutUserInfo((versioned ? line.slice(first + 1, last) : line.slice(first + 1)).trim()).slice(
    0,
    MAX_TARGET,
  );
  const said = readFields(bytes, next, end, false, context);
  return {
    kind: "request",
    where,
    end: behind,
    version: versioned ? version(versionText) : "HTTP/0.9",
    names: said.names,
    fields: said.fields,
    contentLength: said.contentLength,
    chunked: said.chunked,
    connection: said.connection,
    upgrade: said.upgrade,
    method,
    target,
    form: formOf(method, target),
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
  lineEnd: number,
  next: number,
  end: number,
  where: Where,
  behind: StreamOffset,
  context: HttpContext,
): HttpHead | null {
  let at = start;
  while (at < lineEnd && bytes[at] !== 0x20) at++;
  const versionText = latin1(bytes, start, Math.min(at, start + 16));
  while (at < lineEnd && bytes[at] === 0x20) at++;
  let status = 0;
  let digits = 0;
  for (; at < lineEnd && digits < 3; at++, digits++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    status = status * 10 + digit;
  }
  if (digits !== 3 || status < 100) return null;
  const reason = latin1(bytes, Math.min(at + 1, lineEnd), Math.min(lineEnd, at + 1 + MAX_REASON));
  const said = readFields(bytes, next, end, true, context);
  return {
    kind: "response",
    where,
    end: behind,
    version: version(versionText),
    names: said.names,
    fields: said.fields,
    contentLength: said.contentLength,
    chunked: said.chunked,
    connection: said.connection,
    upgrade: said.upgrade,
    status,
    reason: reason.trim(),
    proxyChallenges: said.proxyChallenges,
    challenges: said.challenges,
  };
}

function version(text: string): HttpHead["version"] {
  return /^HTTP\/1\.0$/i.test(text) ? "HTTP/1.0" : "HTTP/1.1";
}

function readFields(bytes: Uint8Array, from: number, end: number, wantNames: boolean, context: HttpContext): Said {
  const said: Said = {
    names: [],
    fields: [],
    contentLength: null,
    chunked: false,
    connection: null,
    upgrade: null,
    host: null,
    userAgent: null,
    authorization: null,
    proxyAuthorization: null,
    challenges: [],
    proxyChallenges: [],
  };
  for (let at = from; at < end; ) {
    let lineEnd = endOfLine(bytes, at, end);
    let folded = false;
    // obs-fold (RFC 9112 §5.2): a line that begins with white space belongs to the one before it.
    while (lineEnd + 1 < end && (bytes[lineEnd + 1] === 0x20 || bytes[lineEnd + 1] === 0x09)) {
      lineEnd = endOfLine(bytes, lineEnd + 1, end);
      folded = true;
    }
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
  wantNames: boolean,
  said: Said,
  context: HttpContext,
): void {
  let colon = start;
  while (colon < lineEnd && bytes[colon] !== COLON) colon++;
  if (colon === lineEnd) return;
  let nameEnd = colon;
  // RFC 9112 §5.1 forbids white space before the colon; some programs send it, and others accept it.
  while (nameEnd > start && (bytes[nameEnd - 1] === 0x20 || bytes[nameEnd - 1] === 0x09)) nameEnd--;
  const row = fieldRow(bytes, start, nameEnd);
  if (wantNames && said.names.length < MAX_NAMES && nameEnd - start <= 64) {
    said.names.push(row?.name ?? latin1(bytes, start, nameEnd).toLowerCase());
  }
  if (row === null) return;
  let valueStart = colon + 1;
  while (valueStart < lineEnd && isSpace(bytes[valueStart]!)) valueStart++;
  const valueEnd = trimmedEnd(bytes, valueStart, lineEnd);
  if (folded) {
    const joined = unfold(bytes, valueStart, valueEnd);
    use(row, joined, 0, joined.length, said, context);
  } else use(row, bytes, valueStart, valueEnd, said, context);
}

function use(row: FieldRow, bytes: Uint8Array, start: number, end: number, said: Said, context: HttpContext): void {
  switch (row.use) {
    case "content-length":
      // Duplicates with one value are tolerated (RFC 9112 §6.3): the first counts.
      said.contentLength ??= contentLength(bytes, start, end);
      return;
    case "transfer-encoding":
      said.chunked ||= /(^|[,\s])chunked\s*$/i.test(latin1(bytes, start, Math.min(end, start + MAX_VALUE)));
      return;
    case "connection":
    case "proxy-connection": {
      const value = latin1(bytes, start, Math.min(end, start + MAX_VALUE)).toLowerCase();
      if (value.includes("close")) said.connection = "close";
      else if (value.includes("keep-alive")) said.connection ??= "keep-alive";
      if (row.use === "proxy-connection") keep(said, row.name, value);
      return;
    }
    case "upgrade":
      said.upgrade = latin1(bytes, start, Math.min(end, start + 64)).toLowerCase();
      return;
    case "host":
      said.host ??= withoutUserInfo(latin1(bytes, start, Math.min(end, start + MAX_VALUE)));
      return;
    case "user-agent":
      said.userAgent = latin1(bytes, start, Math.min(end, start + MAX_VALUE));
      return;
    case "authorization":
      said.authorization ??= readCredentials(bytes, start, end, context.tag);
      return;
    case "proxy-authorization":
      said.proxyAuthorization ??= readCredentials(bytes, start, end, context.tag);
      return;
    case "www-authenticate":
      said.challenges.push(...readChallenges(latin1(bytes, start, end)));
      return;
    case "proxy-authenticate":
      said.proxyChallenges.push(...readChallenges(latin1(bytes, start, end)));
      return;
    case "cookie-names":
      keep(
        said,
        row.name,
        latin1(bytes, start, Math.min(end, start + MAX_VALUE))
          .split("=", 1)[0]!
          .trim(),
      );
      return;
    case "location":
      keep(
        said,
        row.name,
        withoutUserInfo(latin1(bytes, start, Math.min(end, start + MAX_VALUE))).replace(/[?#].*$/s, ""),
      );
      return;
    case "keep":
      keep(said, row.name, latin1(bytes, start, Math.min(end, start + MAX_VALUE)));
  }
}

function keep(said: Said, name: string, value: string): void {
  if (said.fields.length < MAX_FIELDS) said.fields.push({ name, value });
}

/** Digits only (RFC 9110 §8.6); "5, 5" counts as 5. null for anything else. */
function contentLength(bytes: Uint8Array, start: number, end: number): number | null {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return at > start && bytes[at] === 0x2c ? value : null;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return null;
  }
  return end > start ? value : null;
}

function unfold(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const joined = bytes.slice(start, end);
  for (let at = 0; at < joined.length; at++) if (joined[at] === CR || joined[at] === LF) joined[at] = 0x20;
  return joined;
}

/** Index of the LF that ends the line, or `end`. */
function endOfLine(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== LF) at++;
  return at;
}

function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && isSpace(bytes[at - 1]!)) at--;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === CR || byte === LF;
}
