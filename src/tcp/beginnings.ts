// How connections began that have not sent payload yet: kept apart from the rows, because most rows need it only for a few packets.

import { type FlowTable, ROW } from "./flow-table.ts";
import { ACK, SYN } from "./sequence.ts";
import type { TcpClock } from "./types.ts";

/** Fields of one beginning, in doubles. Times are nanoseconds since the connection's first packet; NaN: not seen. */
export const BEGIN = {
  /** Row it belongs to. */
  ROW: 0,
  FRAME: 1,
  SECONDS: 2,
  NANOSECONDS: 3,
  /** Segments of side 0 and of side 1. */
  SEGMENTS: 4,
  /** The last SYN before the SYN-ACK. */
  SYN: 6,
  SYN_ACK: 7,
  /** Durations. */
  SYN_TO_SYN_ACK: 8,
  SYN_ACK_TO_ACK: 9,
  /** Sequence number of the FIN of side 0 and of side 1, and its frame. */
  FIN: 10,
  FIN_FRAME: 12,
  /** Of side 0 and of side 1, joined late: the last sequence number that the other side acknowledged. It was sent before the capture. */
  SENT: 14,
} as const;

export const BEGIN_FIELDS = 16;
const FIRST_SLOTS = 4;
/** A duration that was not seen. */
const NOT_SEEN = Number.NaN;

/**
 * Notes a segment's part in the handshake in `fields` at `base`. `now` is in nanoseconds since the first packet,
 * `fromInitiator` whether the side that sent the SYN sends.
 */
export function timeHandshake(
  fields: Float64Array | number[],
  base: number,
  flags: number,
  fromInitiator: boolean,
  now: number,
): void {
  const kind = flags & (SYN | ACK);
  if (kind === SYN) {
    if (Number.isNaN(fields[base + BEGIN.SYN_ACK]!)) fields[base + BEGIN.SYN] = now;
  } else if (kind === (SYN | ACK)) {
    if (!Number.isNaN(fields[base + BEGIN.SYN_ACK]!)) return;
    fields[base + BEGIN.SYN_ACK] = now;
    fields[base + BEGIN.SYN_TO_SYN_ACK] = now - fields[base + BEGIN.SYN]!;
  } else if (kind === ACK && fromInitiator && Number.isNaN(fields[base + BEGIN.SYN_ACK_TO_ACK]!)) {
    fields[base + BEGIN.SYN_ACK_TO_ACK] = now - fields[base + BEGIN.SYN_ACK]!;
  }
}

/** Nanoseconds from the connection's first packet to `clock`. */
export function sinceStart(fields: Float64Array | number[], base: number, clock: TcpClock): number {
  const seconds = clock.seconds - fields[base + BEGIN.SECONDS]!;
  return seconds * 1e9 + clock.nanoseconds - fields[base + BEGIN.NANOSECONDS]!;
}

/**
 * Slots for beginnings. There are never more than `limit`: then the next one takes the slot of another row, which forgets how
 * it began (its row's slot becomes 0). Slot 0 is never given.
 */
export class Beginnings {
  fields = new Float64Array(FIRST_SLOTS * BEGIN_FIELDS);
  readonly #limit: number;
  readonly #table: FlowTable;
  #used = 1;
  #free = 0;
  #next = 1;

  constructor(table: FlowTable, limit: number) {
    this.#table = table;
    this.#limit = limit;
  }

  /** Opens a beginning for `row` and returns its slot. */
  take(row: number, frame: number, seconds: number, nanoseconds: number): number {
    const slot = this.#slot();
    const base = slot * BEGIN_FIELDS;
    const fields = this.fields;
    fields.fill(NOT_SEEN, base, base + BEGIN_FIELDS);
    fields[base + BEGIN.ROW] = row;
    fields[base + BEGIN.FRAME] = frame;
    fields[base + BEGIN.SECONDS] = seconds;
    fields[base + BEGIN.NANOSECONDS] = nanoseconds;
    fields[base + BEGIN.SEGMENTS] = 0;
    fields[base + BEGIN.SEGMENTS + 1] = 0;
    return slot;
  }

  /** A copy of what is in `slot`; of slot 0: a connection that begins now. */
  copy(slot: number, { frame, seconds, nanoseconds }: TcpClock): number[] {
    const no = NOT_SEEN;
    const copy = [no, frame, seconds, nanoseconds, 0, 0, no, no, no, no, no, no, no, no, no, no];
    const base = slot * BEGIN_FIELDS;
    if (slot !== 0) for (let i = 0; i < BEGIN_FIELDS; i++) copy[i] = this.fields[base + i]!;
    return copy;
  }

  /** Gives `slot` back; 0 is ignored. */
  release(slot: number): void {
    if (slot === 0) return;
    // The free ones are chained by their ROW field, as negative numbers.
    this.fields[slot * BEGIN_FIELDS + BEGIN.ROW] = -1 - this.#free;
    this.#free = slot;
  }

  #slot(): number {
    if (this.#free > 0) {
      const slot = this.#free;
      this.#free = -1 - this.fields[slot * BEGIN_FIELDS + BEGIN.ROW]!;
      return slot;
    }
    if (this.#used < this.#limit) {
      if ((this.#used + 1) * BEGIN_FIELDS > this.fields.length) {
        const fields = new Float64Array(this.fields.length * 2);
        fields.set(this.fields);
        this.fields = fields;
      }
      return this.#used++;
    }
    const slot = this.#next;
    this.#next = slot + 1 < this.#limit ? slot + 1 : 1;
    this.#table.rows[this.fields[slot * BEGIN_FIELDS + BEGIN.ROW]! + ROW.SLOT] = 0;
    return slot;
  }
}
