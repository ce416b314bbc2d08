// The header tables of HPACK: the static one (RFC 7541 Appendix A) and the dynamic one (§2.3.2, §4) of one direction.

/** A field as it is in a table; null where the capture does not tell. */
export interface Entry {
  readonly name: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** RFC 7541 Appendix A, from index 1: names, and values where the entry has one. */
const STATIC_ROWS: readonly string[] = [
  ":authority",
  ":method GET",
  ":method POST",
  ":path /",
  ":path /index.html",
  ":scheme http",
  ":scheme https",
  ":status 200",
  ":status 204",
  ":status 206",
  ":status 304",
  ":status 400",
  ":status 404",
  ":status 500",
  "accept-charset",
  "accept-encoding gzip, deflate",
  "accept-language",
  "accept-ranges",
  "accept",
  "access-control-allow-origin",
  "age",
  "allow",
  "authorization",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "etag",
  "expect",
  "expires",
  "from",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "link",
  "location",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authorization",
  "range",
  "referer",
  "refresh",
  "retry-after",
  "server",
  "set-cookie",
  "strict-transport-security",
  "transfer-encoding",
  "user-agent",
  "vary",
  "via",
  "www-authenticate",
];

/** Made when the first HTTP/2 connection asks. */
let made: readonly Entry[] | null = null;

function staticTable(): readonly Entry[] {
  made ??= STATIC_ROWS.map((row) => {
    const space = row.indexOf(" ");
    return space < 0
      ? { name: ascii(row), value: new Uint8Array(0) }
      : { name: ascii(row.slice(0, space)), value: ascii(row.slice(space + 1)) };
  });
  return made;
}

/** RFC 9113 §6.5.2: what an encoder may use until it says otherwise. */
const DEFAULT_SIZE = 4_096;
/** Browsers offer 64 KiB, servers 4 to 64; a table that is larger holds what was put there last. */
const MAX_SIZE = 256 * 1024;
/** RFC 7541 §4.1: what an entry weighs besides its text. */
const ENTRY_OVERHEAD = 32;

/** The indices of one direction: 1–61 static, then the dynamic table from its newest entry on. */
export class HeaderTable {
  /** Oldest first; those before `#first` were evicted. */
  #entries: (Entry | null)[] = [];
  #first = 0;
  #size = 0;
  #maximum = DEFAULT_SIZE;

  /** What the dynamic table holds weighs so much (RFC 7541 §4.1). */
  get size(): number {
    return this.#size;
  }

  /** Entries that can be referred to. */
  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** The entry with this index (RFC 7541 §2.3.3); null if there is none. */
  get(index: number): Entry | null {
    if (index <= STATIC_ROWS.length) return staticTable()[index - 1] ?? null;
    const at = this.#entries.length - (index - STATIC_ROWS.length);
    return at < this.#first ? null : (this.#entries[at] ?? null);
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#size += weight(entry);
    this.#evict();
  }

  /** A dynamic table size update (RFC 7541 §6.3). */
  resize(size: number): void {
    this.#maximum = Math.min(size, MAX_SIZE);
    this.#evict();
  }

  /** What is in the table, and how large it may be, is not known any more: entries that are added are kept as long as can be. */
  forget(): void {
    this.#entries = [];
    this.#first = 0;
    this.#size = 0;
    this.#maximum = MAX_SIZE;
  }

  #evict(): void {
    while (this.#size > this.#maximum) {
      const oldest = this.#entries[this.#first]!;
      this.#entries[this.#first++] = null;
      if (oldest !== null) this.#size -= weight(oldest);
    }
    // What was evicted is given back once it is half of the list.
    if (this.#first > 64 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}

function weight(entry: Entry): number {
  return (entry.name?.length ?? 0) + (entry.value?.length ?? 0) + ENTRY_OVERHEAD;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
