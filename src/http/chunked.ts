// The chunked transfer coding (RFC 9112 §7.1) as a walk over its framing: sizes and trailers are read, data is counted.

/** A size of more digits than this is no size: 15 hexadecimal digits are beyond what a number holds exactly. */
const MAX_SIZE_DIGITS = 13;
/** Extensions and trailers are passed over; a line longer than this is no framing. */
const MAX_LINE = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;

type State = "size" | "extension" | "data" | "data-end" | "trailer" | "done" | "malformed";

/** One body. */
export class ChunkedBody {
  #state: State = "size";
  #size = 0;
  #digits = 0;
  #remaining = 0;
  #line = 0;
  /** Bytes of the last `take` that are data (they end where it ended). */
  data = 0;

  get done(): boolean {
    return this.#state === "done";
  }

  get malformed(): boolean {
    return this.#state === "malformed";
  }

  /** Data bytes ahead that need only be counted. */
  get ahead(): number {
    return this.#state === "data" ? this.#remaining : 0;
  }

  /** Passes over `length` bytes of the current chunk's data; false if they are not all within it. */
  pass(length: number): boolean {
    if (this.#state !== "data" || length > this.#remaining) return false;
    this.#remaining -= length;
    if (this.#remaining === 0) this.#state = "data-end";
    return true;
  }

  /** Takes framing up to the next data, or one run of data; returns where it stopped. */
  take(bytes: Uint8Array, start: number, end: number): number {
    this.data = 0;
    let at = start;
    while (at < end) {
      if (this.#state === "data") {
        if (at > start) return at;
        const length = Math.min(this.#remaining, end - at);
        this.pass(length);
        this.data = length;
        return at + length;
      }
      this.#byte(bytes[at++]!);
      if (this.#state === "done" || this.#state === "malformed") return at;
    }
    return at;
  }

  #byte(byte: number): void {
    switch (this.#state) {
      case "size":
        this.#sizeByte(byte);
        return;
      case "extension":
        if (byte === LF) this.#sizeEnds();
        else if (++this.#line > MAX_LINE) this.#state = "malformed";
        return;
      case "data-end":
        // A bare LF is tolerated.
        if (byte === LF) this.#state = "size";
        else if (byte !== CR) this.#state = "malformed";
        return;
      case "trailer":
        if (byte === LF) {
          if (this.#line === 0) this.#state = "done";
          this.#line = 0;
        } else if (byte !== CR && ++this.#line > MAX_LINE) this.#state = "malformed";
        return;
      default:
    }
  }

  #sizeByte(byte: number): void {
    const value = hexValue(byte);
    if (value >= 0) {
      this.#size = this.#size * 16 + value;
      if (++this.#digits > MAX_SIZE_DIGITS) this.#state = "malformed";
    } else if (this.#digits === 0) {
      if (byte !== CR && byte !== LF && byte !== 0x20) this.#state = "malformed";
    } else if (byte === LF) this.#sizeEnds();
    else if (byte === 0x3b || byte === CR || byte === 0x20 || byte === 0x09) this.#state = "extension";
    else this.#state = "malformed";
  }

  #sizeEnds(): void {
    this.#remaining = this.#size;
    this.#state = this.#size === 0 ? "trailer" : "data";
    this.#size = 0;
    this.#digits = 0;
    this.#line = 0;
  }
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
