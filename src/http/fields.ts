// The header fields that are read, one row each with the reason; all others are passed over without becoming strings.
import { latin1 } from "../bytes/index.ts";

/** What is done with a field's value. */
type FieldUse =
  /** Kept as text for product marks and pages. */
  | "keep"
  /** The name of the cookie is kept. */
  | "cookie-name"
  /** Kept without query, fragment, values in its path and user information. */
  | "location"
  /** Read by the parser itself. */
  | "content-length"
  | "transfer-encoding"
  | "connection"
  | "proxy-connection"
  | "upgrade"
  | "host"
  | "user-agent"
  | "authorization"
  | "proxy-authorization"
  | "www-authenticate"
  | "proxy-authenticate";

const ROWS = {
  "content-length": { use: "content-length", why: "framing (RFC 9112 §6.2)" },
  "transfer-encoding": { use: "transfer-encoding", why: "framing (RFC 9112 §6.1)" },
  connection: { use: "connection", why: "whether the connection persists (RFC 9112 §9.3)" },
  "proxy-connection": {
    use: "proxy-connection",
    why: "the same, as old clients and proxies say it; in responses a mark of a proxy",
  },
  upgrade: { use: "upgrade", why: "what follows a 101 (RFC 9110 §7.8)" },
  host: { use: "host", why: "the URL of origin-form requests" },
  "user-agent": { use: "user-agent", why: "which program did not authenticate" },
  authorization: { use: "authorization", why: "credentials for an origin, reduced" },
  "proxy-authorization": { use: "proxy-authorization", why: "credentials for the proxy, reduced" },
  "www-authenticate": { use: "www-authenticate", why: "challenges of an origin" },
  "proxy-authenticate": { use: "proxy-authenticate", why: "challenges of a proxy" },
  server: { use: "keep", why: "product mark" },
  via: { use: "keep", why: "product mark, and the way of the message (RFC 9110 §7.6.3)" },
  "x-cache": { use: "keep", why: "product mark" },
  "x-cache-lookup": { use: "keep", why: "product mark" },
  "x-squid-error": { use: "keep", why: "product mark" },
  "x-bluecoat-via": { use: "keep", why: "product mark" },
  date: { use: "keep", why: "the sender's clock, which differs between a proxy and an origin" },
  "alt-svc": { use: "keep", why: "an origin that offers HTTP/3; no proxy does in its own answers" },
  "proxy-agent": { use: "keep", why: "product mark" },
  "proxy-support": { use: "keep", why: "session-based authentication through proxies (RFC 4559 §6)" },
  "content-type": { use: "keep", why: "an API's error is JSON, a proxy's is a page" },
  "content-encoding": { use: "keep", why: "undoing it before a page is looked at" },
  "set-cookie": { use: "cookie-name", why: "a site's own login sets cookies; names only" },
  location: { use: "location", why: "where a redirect to a login page leads" },
} as const satisfies Record<string, { use: FieldUse; why: string }>;

export interface FieldRow {
  readonly name: string;
  readonly use: FieldUse;
}

const BY_LENGTH: FieldRow[][] = [];
for (const [name, { use }] of Object.entries(ROWS)) {
  BY_LENGTH[name.length] ??= [];
  BY_LENGTH[name.length]!.push({ name, use });
}

/** The row of the field name in `bytes[start, end)`, whatever its case; null if the field is not wanted. */
export function fieldRow(bytes: Uint8Array, start: number, end: number): FieldRow | null {
  const candidates = BY_LENGTH[end - start];
  if (candidates === undefined) return null;
  for (const row of candidates) if (equalsIgnoringCase(bytes, start, row.name)) return row;
  return null;
}

/** `name` is lower case and as long as what is compared. */
function equalsIgnoringCase(bytes: Uint8Array, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** Names that are not in the table but met again and again: as many strings, whatever the number of heads. */
const MET: string[] = new Array<string>(256).fill("");

/** The field name in `bytes[start, end)` in lower case; the same string as last time if it was met before. */
export function fieldName(bytes: Uint8Array, start: number, end: number): string {
  // FNV-1a, folded to the table's size: names that share a slot take turns.
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at]! | 0x20), 0x01000193);
  const slot = (hash ^ (hash >>> 16)) & 0xff;
  const met = MET[slot]!;
  if (met.length === end - start && equalsIgnoringCase(bytes, start, met)) return met;
  const name = latin1(bytes, start, end).toLowerCase();
  // Latin-1 letters beyond ASCII have lower-case forms of their own, which are not compared here.
  if (name.length === end - start) MET[slot] = name;
  return name;
}
