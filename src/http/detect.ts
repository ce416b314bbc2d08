// Whether bytes begin an HTTP/1.x message: asked of the first bytes of every connection, so nothing is allocated here.

/** `more`: too few bytes to tell. */
export type Looks = "yes" | "no" | "more";

/** Longest method that is taken for one; the registry's longest is UPDATEREDIRECTREF (17). */
const MAX_METHOD = 20;
/** Spaces between method and target that are tolerated; some tools send more than one to slip past filters. */
const MAX_SPACES = 24;
const SPACE = 0x20;
const SCHEMES = ["http://", "https://", "ftp://"];

/** A method token of capitals, a space, and a target that can be one. */
export function looksLikeRequest(bytes: Uint8Array, start: number, end: number): Looks {
  const from = skipEmptyLines(bytes, start, end);
  const space = methodEnd(bytes, from, end);
  if (space < 0) return space === MORE ? "more" : "no";
  let target = space + 1;
  while (target < end && bytes[target] === SPACE && target < space + MAX_SPACES) target++;
  if (target >= end) return "more";
  if (isConnect(bytes, from, space)) return "yes";
  const next = bytes[target]!;
  if (next === SLASH || next === STAR) return "yes";
  return schemeAt(bytes, target, end);
}

/** `HTTP/` and a digit. */
export function looksLikeResponse(bytes: Uint8Array, start: number, end: number): Looks {
  const from = skipEmptyLines(bytes, start, end);
  for (let i = 0; i < 5; i++) {
    if (from + i >= end) return "more";
    if ((bytes[from + i]! & ~0x20) !== (HTTP_SLASH[i]! & ~0x20)) return "no";
  }
  if (from + 5 >= end) return "more";
  const digit = bytes[from + 5]!;
  return digit >= 0x30 && digit <= 0x39 ? "yes" : "no";
}

/** The status of a response of HTTP/1.x that begins here (RFC 9112 §4); null of anything else, and of less than its three digits. */
export function statusAt(bytes: Uint8Array, start: number, end: number): number | null {
  const at = skipEmptyLines(bytes, start, end) + "HTTP/1.x ".length;
  if (looksLikeResponse(bytes, start, end) !== "yes" || at + 3 > end) return null;
  let status = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return null;
    status = status * 10 + digit;
  }
  return status;
}

/** What a request says of who it is for: CONNECT and absolute-form speak to a proxy (RFC 9112 §3.2.2, §3.2.3). */
export function requestForm(bytes: Uint8Array, start: number, end: number): "connect" | "absolute" | "other" | "more" {
  const from = skipEmptyLines(bytes, start, end);
  const space = methodEnd(bytes, from, end);
  if (space < 0) return space === MORE ? "more" : "other";
  if (isConnect(bytes, from, space)) return "connect";
  const scheme = schemeAt(bytes, space + 1, end);
  return scheme === "yes" ? "absolute" : scheme === "more" ? "more" : "other";
}

const SLASH = 0x2f;
const STAR = 0x2a;
const HTTP_SLASH = [0x48, 0x54, 0x54, 0x50, 0x2f];
const NONE = -1;
const MORE = -2;

/** Servers ignore an empty line before a request (RFC 9112 §2.2). */
function skipEmptyLines(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && at < start + 4 && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  return at;
}

/** Index of the space behind a method of capitals (and - or _), NONE or MORE. */
function methodEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; ; at++) {
    if (at >= end) return at - from > MAX_METHOD ? NONE : MORE;
    const byte = bytes[at]!;
    if (byte === SPACE) return at - from >= 3 ? at : NONE;
    if (at - from >= MAX_METHOD || !((byte >= 0x41 && byte <= 0x5a) || byte === 0x2d || byte === 0x5f)) return NONE;
  }
}

function isConnect(bytes: Uint8Array, from: number, space: number): boolean {
  return (
    space - from === 7 &&
    bytes[from] === 0x43 &&
    bytes[from + 1] === 0x4f &&
    bytes[from + 2] === 0x4e &&
    bytes[from + 3] === 0x4e &&
    bytes[from + 4] === 0x45 &&
    bytes[from + 5] === 0x43 &&
    bytes[from + 6] === 0x54
  );
}

function schemeAt(bytes: Uint8Array, at: number, end: number): Looks {
  let more = false;
  for (const scheme of SCHEMES) {
    const answer = matches(bytes, at, end, scheme);
    if (answer === "yes") return "yes";
    if (answer === "more") more = true;
  }
  return more ? "more" : "no";
}

function matches(bytes: Uint8Array, at: number, end: number, scheme: string): Looks {
  for (let i = 0; i < scheme.length; i++) {
    if (at + i >= end) return "more";
    const byte = bytes[at + i]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== scheme.charCodeAt(i)) return "no";
  }
  return "yes";
}

/** Of ASCII. */
export function isLetterOrDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
}
