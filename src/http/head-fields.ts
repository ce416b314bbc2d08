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

/** The fields of one head, as they are read. */
export interface HeadFields {
  readonly names: string[];
  readonly fields: HeaderField[];
  contentLength: number | null;
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
      // Duplicates with one value are tolerated (RFC 9112 §6.3): the first counts.
      said.contentLength ??= contentLength(bytes, start, end);
      return;
    case "transfer-encoding":
      transferEncoding(latin1(bytes, start, shortEnd).toLowerCase(), said);
      return;
    case "connection":
      connection(bytes, start, shortEnd, said);
      return;
    case "proxy-connection":
      connection(bytes, start, shortEnd, said);
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
  if (hasWord(bytes, start, end, "close")) said.connection = "close";
  else if (hasWord(bytes, start, end, "keep-alive")) said.connection ??= "keep-alive";
}

/** Whether `word` (lower case) occurs in `bytes[start, end)`, whatever its case. */
function hasWord(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  for (let at = start; at + word.length <= end; at++) {
    let i = 0;
    while (i < word.length && (bytes[at + i]! | 0x20) === (word.charCodeAt(i) | 0x20)) i++;
    if (i === word.length) return true;
  }
  return false;
}

/** RFC 6265 §5.2: what stands before the "="; a cookie without one has no name, only a value. */
function cookieName(value: string): string {
  const pair = value.split(";", 1)[0] ?? "";
  const equals = pair.indexOf("=");
  return equals < 0 ? "" : pair.slice(0, equals).trim();
}

/** Digits only (RFC 9110 §8.6); "5, 5" counts as 5. null for anything else. */
function contentLength(bytes: Uint8Array, start: number, end: number): number | null {
  let value = 0;
  // Zeros in front may go on and on, over and over again.
  if (end - start > MAX_LENGTH_DIGITS) return null;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return at > start && bytes[at] === 0x2c ? value : null;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return null;
  }
  return end > start ? value : null;
}
