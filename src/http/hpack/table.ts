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

/** Numbers per entry: where its text begins, and the lengths of name and value; -1 where the capture does not tell. */
const MARKS = 3;

/** The indices of one direction: 1–61 static, then the dynamic table from its newest entry on. */
export class HeaderTable {
  /**
   * Names and values, one behind the other, oldest entry first. Bytes are never overwritten: views of them stay good. An array for
   * each would take ten times what an entry without text weighs.
   */
  #text: Uint8Array = NOTHING;
  #textEnd = 0;
  #marks = new Int32Array(0);
  /** Entries in `#marks`, and how many of the first of them were evicted. */
  #count = 0;
  #first = 0;
  #size = 0;
  #maximum = DEFAULT_SIZE;

  /** What the dynamic table takes in memory. */
  get kept(): number {
    return this.#text.length + this.#marks.byteLength;
  }

  /** What the dynamic table holds weighs so much (RFC 7541 §4.1). */
  get size(): number {
    return this.#size;
  }

  /** Entries that can be referred to. */
  get length(): number {
    return this.#count - this.#first;
  }

  /** The entry with this index (RFC 7541 §2.3.3); null if there is none. */
  get(index: number): Entry | null {
    if (index <= STATIC_ROWS.length) return staticTable()[index - 1] ?? null;
    const at = this.#count - (index - STATIC_ROWS.length);
    if (at < this.#first) return null;
    const start = this.#marks[at * MARKS]!;
    const name = this.#marks[at * MARKS + 1]!;
    const value = this.#marks[at * MARKS + 2]!;
    const behind = start + Math.max(0, name);
    return {
      name: name < 0 ? null : this.#text.subarray(start, behind),
      value: value < 0 ? null : this.#text.subarray(behind, behind + value),
    };
  }

  add({ name, value }: Entry): void {
    const length = (name?.length ?? 0) + (value?.length ?? 0);
    // RFC 7541 §4.4: room is made first, and what is larger than the table empties it.
    this.#evict(this.#maximum - length - ENTRY_OVERHEAD);
    if (length + ENTRY_OVERHEAD > this.#maximum) return;
    this.#makeRoom(length);
    this.#marks[this.#count * MARKS] = this.#textEnd;
    this.#marks[this.#count * MARKS + 1] = name?.length ?? -1;
    this.#marks[this.#count * MARKS + 2] = value?.length ?? -1;
    this.#count++;
    this.#size += length + ENTRY_OVERHEAD;
    for (const part of [name, value]) {
      if (part === null) continue;
      this.#text.set(part, this.#textEnd);
      this.#textEnd += part.length;
    }
  }

  /** A dynamic table size update (RFC 7541 §6.3). */
  resize(size: number): void {
    this.#maximum = Math.min(size, MAX_SIZE);
    this.#evict(this.#maximum);
  }

  /** What is in the table, and how large it may be, is not known any more: entries that are added are kept as long as can be. */
  forget(): void {
    this.#text = NOTHING;
    this.#textEnd = 0;
    this.#marks = new Int32Array(0);
    this.#count = 0;
    this.#first = 0;
    this.#size = 0;
    this.#maximum = MAX_SIZE;
  }

  #evict(maximum: number): void {
    while (this.#size > maximum && this.#first < this.#count) this.#size -= this.#weight(this.#first++);
  }

  #weight(at: number): number {
    return Math.max(0, this.#marks[at * MARKS + 1]!) + Math.max(0, this.#marks[at * MARKS + 2]!) + ENTRY_OVERHEAD;
  }

  /** Makes room for one more entry; what was evicted is given back then. */
  #makeRoom(length: number): void {
    const entries = this.length;
    const start = entries === 0 ? this.#textEnd : this.#marks[this.#first * MARKS]!;
    const live = this.#textEnd - start;
    if (this.#textEnd + length > this.#text.length) {
      const text = new Uint8Array(Math.max(FIRST_TEXT, 2 * (live + length)));
      text.set(this.#text.subarray(start, this.#textEnd));
      this.#text = text;
      this.#textEnd = live;
      for (let at = this.#first; at < this.#count; at++) this.#marks[at * MARKS]! -= start;
    }
    if ((this.#count + 1) * MARKS > this.#marks.length) {
      const marks = new Int32Array(Math.max(FIRST_ENTRIES, 2 * (entries + 1)) * MARKS);
      marks.set(this.#marks.subarray(this.#first * MARKS, this.#count * MARKS));
      this.#marks = marks;
      this.#first = 0;
      this.#count = entries;
    }
  }
}

/** First room; a browser's requests to one site have some twenty entries. */
const FIRST_TEXT = 512;
const FIRST_ENTRIES = 16;
const NOTHING = new Uint8Array(0);

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
