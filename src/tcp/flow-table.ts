// The table of all connections: open addressing over rows of eight 32-bit words, so that a packet costs one look-up and no object.
import type { Side } from "../bytes/index.ts";
import { randomOdd, stir } from "./address-table.ts";

/** Words of a row. The key is `LOW`, `HIGH`, `PORTS` and the bit `V6` of `STATE`. */
export const ROW = {
  /** Address of the lower endpoint, see `AddressTable`. */
  LOW: 0,
  HIGH: 1,
  /** Port of the lower endpoint in the upper half. */
  PORTS: 2,
  /** Wireshark's tcp.stream. */
  STREAM: 3,
  /** Wireshark's base sequence number of side 0 and of side 1. */
  BASE0: 4,
  BASE1: 5,
  /** Bits, see `STATE`. */
  STATE: 6,
  /** Index of the connection (`FOLLOWED`), or of its beginnings (neither `FOLLOWED` nor `IGNORED` nor `OVER`). */
  SLOT: 7,
} as const;

/** Bits of `ROW.STATE`. Pairs for side 0 and 1 stand side by side, so that `X << side` is the bit of a side. */
export const STATE = {
  V6: 1 << 0,
  /** Side 0, which sent the first frame, is the higher endpoint. */
  FIRST_IS_HIGH: 1 << 1,
  /** The base sequence number of this side is known. */
  BASE: 1 << 2,
  /** It is exact: from this side's SYN or from the SYN-ACK that answers it. */
  EXACT: 1 << 4,
  /** This side sent a segment. */
  SEEN: 1 << 6,
  /** A SYN or SYN-ACK was seen; `INITIATOR_IS_1` then says who began. */
  HANDSHAKE: 1 << 8,
  INITIATOR_IS_1: 1 << 9,
  /** Some segment acknowledged something. */
  ACKED: 1 << 10,
  /** FIN or RST was seen. */
  CLOSED: 1 << 11,
  /** What became of it; none of the three: no payload was seen yet, or `ANSWERS`. */
  FOLLOWED: 1 << 12,
  IGNORED: 1 << 13,
  OVER: 1 << 14,
  /** Touched since the hand of the clock passed (see `evict`). */
  RECENT: 1 << 15,
  /** This side's SYN or SYN-ACK was seen. */
  SYN: 1 << 16,
  /** Wireshark has another base for this side, that of the connection before: any SYN of it starts a new stream. */
  OTHER_BASE: 1 << 18,
  /** Not followed, as `IGNORED`, but the first payload of this side is still to be shown. */
  ANSWERS: 1 << 20,
} as const;

/** Who sent the SYN, as a row's state says; null if no handshake was seen. */
export function initiatorOf(state: number): Side | null {
  if ((state & STATE.HANDSHAKE) === 0) return null;
  return (state & STATE.INITIATOR_IS_1) === 0 ? 0 : 1;
}

const WORDS = 8;
/** Rows beyond the used ones were never touched and are no memory yet, where the system gives that out by pages: large tables are copied seldom. */
const LARGE_BYTES = 2 * 1024 * 1024;
/** Few, because many captures of an audit have few connections. */
const FIRST_ROWS = 8;

/** All rows; `rows` is replaced when the table grows. A row is named by the index of its first word. */
export class FlowTable {
  rows = new Int32Array(FIRST_ROWS * WORDS);
  /** Rows in use. */
  count = 0;
  // A slot holds the row's number plus one; never more than half of them are used.
  #slots = new Int32Array(FIRST_ROWS * 2);
  #mask = FIRST_ROWS * 2 - 1;
  /** Rows that were ever used; those removed among them are chained by their first word. */
  #used = 0;
  #free = -1;
  #hand = 0;
  // Odd random factors: nobody can write a capture whose connections all fall into one slot. Results do not depend on them.
  readonly #f0 = randomOdd();
  readonly #f1 = randomOdd();
  readonly #f2 = randomOdd();

