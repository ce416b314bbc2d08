// Data of one direction that arrived ahead of a hole: pieces in order of sequence, none overlapping, the first copy of each byte.
import type { FrameNo } from "../bytes/index.ts";
import { PIECE_OVERHEAD_BYTES } from "./limits.ts";
import { sequenceDistance } from "./sequence.ts";
import type { TcpClock } from "./types.ts";

/** A run of bytes, or (length 0) the FIN. */
export interface Piece {
  readonly sequence: number;
  /** As on the wire; `bytes` is shorter if the snap length cut it. */
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly fin: boolean;
  readonly frame: FrameNo;
  readonly seconds: number;
  readonly nanoseconds: number;
}

const NO_BYTES = new Uint8Array(0);

/** The pieces of one direction. */
export class Held {
  /** Bytes they take, bookkeeping included. */
  charge = 0;
  #pieces: Piece[] = [];

  get size(): number {
    return this.#pieces.length;
  }

  /** The piece behind the first hole. There must be one. */
  get first(): Piece {
    return this.#pieces[0]!;
  }

  /** Takes the first piece out. */
  shift(): Piece {
    const piece = this.#pieces.shift()!;
    this.charge -= piece.bytes.length + PIECE_OVERHEAD_BYTES;
    return piece;
  }

  clear(): void {
    this.#pieces = [];
    this.charge = 0;
  }

  /** Notes a FIN that arrived ahead of a hole. */
  addFin(sequence: number, clock: TcpClock): void {
    this.#insert(this.#indexBehind(sequence), sequence, 0, NO_BYTES, 0, 0, true, clock);
  }

  /**
   * Copies what is new of `length` bytes at `sequence`, of which `bytes[start, start + captured)` were captured. Returns how
   * many bytes were new, or -1 - that number if bytes that were there already differ.
   */
  add(sequence: number, length: number, bytes: Uint8Array, start: number, captured: number, clock: TcpClock): number {
    let fresh = 0;
    let differs = false;
    let index = this.#indexBehind(sequence);
    // `done` bytes of the segment are accounted for.
    for (let done = 0; done < length; ) {
      const here = (sequence + done) | 0;
      const piece = this.#pieces[index];
      const free =
        piece === undefined ? length - done : Math.min(sequenceDistance(piece.sequence, here), length - done);
      if (free > 0) {
        const from = Math.min(done, captured);
        this.#insert(index, here, free, bytes, start + from, start + Math.min(done + free, captured), false, clock);
        fresh += free;
        done += free;
      } else if (piece !== undefined) {
        const into = sequenceDistance(here, piece.sequence);
        const common = Math.min(piece.length - into, length - done);
        const comparable = Math.min(common, captured - done, piece.bytes.length - into);
        for (let i = 0; i < comparable && !differs; i++) differs = piece.bytes[into + i] !== bytes[start + done + i];
        done += common;
      }
      index++;
    }
    return differs ? -1 - fresh : fresh;
  }

  /** The piece that holds the byte at `sequence`, or the next one behind it. There must be one. */
  pieceAt(sequence: number): Piece {
    return this.#pieces[this.#indexBehind(sequence)]!;
  }

  /** Index of the first piece that ends behind `sequence`. */
  #indexBehind(sequence: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = this.#pieces[middle]!;
      if (sequenceDistance((piece.sequence + piece.length) | 0, sequence) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #insert(
    index: number,
    sequence: number,
    length: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    fin: boolean,
    clock: TcpClock,
  ): void {
    const copy = new Uint8Array(end - start);
    copy.set(bytes.subarray(start, end));
    const { frame, seconds, nanoseconds } = clock;
    this.#pieces.splice(index, 0, { sequence, length, bytes: copy, fin, frame, seconds, nanoseconds });
    this.charge += copy.length + PIECE_OVERHEAD_BYTES;
  }
}
