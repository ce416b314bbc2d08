// What the fields of one head say (RFC 9110 §5), whether they came as lines or through HPACK. Secrets are reduced here.
import { familiar, latin1 } from "../bytes/index.ts";
import { readChallenges } from "./challenge.ts";
import { readCredentials } from "./credentials.ts";
import { type FieldRow, fieldName, fieldRow } from "./fields.ts";
import { shownUrl, withoutUserInfo } from "./target.ts";
import type { Challenge, Credentials, HeaderField, HttpContext } from "./types.ts";

/** Values kept for product marks. */
const MAX_VALUE = 256;
/** Names kept of one head. */
const MAX_NAMES = 64;
/** A longer name is no mark of anything. */
const MAX_NAME_BYTES = 64;
/** Kept fields of one head; set-cookie may repeat. */
const MAX_FIELDS = 32;
/** Longest Content-Length that is read, a list of equal ones included. */
const MAX_LENGTH_DIGITS = 1_024;
/** Challenges kept of one head, over all its fields; real ones offer a handful. */
const MAX_CHALLENGES = 32;

const COMMA = 0x2c;

/** The fields of one head, as they are read. */
export interface HeadFields {
  readonly names: string[];
  readonly fields: HeaderField[];
  contentLength: number | null;
  /** Content-Length was no number, or two that differ: what any more of them say counts for nothing. */
  badLength: boolean;
  chunked: boolean;
  /** Another transfer coding than chunked is the last one: only the end of the connection ends the body. */
  coded: boolean;
  connection: "close" | "keep-alive" | null;
  upgrade: string | null;
  host: string | null;
  userAgent: string | null;
  authorization: Credentials | null;
  proxyAuthorization: Credentials | null;
  readonly challenges: Challenge[];
  readonly proxyChallenges: Challenge[];
}

/** Fields of a head of which none was read yet. */
export function noFields(): HeadFields {
  return {
    names: [],
    fields: [],
    contentLength: null,
    badLength: false,
    chunked: false,
    coded: false,
    connection: null,
    upgrade: null,
    host: null,
    userAgent: null,
    authorization: null,
    proxyAuthorization: null,
    challenges: [],
    proxyChallenges: [],
  };
}

/**
 * Takes the field with the name `name[nameStart, nameEnd)`, of any case, and the value `value[start, end)` without white
 * space around it. Its name is kept if `wantName`.
 */
export function takeField(
  said: HeadFields,
  wantName: boolean,
  name: Uint8Array,
  nameStart: number,
  nameEnd: number,
  value: Uint8Array,
  start: number,
  end: number,
  context: HttpContext,
): void {
  const row = fieldRow(name, nameStart, nameEnd);
  if (wantName) takeName(said, name, nameStart, nameEnd, row);
  if (row !== null) use(row, value, start, end, said, context);
}

/** Keeps the name of a field whose value is not to be read. */
export function takeName(
  said: HeadFields,
  name: Uint8Array,
  start: number,
  end: number,
  row: FieldRow | null = fieldRow(name, start, end),
): void {
  if (said.names.length >= MAX_NAMES || end - start > MAX_NAME_BYTES) return;
  said.names.push(row?.name ?? fieldName(name, start, end));
}

function use(
  row: FieldRow,
  bytes: Uint8Array,
  start: number,
  end: number,
  said: HeadFields,
  context: HttpContext,
): void {
  const shortEnd = Math.min(end, start + MAX_VALUE);
  switch (row.use) {
    case "content-length":
      takeLength(said, contentLength(bytes, start, end));
      return;
    case "transfer-encoding":
      transferEncoding(latin1(bytes, start, shortEnd).toLowerCase(), said);
      return;
    case "connection":
      connection(bytes, start, end, said);
      return;
    case "proxy-connection":
      connection(bytes, start, end, said);
      keep(said, row.name, familiar(bytes, start, shortEnd));
      return;
    case "upgrade":
      said.upgrade = latin1(bytes, start, Math.min(end, start + 64)).toLowerCase();
      return;
    case "host":
      said.host ??= withoutUserInfo(bytes, start, end, MAX_VALUE, familiar);
      return;
    case "user-agent":
      said.userAgent = familiar(bytes, start, shortEnd);
      return;
    case "authorization":
      said.authorization ??= readCredentials(bytes, start, end, context.tag);
      return;
    case "proxy-authorization":
      said.proxyAuthorization ??= readCredentials(bytes, start, end, context.tag);
      return;
    case "www-authenticate":
      addChallenges(said.challenges, bytes, start, end);
      return;
    case "proxy-authenticate":
      addChallenges(said.proxyChallenges, bytes, start, end);
      return;
    case "cookie-name":
      keep(said, row.name, cookieName(latin1(bytes, start, shortEnd)));
      return;
    case "location":
      keep(said, row.name, shownUrl(withoutUserInfo(bytes, start, end, MAX_VALUE)));
      return;
    case "keep":
      keep(said, row.name, familiar(bytes, start, shortEnd));
  }
}

