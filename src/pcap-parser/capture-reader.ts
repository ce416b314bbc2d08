// Cuts the chunks of a file into whole records: in place where a record lies in one chunk, else through a small buffer.
import { DETECT_BYTES, walkerFor } from "./detect.ts";
import { notACapture, SNIFF_BYTES } from "./foreign.ts";
import { Tally } from "./tally.ts";
import type { CaptureReader, CaptureSink, CaptureSummary, NotACapture } from "./types.ts";
import type { Walker } from "./walker.ts";

/**
 * Makes a reader for one capture, pcap or pcapng as its first bytes say. Nothing throws but what the sink throws.
 *
 * What is odd goes to `sink.note` at the latest in `end()`; kinds of oddities are noted once, with a count.
 */
export function createCaptureReader(sink: CaptureSink): CaptureReader {
  return new ChunkedReader(sink);
}

/** First size of the buffer for a record that crosses chunks: of files that are one chunk nothing does. */
const FIRST_CARRY = 256;
const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

class ChunkedReader implements CaptureReader {
  failed: NotACapture | null = null;
  readonly #tally: Tally;
  #walker: Walker | null = null;
  /** The first bytes are no capture's; more of them are gathered to say what it is. */
  #foreign = false;
  #total = 0;
  #view: DataView = NO_VIEW;
  /**
   * The beginning of a record that crosses chunks: `#carry[0, #carried)`. Never more than the walker's `need`, which is at most
   * a block that is looked at whole (16 MiB), and grown only as bytes arrive.
   */
  #carry = NO_BYTES;
  #carryView = NO_VIEW;
  #carried = 0;

  constructor(sink: CaptureSink) {
    this.#tally = new Tally(sink);
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    const base = this.#total - start;
    this.#total += end - start;
    let p = start;
    while (p < end && this.#reading) {
      const skip = this.#walker === null ? 0 : this.#walker.skip;
      if (skip > 0) {
        const passed = Math.min(skip, end - p);
        this.#walker!.skip = skip - passed;
        p += passed;
      } else if (this.#carried > 0 || !this.#begun(bytes, p, end)) {
        p = this.#throughCarry(bytes, p, end, base);
      } else {
        const walker = this.#walker!;
        const from = p;
        p = walker.walk(bytes, this.#viewOf(bytes), p, end, base);
        this.failed = walker.refused;
        if (p < end && walker.skip === 0 && this.#reading) p = this.#throughCarry(bytes, p, end, base);
        // What was taken for a capture, and is damaged at its very start: its first bytes say what it seems to be.
        else if (!walker.opened && !this.#reading) this.#keep(bytes, from, Math.min(walker.need, end - from));
      }
    }
  }

  end(): CaptureSummary | NotACapture {
    const walker = this.#walker;
    if (walker === null || !walker.opened) {
      // A file header that is not whole says as little as a foreign one: not even the link type is known.
      this.failed ??= walker?.refused ?? notACapture(this.#carry.subarray(0, this.#carried));
      return this.failed;
    }
    walker.finish();
    const stopped = this.#tally.stopped;
    const cutShort = stopped === null && (this.#carried > 0 || walker.skip > 0);
    if (cutShort) {
      const missing = walker.skip > 0 ? walker.skip : walker.need - this.#carried;
      const frame = this.#tally.packets;
      this.#tally.sink.note({ id: "capture-cut-short", frame, at: this.#total, detail: { missing } });
    }
    this.#tally.flush();
    const { start, end } = this.#tally.span;
    return {
      format: walker.format,
      packets: this.#tally.packets,
      bytes: this.#total,
      interfaces: walker.interfaces,
      sections: walker.sections,
      byteOrder: walker.byteOrder,
      start,
      end,
      truncatedPackets: this.#tally.truncatedPackets,
      cutShort,
      stopped,
    };
  }

  /** Whether it is known which format this is; looks at the first bytes where enough of them are at `start`. */
  #begun(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#walker === null && !this.#foreign && end - start >= DETECT_BYTES) {
      this.#walker = walkerFor(this.#viewOf(bytes), start, this.#tally);
      this.#foreign = this.#walker === null;
    }
    return this.#walker !== null;
  }

  get #reading(): boolean {
    return this.failed === null && this.#tally.stopped === null;
  }

  /** Fills the carried record up to what the next step needs, and takes the step. Returns the index behind what was used. */
  #throughCarry(bytes: Uint8Array, start: number, end: number, base: number): number {
    const need = this.#need;
    const taken = Math.min(need - this.#carried, end - start);
    this.#keep(bytes, start, taken);
    const p = start + taken;
    if (this.#carried < need) return p;
    if (this.#walker === null) this.#detect();
    else {
      const used = this.#walker.walk(this.#carry, this.#carryView, 0, need, base + p - need);
      this.failed = this.#walker.refused;
      // A walker uses all of what it needed or asks for more; what it stopped at is not wanted any more.
      if (used > 0) this.#carried = 0;
    }
    return p;
  }

  /** Adds `length` bytes at `start` to what is carried. */
  #keep(bytes: Uint8Array, start: number, length: number): void {
    this.#grow(this.#carried + length);
    // Copied byte by byte if short, because a subarray costs more than some bytes do.
    if (length > 64) this.#carry.set(bytes.subarray(start, start + length), this.#carried);
    else for (let i = 0; i < length; i++) this.#carry[this.#carried + i] = bytes[start + i]!;
    this.#carried += length;
  }

  get #need(): number {
    if (this.#walker !== null) return this.#walker.need;
    return this.#foreign ? SNIFF_BYTES : DETECT_BYTES;
  }

  #detect(): void {
    if (this.#foreign) {
      this.failed = notACapture(this.#carry.subarray(0, this.#carried));
      return;
    }
    this.#walker = walkerFor(this.#carryView, 0, this.#tally);
    if (this.#walker === null) this.#foreign = true;
  }

  #grow(size: number): void {
    if (size <= this.#carry.length) return;
    const grown = new Uint8Array(Math.max(size, 2 * this.#carry.length, FIRST_CARRY));
    grown.set(this.#carry.subarray(0, this.#carried));
    this.#carry = grown;
    this.#carryView = new DataView(grown.buffer);
  }

  /** The view of the last chunk again where the chunk is the same memory, as it is for a file that is read into one buffer. */
  #viewOf(bytes: Uint8Array): DataView {
    const view = this.#view;
    const same =
      view.buffer === bytes.buffer && view.byteOffset === bytes.byteOffset && view.byteLength === bytes.length;
    if (!same) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return this.#view;
  }
}