  /** The row of a key, or -1. `family` is `STATE.V6` or 0. */
  find(low: number, high: number, ports: number, family: number): number {
    const rows = this.rows;
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = this.#hash(low, high, ports) & mask; ; slot = (slot + 1) & mask) {
      const row = (slots[slot]! - 1) * WORDS;
      if (row < 0) return -1;
      if (
        rows[row] === low &&
        rows[row + ROW.HIGH] === high &&
        rows[row + ROW.PORTS] === ports &&
        (rows[row + ROW.STATE]! & STATE.V6) === family
      ) {
        return row;
      }
    }
  }

  /** A new row with this key, all else 0. The key must not be in the table. */
  insert(low: number, high: number, ports: number, family: number): number {
    let row = this.#free;
    if (row >= 0) {
      this.#free = this.rows[row]!;
    } else {
      if ((this.#used + 1) * WORDS > this.rows.length) this.#growRows();
      if ((this.#used + 1) * 2 > this.#slots.length) this.#growSlots();
      row = this.#used++ * WORDS;
    }
    this.count++;
    const rows = this.rows;
    rows.fill(0, row, row + WORDS);
    rows[row + ROW.LOW] = low;
    rows[row + ROW.HIGH] = high;
    rows[row + ROW.PORTS] = ports;
    rows[row + ROW.STATE] = family;
    this.#place(row);
    return row;
  }

  /** Takes `row` out. */
  remove(row: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = this.#home(row);
    while (slots[hole] !== row / WORDS + 1) hole = (hole + 1) & mask;
    // Linear probing without tombstones: each follower whose home lies at or before the hole moves into it.
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#home((slots[slot]! - 1) * WORDS);
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[hole] = slots[slot]!;
        hole = slot;
      }
    }
    slots[hole] = 0;
    this.rows[row + ROW.STATE] = REMOVED;
    this.rows[row] = this.#free;
    this.#free = row;
    this.count--;
  }

  /**
   * Finds a row to give up: the first one after the last evicted that is not followed and was not touched since the hand
   * last passed (the clock algorithm: nearly least recently used, without a list). Returns -1 if all are followed.
   */
  evictionCandidate(): number {
    const rows = this.rows;
    // Twice around: the first round may only take away the marks of the touched.
    for (let steps = this.#used * 2; steps > 0; steps--) {
      this.#hand = this.#hand + 1 < this.#used ? this.#hand + 1 : 0;
      const at = this.#hand * WORDS + ROW.STATE;
      const state = rows[at]!;
      if (state === REMOVED || (state & STATE.FOLLOWED) !== 0) continue;
      if ((state & STATE.RECENT) === 0) return this.#hand * WORDS;
      rows[at] = state & ~STATE.RECENT;
    }
    return -1;
  }

  /** Calls `visit` with the state of every row in use. */
  eachState(visit: (state: number) => void): void {
    for (let at = ROW.STATE; at < this.#used * WORDS; at += WORDS) {
      const state = this.rows[at]!;
      if (state !== REMOVED) visit(state);
    }
  }

  /** Forgets all rows, and gives up their memory. */
  clear(): void {
    release(this.rows);
    release(this.#slots);
    this.rows = new Int32Array(FIRST_ROWS * WORDS);
    this.#slots = new Int32Array(FIRST_ROWS * 2);
    this.#mask = FIRST_ROWS * 2 - 1;
    this.count = 0;
    this.#used = 0;
    this.#free = -1;
    this.#hand = 0;
  }

  #growRows(): void {
    const times = this.rows.length * Int32Array.BYTES_PER_ELEMENT < LARGE_BYTES ? 2 : 4;
    const rows = new Int32Array(this.rows.length * times);
    rows.set(this.rows);
    release(this.rows);
    this.rows = rows;
  }

  #growSlots(): void {
    const slots = this.#slots.length * 2;
    release(this.#slots);
    this.#slots = new Int32Array(slots);
    this.#mask = slots - 1;
    // Growth happens only when no row is free, so every used one is in the table.
    for (let i = 0; i < this.#used; i++) this.#place(i * WORDS);
  }

  #place(row: number): void {
    let slot = this.#home(row);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = row / WORDS + 1;
  }

  #home(row: number): number {
    const rows = this.rows;
    return this.#hash(rows[row]!, rows[row + ROW.HIGH]!, rows[row + ROW.PORTS]!) & this.#mask;
  }

  #hash(low: number, high: number, ports: number): number {
    return stir(Math.imul(low, this.#f0) ^ Math.imul(high, this.#f1) ^ Math.imul(ports, this.#f2));
  }
}

/**
 * Gives up the memory of `array`. What lived for long is collected late, and megabytes outside of the heap do not hasten that:
 * moved into a new object they go with the young ones.
 */
function release(array: Int32Array<ArrayBuffer>): void {
  if (array.byteLength >= WORTH_RELEASING_BYTES) structuredClone(array.buffer, { transfer: [array.buffer] });
}

/** Moving takes a tenth of a millisecond, and some when it is first done. */
const WORTH_RELEASING_BYTES = 1024 * 1024;

/** State of a row that is not in use. */
const REMOVED = -1;