function keep(said: HeadFields, name: string, value: string): void {
  if (said.fields.length < MAX_FIELDS) said.fields.push({ name, value });
}

function addChallenges(list: Challenge[], bytes: Uint8Array, start: number, end: number): void {
  if (list.length >= MAX_CHALLENGES) return;
  for (const challenge of readChallenges(latin1(bytes, start, end))) {
    if (list.length < MAX_CHALLENGES) list.push(challenge);
  }
}

/** RFC 9112 §6.1: chunked frames a message only as the last coding. Several fields make one list. */
function transferEncoding(value: string, said: HeadFields): void {
  const last = value.slice(value.lastIndexOf(",") + 1).trim();
  if (last === "" || last === "identity") return;
  said.chunked = last === "chunked";
  said.coded = !said.chunked;
}

function connection(bytes: Uint8Array, start: number, end: number, said: HeadFields): void {
  if (hasToken(bytes, start, end, "close")) said.connection = "close";
  else if (hasToken(bytes, start, end, "keep-alive")) said.connection ??= "keep-alive";
}

/** Whether `token` (lower case) is in the list `bytes[start, end)`, whatever its case. */
function hasToken(bytes: Uint8Array, start: number, end: number, token: string): boolean {
  for (let at = start; at < end; at++) {
    const from = at;
    at = elementEnd(bytes, at, end);
    if (isWord(bytes, from, at, token)) return true;
  }
  return false;
}

/** Whether `bytes[start, end)` is `word` (lower case), whatever its case, with blanks around it. */
function isWord(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  let from = start;
  while (from < end && isBlank(bytes[from]!)) from++;
  let to = end;
  while (to > from && isBlank(bytes[to - 1]!)) to--;
  if (to - from !== word.length) return false;
  let i = 0;
  while (i < word.length && (bytes[from + i]! | 0x20) === word.charCodeAt(i)) i++;
  return i === word.length;
}

/** Where an element of a comma list (RFC 9110 §5.6.1) ends that begins at `at`. */
function elementEnd(bytes: Uint8Array, at: number, end: number): number {
  let comma = at;
  while (comma < end && bytes[comma] !== COMMA) comma++;
  return comma;
}

/** RFC 6265 §5.2: what stands before the "="; a cookie without one has no name, only a value. */
function cookieName(value: string): string {
  const pair = value.split(";", 1)[0] ?? "";
  const equals = pair.indexOf("=");
  return equals < 0 ? "" : pair.slice(0, equals).trim();
}

/** RFC 9112 §6.3: the same number again changes nothing; another one, or none, leaves unsaid where the body ends. */
function takeLength(said: HeadFields, length: number | null): void {
  said.badLength ||= length === null || (said.contentLength ?? length) !== length;
  said.contentLength = said.badLength ? null : length;
}

/** A number (RFC 9110 §8.6), or a list of the same one: "5, 5" is 5. null for anything else, "5, 6" too. */
function contentLength(bytes: Uint8Array, start: number, end: number): number | null {
  // Zeros in front may go on and on, over and over again.
  if (end - start > MAX_LENGTH_DIGITS) return null;
  let length: number | null = null;
  for (let at = start; ; at++) {
    const from = at;
    at = elementEnd(bytes, at, end);
    const value = wholeNumber(bytes, from, at);
    if (value === null || (length ?? value) !== value) return null;
    length = value;
    if (at === end) return length;
  }
}

/** Digits with blanks around them; null for anything else. */
function wholeNumber(bytes: Uint8Array, start: number, end: number): number | null {
  let at = start;
  while (at < end && isBlank(bytes[at]!)) at++;
  const from = at;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return null;
  }
  if (at === from) return null;
  while (at < end && isBlank(bytes[at]!)) at++;
  return at === end ? value : null;
}

/** Space or tab (RFC 9110 §5.6.3). */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}
