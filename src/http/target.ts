// Request targets (RFC 9112 §3.2): their four forms, and the authority of a CONNECT.
import { latin1 } from "../bytes/index.ts";
import type { RequestHead, Target } from "./types.ts";

/** Targets that were met, the newest ones: clients ask for the same few again and again. */
const MET = new Map<string, Target>();
const MAX_MET = 1_000;

/** The target of a CONNECT; text that is no authority is `malformed` and kept as sent, as far as a report may show it. */
export function parseTarget(text: string): Target {
  const met = MET.get(text);
  if (met !== undefined) return met;
  if (MET.size >= MAX_MET) MET.clear();
  const target = readTarget(text);
  MET.set(text, target);
  return target;
}

function readTarget(text: string): Target {
  const bracketed = /^\[([0-9a-f:.]+(?:%[\w.~-]+)?)\](?::(\d{0,5}))?$/i.exec(text);
  if (bracketed !== null) return { host: bracketed[1]!.toLowerCase(), port: port(bracketed[2]), kind: "ipv6", text };
  const plain = /^([^\s:/?#@[\]]+)(?::(\d{0,5}))?$/.exec(text);
  if (plain === null) {
    const shown = shownUrl(text);
    return { host: shown, port: null, kind: "malformed", text: shown };
  }
  const host = plain[1]!.toLowerCase();
  return { host, port: port(plain[2]), kind: isIpv4(host) ? "ipv4" : "name", text };
}

/** The form of a request target. */
export function formOf(method: string, target: string): RequestHead["form"] {
  if (method === "CONNECT") return "authority";
  if (target.startsWith("/")) return "origin";
  if (target === "*") return "asterisk";
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(target) ? "absolute" : "other";
}

/**
 * The text of the URI reference in `bytes[start, end)`, at most `max` characters, without user information: what stands
 * before an @ in the authority is a credential (RFC 9110 §4.2.4). `text` makes the text.
 */
export function withoutUserInfo(
  bytes: Uint8Array,
  start: number,
  end: number,
  max: number,
  text: (bytes: Uint8Array, start: number, end: number) => string = latin1,
): string {
  const authority = authorityAt(bytes, start, end);
  const host = authority < 0 ? authority : hostAt(bytes, authority, end);
  if (host <= authority) return text(bytes, start, Math.min(end, start + max));
  const before = latin1(bytes, start, Math.min(authority, start + max));
  return before + latin1(bytes, host, Math.min(end, host + max - before.length));
}

/**
 * A URI reference as it may be shown: without its query, its fragment and the values in its path (RFC 3986 §3.3:
 * `;jsessionid=...`), where sessions and tokens stand.
 */
export function shownUrl(reference: string): string {
  const end = reference.search(/[?#]/);
  const path = end < 0 ? reference : reference.slice(0, end);
  return path.includes(";") ? path.replace(/;[^/;=]*=[^/;]*/g, "") : path;
}

/** Where the authority begins: behind "scheme://" or "//", or at the start of what is no path. -1: there is none. */
function authorityAt(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] === SLASH) return bytes[start + 1] === SLASH ? start + 2 : -1;
  for (let at = start; at + 2 < end && at < start + MAX_SCHEME; at++) {
    if (bytes[at] === SLASH) return -1;
    if (bytes[at] === COLON && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH) return at + 3;
  }
  return start;
}

/** Behind the last @ of the authority that begins at `from`. */
function hostAt(bytes: Uint8Array, from: number, end: number): number {
  let host = from;
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === SLASH || byte === QUESTION || byte === HASH) break;
    if (byte === AT) host = at + 1;
  }
  return host;
}

/** Longest scheme that is looked for; the registry's are shorter. */
const MAX_SCHEME = 40;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION = 0x3f;
const HASH = 0x23;
const AT = 0x40;

function port(text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  return value <= 65535 ? value : null;
}

function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}
