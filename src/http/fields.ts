// The header fields that are read, one row each with the reason; all others are passed over without becoming strings.

/** What is done with a field's value. */
export type FieldUse =
  /** Kept as text for product marks and pages. */
  | "keep"
  /** Kept as the list of cookie names. */
  | "cookie-names"
  /** Kept without query, fragment and user information. */
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
    why: "the same, as old clients and proxies say it; a mark of a proxy in responses",
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
  "proxy-agent": { use: "keep", why: "product mark" },
  "proxy-support": { use: "keep", why: "session-based authentication through proxies (RFC 4559 §6)" },
  "content-type": { use: "keep", why: "an API's error is JSON, a proxy's is a page" },
  "content-encoding": { use: "keep", why: "undoing it before a page is looked at" },
  "set-cookie": { use: "cookie-names", why: "a site's own login sets cookies; names only" },
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
