// Authorization and Proxy-Authorization (RFC 9110 §11.6.2, §11.7.2). The secret ends here: names, lengths and a keyed hash go on.
import { latin1, readable } from "../bytes/index.ts";
import { decodeBase64 } from "./base64.ts";
import { readNegotiate } from "./negotiate.ts";
import { readNtlm } from "./ntlm.ts";
import type { Credentials, NtlmMessage } from "./types.ts";

/** User names are shown to people; longer ones are cut. */
const MAX_NAME = 256;

/** Makes the keyed hash of a field value: equal credentials have equal tags, and others (at 64 bits) never do. */
export type Tag = (bytes: Uint8Array) => string;

/** Credentials that were read, by tags of one maker: a client sends the same ones with every request. */
const READ = new WeakMap<Tag, Map<string, Credentials>>();
const MAX_READ = 500;

/** Reduces the field value `bytes[start, end)`. */
export function readCredentials(bytes: Uint8Array, start: number, end: number, tag: Tag): Credentials {
  let read = READ.get(tag);
  if (read === undefined || read.size >= MAX_READ) {
    read = new Map();
    READ.set(tag, read);
  }
  const own = tag(bytes.subarray(start, end));
  const known = read.get(own);
  if (known !== undefined && known.length === end - start) return known;
  const credentials = reduce(bytes, start, end, own);
  read.set(own, credentials);
  return credentials;
}

function reduce(bytes: Uint8Array, start: number, end: number, tag: string): Credentials {
  const value = latin1(bytes, start, end);
  const space = value.search(/[ \t]/);
  const scheme = space < 0 ? value : value.slice(0, space);
  const rest = space < 0 ? "" : value.slice(space + 1).trim();
  const base: Credentials = {
    scheme: schemeName(scheme),
    step: null,
    user: null,
    domain: null,
    workstation: null,
    length: end - start,
    tag,
    complete: true,
    malformed: false,
  };
  switch (scheme.toLowerCase()) {
    case "basic":
      return basic(base, rest);
    case "digest":
      return digest(base, rest);
    case "ntlm":
      return ntlm(base, rest);
    case "negotiate":
      return negotiate(base, rest);
    default:
      return { ...base, malformed: !isToken(scheme) || (base.scheme === UNKNOWN && rest === "") };
  }
}

/** Stands for a scheme that is not in the table. */
const UNKNOWN = "unknown";

/**
 * Schemes that may be shown: IANA's registry (HTTP Authentication Schemes), and what is met besides. Any other first word may
 * be the secret itself: some programs send a bare token, or one with something behind it.
 */
const SCHEMES = new Set(
  (
    "basic bearer concealed digest dpop gnap hoba mutual negotiate oauth privatetoken scram-sha-1 scram-sha-256 vapid " +
    "ntlm kerberos token apikey hawk mac aws aws4-hmac-sha256 sharedkey sharedaccesssignature wsse ssws googlelogin"
  ).split(" "),
);

function schemeName(word: string): string {
  return isKnownScheme(word) ? word : UNKNOWN;
}

/** Whether `word` is the name of a scheme, whatever its case. */
export function isKnownScheme(word: string): boolean {
  return SCHEMES.has(word.toLowerCase());
}

/** RFC 7617 §2: user-id up to the first colon; the rest is the password and goes nowhere. */
function basic(base: Credentials, text: string): Credentials {
  const bytes = decodeBase64(text);
  const colon = bytes === null ? -1 : bytes.indexOf(0x3a);
  if (bytes === null || colon < 0) return { ...base, malformed: true };
  // RFC 7617 §2.1: UTF-8 where that was agreed on.
  return { ...base, ...splitUser(readable(latin1(bytes, 0, colon))) };
}

/** RFC 7616 §3.4: username, username* (RFC 8187), or a hash of it (userhash), which is no name. */
function digest(base: Credentials, text: string): Credentials {
  if (/(^|[,\s])userhash\s*=\s*"?true/i.test(text)) return base;
  const extended = /(?:^|[,\s])username\*\s*=\s*UTF-8'[^']*'([^,\s]+)/i.exec(text)?.[1];
  if (extended !== undefined) return { ...base, ...splitUser(percentDecoded(extended)) };
  const quoted = /(?:^|[,\s])username\s*=\s*"((?:[^"\\]|\\.){0,512})"/i.exec(text)?.[1];
  if (quoted !== undefined) return { ...base, ...splitUser(readable(quoted.replace(/\\(.)/g, "$1"))) };
  const bare = /(?:^|[,\s])username\s*=\s*([^",\s]+)/i.exec(text)?.[1];
  if (bare !== undefined) return { ...base, ...splitUser(readable(bare)) };
  return { ...base, malformed: true };
}

function ntlm(base: Credentials, text: string): Credentials {
  const bytes = decodeBase64(text);
  const message = bytes === null ? null : readNtlm(bytes);
  return message === null ? { ...base, malformed: true } : { ...base, ...ntlmNames(message) };
}

function negotiate(base: Credentials, text: string): Credentials {
  const bytes = decodeBase64(text);
  if (bytes === null || bytes.length === 0) return { ...base, malformed: true };
  const token = readNegotiate(bytes);
  switch (token.kind) {
    case "ntlm":
      return { ...base, ...ntlmNames(token.message) };
    case "kerberos":
      return { ...base, step: "kerberos" };
    case "spnego":
      return { ...base, step: "spnego", complete: false };
    default:
      return { ...base, step: "unknown", malformed: true };
  }
}

/** Type 1 opens the handshake and names nobody; only type 3 can be refused. */
function ntlmNames(message: NtlmMessage): Pick<Credentials, "step" | "user" | "domain" | "workstation" | "complete"> {
  const { type, user, domain, workstation } = message;
  return {
    step: `type ${type}`,
    user: cut(user),
    domain: cut(domain),
    workstation: cut(workstation),
    complete: type === 3,
  };
}

function splitUser(name: string): Pick<Credentials, "user" | "domain"> {
  const slash = name.indexOf("\\");
  return slash < 0
    ? { user: cut(name), domain: null }
    : { user: cut(name.slice(slash + 1)), domain: cut(name.slice(0, slash)) };
}

function cut(name: string | null): string | null {
  return name === null ? null : name.slice(0, MAX_NAME);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Broken escapes: shown as they were sent.
    return text;
  }
}

function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);
}
