// Joins IP fragments (RFC 791 §3.2, RFC 8200 §4.5) within bounds: of overlapping bytes the first copy is kept.
import type { FrameNo, NoteSink } from "../bytes/index.ts";

/** Datagrams that are being joined at once. */
const MAX_DATAGRAMS = 256;
/** Packets after which an unfinished datagram is given up: senders time out after 15 to 60 seconds. */
const MAX_AGE_PACKETS = 100_000;
/** RFC 791 §3.1: the longest datagram. */
const MAX_LENGTH = 65_535;

/** A datagram whose fragments come in. */
interface Datagram {
  readonly firstFrame: FrameNo;
  /** The IP header of the fragment at offset 0, then the payload. */
  bytes: Uint8Array;
  headerLength: number;
  /** Payload bytes up to the end; unknown until the last fragment was seen. */
  total: number | null;
  /** Filled ranges [from, to), sorted and disjoint. */
  readonly ranges: [from: number, to: number][];
}

/** A joined datagram: header and payload in a buffer of its own. */
export interface Joined {
  readonly bytes: Uint8Array;
  readonly headerLength: number;
  readonly length: number;
}

/** One fragment as found in a packet. */
export interface Fragment {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly headerStart: number;
  /** What of the header stands before the payload once joined. */
  readonly headerLength: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  /** Place of the payload in the datagram. */
  readonly offset: number;
  readonly more: boolean;
  readonly frame: FrameNo;
}

/** The table of unfinished datagrams. */
export class Fragments {
  /** Datagrams that were given up. */
  incomplete = 0;
  readonly #table = new Map<string, Datagram>();
  readonly #note: NoteSink;

  constructor(note: NoteSink) {
    this.#note = note;
  }

  /** Datagrams that are unfinished now, and those that were given up. */
  get unfinished(): number {
    return this.incomplete + this.#table.size;
  }

  /** Takes a fragment; returns the datagram if it is whole now. */
  add(fragment: Fragment): Joined | null {
    const { key, payloadStart, payloadEnd, offset, frame } = fragment;
    const length = payloadEnd - payloadStart;
    if (length <= 0 || offset + length > MAX_LENGTH) {
      this.#note({ id: "packet-malformed", frame, at: payloadStart, detail: { offset, length } });
      return null;
    }
    const datagram = this.#datagram(key, frame);
    this.#place(datagram, fragment, length);
    const whole =
      datagram.ranges.length === 1 && datagram.ranges[0]![0] === 0 && datagram.ranges[0]![1] === datagram.total;
    if (!whole || datagram.headerLength === 0) return null;
    this.#table.delete(key);
    return { bytes: datagram.bytes, headerLength: datagram.headerLength, length: datagram.total ?? 0 };
  }

  #datagram(key: string, frame: FrameNo): Datagram {
    const known = this.#table.get(key);
    if (known !== undefined && frame - known.firstFrame <= MAX_AGE_PACKETS) return known;
    if (known !== undefined) this.#giveUp(key, known);
    const oldest = this.#table.entries().next().value;
    if (oldest !== undefined && this.#table.size >= MAX_DATAGRAMS) this.#giveUp(...oldest);
    const datagram: Datagram = {
      firstFrame: frame,
      bytes: new Uint8Array(2048),
      headerLength: 0,
      total: null,
      ranges: [],
    };
    this.#table.set(key, datagram);
    return datagram;
  }

  #giveUp(key: string, datagram: Datagram): void {
    this.#table.delete(key);
    this.incomplete++;
    this.#note({ id: "fragment-missing", frame: datagram.firstFrame, at: 0 });
  }

  #place(datagram: Datagram, fragment: Fragment, length: number): void {
    const { bytes, headerStart, headerLength, payloadStart, offset, more, frame } = fragment;
    const end = offset + length;
    const needed = HEADER_ROOM + Math.max(end, datagram.total ?? 0);
    if (needed > datagram.bytes.length) {
      const larger = new Uint8Array(Math.min(HEADER_ROOM + MAX_LENGTH, 2 * needed));
      larger.set(datagram.bytes);
      datagram.bytes = larger;
    }
    if (offset === 0 && datagram.headerLength === 0 && headerLength <= HEADER_ROOM) {
      datagram.headerLength = headerLength;
      datagram.bytes.set(bytes.subarray(headerStart, headerStart + headerLength), HEADER_ROOM - headerLength);
    }
    if (!more) datagram.total ??= end;
    let overlaps = false;
    for (let at = offset; at < end; ) {
      const covering = datagram.ranges.find(([from, to]) => from <= at && at < to);
      if (covering !== undefined) {
        overlaps = true;
        at = covering[1];
        continue;
      }
      const next = datagram.ranges.find(([from]) => from > at)?.[0] ?? end;
      const stop = Math.min(end, next);
      datagram.bytes.set(bytes.subarray(payloadStart + at - offset, payloadStart + stop - offset), HEADER_ROOM + at);
      insert(datagram.ranges, at, stop);
      at = stop;
    }
    if (overlaps) this.#note({ id: "fragment-overlap", frame, at: payloadStart, detail: { offset } });
  }
}

/** IPv4's longest header is 60 bytes; an IPv6 header and its extensions before the fragment header are rebuilt without the latter. */
export const HEADER_ROOM = 256;

/** Adds a range and melts it with its neighbours. */
function insert(ranges: [number, number][], from: number, to: number): void {
  let index = ranges.findIndex(([start]) => start >= from);
  if (index < 0) index = ranges.length;
  ranges.splice(index, 0, [from, to]);
  for (let i = Math.max(0, index - 1); i + 1 < ranges.length && i <= index + 1; ) {
    const current = ranges[i]!;
    const following = ranges[i + 1]!;
    if (current[1] >= following[0]) {
      current[1] = Math.max(current[1], following[1]);
      ranges.splice(i + 1, 1);
    } else i++;
  }
}
