// The frames of a zstd file (RFC 8878 §3.1): where each ends, and what a decoder would have to hold in memory for it.

/**
 * The largest window that is unpacked: that of `zstd --ultra -22` and of `--long`, and the most that zstd itself unpacks unless it is
 * told otherwise. A few bytes can ask for 3.75 TiB.
 */
const MAX_WINDOW = 128 * 1024 * 1024;

/** Room for windows that each byte of a file earns: small frames of a file that was written bit by bit have a window of 2 MiB. */
const WINDOW_PER_BYTE = 1_024;

const MAGIC = 0xfd2fb528;
/** The low four bits are free (§3.1.2). */
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Window descriptor, dictionary id and content size at their longest (§3.1.1.1). */
const MAX_FIELDS = 1 + 4 + 8;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const RLE_BLOCK = 1;

/** What comes next in the file; "unknown" is for the decoder to complain about. */
type Part = "magic" | "skippable-size" | "descriptor" | "fields" | "block-header" | "unknown";

const LENGTHS = { magic: 4, "skippable-size": 4, descriptor: 1, "block-header": 3 } as const;

/** Follows the frames of one file, that is pushed in pieces of any size. */
export class ZstdFrames {
  /** A frame, or all together, asks for more than is unpacked. */
  tooWide = false;
  #part: Part = "magic";
  readonly #bytes = new Uint8Array(MAX_FIELDS);
  #have = 0;
  #need: number = LENGTHS.magic;
  /** Bytes that are none of our business: contents of blocks and of skippable frames, checksums. */
  #skip = 0;
  #descriptor = 0;
  /** Window of the current frame. */
  #window = 0;
  /** Windows of all frames and runs so far, and all that was followed, in bytes. */
  #windows = 0;
  #followed = 0;
  readonly #allWindows: number;

  /** `allWindows`: what all frames together may ask for at least, where room is made anew for each and moved with each block. */
  constructor(allWindows = Number.POSITIVE_INFINITY) {
    this.#allWindows = allWindows;
  }

  /** Takes `bytes[start, end)` up to the end of the frame that they belong to at most; returns how far. */
  follow(bytes: Uint8Array, start: number, end: number): number {
    for (let p = start; p < end; ) {
      if (this.#part === "unknown") return end;
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, end - p);
        this.#skip -= skipped;
        this.#followed += skipped;
        p += skipped;
      } else {
        this.#bytes[this.#have++] = bytes[p++]!;
        this.#followed++;
        if (this.#have === this.#need) this.#take();
      }
      if (this.between) return p;
    }
    return end;
  }

  /** All frames so far are whole. */
  get between(): boolean {
    return this.#part === "magic" && this.#have === 0 && this.#skip === 0;
  }

  #take(): void {
    const value = littleEndian(this.#bytes, 0, Math.min(this.#have, 4));
    switch (this.#part) {
      case "magic":
        if (value === MAGIC) this.#expect("descriptor");
        else this.#expect((value & ~0xf) >>> 0 === SKIPPABLE_MAGIC ? "skippable-size" : "unknown");
        return;
      case "skippable-size":
        this.#expect("magic");
        this.#skip = value;
        return;
      case "descriptor": {
        this.#descriptor = value;
        const { windowBytes, idBytes, sizeBytes } = fieldsOf(value);
        this.#expect("fields", windowBytes + idBytes + sizeBytes);
        return;
      }
      case "fields":
        this.#window = windowOf(this.#descriptor, this.#bytes);
        this.#takeWindow();
        this.#expect("block-header");
        return;
      case "block-header": {
        // §3.1.1.2: last or not, type, size; a run of one byte has only this byte, whatever its size.
        const type = (value >> 1) & 3;
        const isLast = (value & 1) !== 0;
        this.#expect(isLast ? "magic" : "block-header");
        // Four bytes stand for 128 KiB, behind which all of the window is moved.
        if (type === RLE_BLOCK) this.#takeWindow();
        this.#skip = (type === RLE_BLOCK ? 1 : value >> 3) + (isLast && (this.#descriptor & 4) !== 0 ? 4 : 0);
      }
    }
  }

  #takeWindow(): void {
    this.#windows += this.#window;
    this.tooWide ||= this.#window > MAX_WINDOW || this.#windows > this.#allWindows + this.#followed * WINDOW_PER_BYTE;
  }

  #expect(part: Part, length?: number): void {
    this.#part = part;
    this.#have = 0;
    this.#need = length ?? (part === "fields" || part === "unknown" ? 0 : LENGTHS[part]);
  }
}

/** Frame_Header_Descriptor (§3.1.1.1.1): which fields follow, and how long each is. */
function fieldsOf(descriptor: number): { windowBytes: number; idBytes: number; sizeBytes: number } {
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  return {
    windowBytes: single ? 0 : 1,
    idBytes: DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3],
    sizeBytes: sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag,
  };
}

/** Window size in bytes (§3.1.1.1.2); a single segment has to be held whole. */
function windowOf(descriptor: number, fields: Uint8Array): number {
  const { windowBytes, idBytes, sizeBytes } = fieldsOf(descriptor);
  if (windowBytes === 0) return littleEndian(fields, idBytes, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const base = 2 ** (10 + (fields[0]! >> 3));
  return base + (base / 8) * (fields[0]! & 7);
}

/** Exact up to 2^53, which is more than is compared with. */
function littleEndian(bytes: Uint8Array, start: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[start + i]!;
  return value;
}
