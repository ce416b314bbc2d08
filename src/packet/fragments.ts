// Joins IP fragments (RFC 791 §3.2, RFC 8200 §4.5), in any order, within bounds; of overlapping bytes the first copy is kept.
import type { FrameNo, NoteSink } from "../bytes/index.ts";
import { type Cursor, fileOffset, type Joiner } from "./cursor.ts";

/** Datagrams that are open at once. A sender's datagram comes in one burst; more open ones than this are lost or an attack. */
const MAX_DATAGRAMS = 256;
/** Memory of all open datagrams: 64 of the largest. */
const MAX_BYTES = 4 * 1024 * 1024;
/** RFC 791 §3.1 and RFC 8200 §4.5: a joined datagram is no longer than this. */
const MAX_LENGTH = 65_535;
/** Packets after which an open datagram is given up: the identification of IPv4 has 16 bits and is used again. */
const MAX_AGE_PACKETS = 65_536;
/** Pieces with gaps between them in one datagram. The largest has 45 fragments on Ethernet; more pieces are an attack. */
const MAX_PIECES = 1_024;
/** Both addresses stand before the payload of a joined datagram. */
const ADDRESS_ROOM = 32;
/** First size of a buffer: two fragments of Ethernet's size. */
const FIRST_SIZE = 4_096;

/** A datagram that is not whole yet. */
interface Datagram {
  readonly id: number;
  readonly addressLength: 4 | 16;
  readonly firstFrame: FrameNo;
  lastFrame: FrameNo;
  /** Source at 0, destination at 16, payload from `ADDRESS_ROOM` on. */
  bytes: Uint8Array;
  /** Length of the payload; -1 until the last fragment was seen. */
  total: number;
  /** What is there: from, to, from, to …, sorted, with gaps between. */
  readonly pieces: number[];
  overlapped: boolean;
}

/** The table of open datagrams. */
export class Fragments implements Joiner {
  readonly #open: Datagram[] = [];
  readonly #note: NoteSink;
  #bytes = 0;
  #givenUp = 0;

  constructor(note: NoteSink) {
    this.#note = note;
  }

  /** Datagrams that were given up, and those still open. */
  get incomplete(): number {
    return this.#givenUp + this.#open.length;
  }

  join(c: Cursor, id: number, offset: number, more: boolean): "whole" | "open" | "refused" {
    const length = c.limit - c.at;
    if (offset + length > MAX_LENGTH) return "refused";
    const datagram = this.#find(c, id);
    if (!more && datagram.total < 0) datagram.total = offset + length;
    this.#grow(datagram, ADDRESS_ROOM + offset + length);
    if (!this.#place(datagram, c, offset, length)) {
      this.#giveUp(datagram);
      return "refused";
    }
    const [from, to] = datagram.pieces;
    const whole = from === 0 && to !== undefined && datagram.total >= 0 && to >= datagram.total;
    if (!whole) return "open";
    this.#remove(datagram);
    c.bytes = datagram.bytes;
    c.source = 0;
    c.destination = 16;
    c.at = ADDRESS_ROOM;
    c.end = c.limit = ADDRESS_ROOM + datagram.total;
    return "whole";
  }

  /** No more packets will come: what is open is given up. */
  end(): void {
    while (this.#open.length > 0) this.#giveUp(this.#open[0]!);
  }

  #find(c: Cursor, id: number): Datagram {
    const { frame } = c.segment.packet;
    for (const datagram of this.#open) {
      if (datagram.id !== id || !sameAddresses(datagram, c)) continue;
      if (frame - datagram.lastFrame > MAX_AGE_PACKETS) {
        this.#giveUp(datagram);
        break;
      }
      datagram.lastFrame = frame;
      return datagram;
    }
    if (this.#open.length >= MAX_DATAGRAMS) this.#giveUp(this.#open[0]!);
    const { addressLength } = c;
    const bytes = new Uint8Array(FIRST_SIZE);
    bytes.set(c.bytes.subarray(c.source, c.source + addressLength), 0);
    bytes.set(c.bytes.subarray(c.destination, c.destination + addressLength), 16);
    const datagram: Datagram = {
      id,
      addressLength,
      firstFrame: frame,
      lastFrame: frame,
      bytes,
      total: -1,
      pieces: [],
      overlapped: false,
    };
    this.#open.push(datagram);
    this.#bytes += FIRST_SIZE;
    return datagram;
  }

  #grow(datagram: Datagram, size: number): void {
    const { bytes } = datagram;
    if (size <= bytes.length) return;
    const larger = new Uint8Array(Math.min(Math.max(size, 2 * bytes.length), ADDRESS_ROOM + MAX_LENGTH));
    larger.set(bytes);
    datagram.bytes = larger;
    this.#bytes += larger.length - bytes.length;
    for (let oldest = 0; this.#bytes > MAX_BYTES && oldest < this.#open.length; ) {
      const candidate = this.#open[oldest]!;
      if (candidate === datagram) oldest++;
      else this.#giveUp(candidate);
    }
  }

  /** Copies what is not there yet. False if the datagram has too many pieces. */
  #place(datagram: Datagram, c: Cursor, offset: number, length: number): boolean {
    const { pieces } = datagram;
    const end = offset + length;
    let i = 0;
    while (i < pieces.length && pieces[i + 1]! < offset) i += 2;
    // Pieces from i on touch or overlap the new one, up to j; they become one.
    let from = offset;
    let to = end;
    let filled = offset;
    let j = i;
    for (; j < pieces.length && pieces[j]! <= end; j += 2) {
      const pieceFrom = pieces[j]!;
      const pieceTo = pieces[j + 1]!;
      if (filled < pieceFrom) copy(datagram, c, offset, filled, pieceFrom);
      if (pieceFrom < end && pieceTo > offset) this.#noteOverlap(datagram, c, offset);
      filled = pieceTo;
      from = Math.min(from, pieceFrom);
      to = Math.max(to, pieceTo);
    }
    if (filled < end) copy(datagram, c, offset, filled, end);
    if (length > 0) pieces.splice(i, j - i, from, to);
    return pieces.length <= 2 * MAX_PIECES;
  }

  /** Once per datagram. */
  #noteOverlap(datagram: Datagram, c: Cursor, offset: number): void {
    if (datagram.overlapped) return;
    datagram.overlapped = true;
    this.#note({ id: "fragment-overlap", frame: c.segment.packet.frame, at: fileOffset(c), detail: { offset } });
  }

  #giveUp(datagram: Datagram): void {
    this.#remove(datagram);
    this.#givenUp++;
    this.#note({ id: "fragment-missing", frame: datagram.firstFrame, at: 0 });
  }

  #remove(datagram: Datagram): void {
    this.#open.splice(this.#open.indexOf(datagram), 1);
    this.#bytes -= datagram.bytes.length;
  }
}

function sameAddresses(datagram: Datagram, c: Cursor): boolean {
  const { addressLength } = datagram;
  if (addressLength !== c.addressLength) return false;
  for (let i = 0; i < addressLength; i++) {
    if (datagram.bytes[i] !== c.bytes[c.source + i]) return false;
    if (datagram.bytes[16 + i] !== c.bytes[c.destination + i]) return false;
  }
  return true;
}

/** Bytes [from, to) of the datagram, out of the fragment at the cursor that begins at `offset`. */
function copy(datagram: Datagram, c: Cursor, offset: number, from: number, to: number): void {
  const start = c.at + from - offset;
  datagram.bytes.set(c.bytes.subarray(start, start + to - from), ADDRESS_ROOM + from);
}
