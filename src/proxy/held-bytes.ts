// Bytes that wait until it is known what they are: behind a CONNECT before its answer, or at the start of a tunnel.
import type { FrameNo, Nanos } from "../bytes/index.ts";

/** A piece that waits; `gap` stands for missing bytes before the next piece. */
export interface HeldPiece {
  readonly bytes: Uint8Array;
  readonly frame: FrameNo;
  readonly time: Nanos;
  readonly gap: boolean;
}

const NOTHING = new Uint8Array(0);
/** Of a piece besides its bytes: its array, frame and time. */
export const PIECE_BYTES = 250;

/** A bounded list of copied pieces. */
export class HeldBytes {
  /** A client that does not wait for the 2xx sends its ClientHello and perhaps early data (RFC 8446 §4.2.10): tens of kilobytes. */
  static readonly LIMIT = 128 * 1024;
  /** Pieces have a frame and a time each: a hundred thousand pieces of one byte would take 25 MB. */
  static readonly MAX_PIECES = 4_096;

  #pieces: HeldPiece[] = [];
  length = 0;
  /** Bytes beyond the limit that were not kept. */
  dropped = 0;

  add(bytes: Uint8Array, start: number, end: number, frame: FrameNo, time: Nanos): void {
    if (end <= start) return;
    const full = this.length + (end - start) > HeldBytes.LIMIT || this.#pieces.length >= HeldBytes.MAX_PIECES;
    if (this.dropped > 0 || full) {
      if (this.dropped === 0) this.#pieces.push({ bytes: NOTHING, frame, time, gap: true });
      this.dropped += end - start;
      return;
    }
    this.put({ bytes: bytes.slice(start, end), frame, time, gap: false });
  }

  /** Keeps a piece that is a copy already. */
  put(piece: HeldPiece): void {
    this.#pieces.push(piece);
    this.length += piece.bytes.length;
  }

  gap(frame: FrameNo, time: Nanos): void {
    if (this.#pieces.at(-1)?.gap !== true) this.#pieces.push({ bytes: NOTHING, frame, time, gap: true });
  }

  /** What it takes in memory, roughly. */
  get kept(): number {
    return this.length + this.#pieces.length * PIECE_BYTES;
  }

  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  /** 0: there is none. */
  get firstFrame(): FrameNo {
    return this.#pieces[0]?.frame ?? 0;
  }

  /** Bytes are missing in front of the first that are there. */
  get lacksBeginning(): boolean {
    return this.#pieces[0]?.gap === true;
  }

  /** The first bytes, joined as far as they are contiguous (at most 64); null if there are none. */
  get first(): Uint8Array | null {
    const first = this.#pieces[0];
    if (first === undefined || first.gap) return null;
    if (first.bytes.length >= 16 || this.#pieces.length === 1) return first.bytes;
    const joined: number[] = [];
    for (const piece of this.#pieces) {
      if (piece.gap || joined.length >= 64) break;
      joined.push(...piece.bytes.subarray(0, 64 - joined.length));
    }
    return Uint8Array.from(joined);
  }

  /** Gives the pieces on, with the clock at the time of each, and is empty again. */
  replay(clock: { replaying: Nanos | null }, give: (piece: HeldPiece) => void): void {
    for (const piece of this.take()) {
      clock.replaying = piece.time;
      give(piece);
    }
    clock.replaying = null;
  }

  /** Hands the pieces over and is empty again. */
  take(): readonly HeldPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.length = 0;
    this.dropped = 0;
    return pieces;
  }
}
