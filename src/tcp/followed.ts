// The connections that are followed at the moment, and those of them that are closing.

import type { Side } from "../bytes/index.ts";
import type { Segment } from "../packet/index.ts";
import type { Connection } from "./connection.ts";
import { STATE } from "./flow-table.ts";
import type { HalfStream } from "./half-stream.ts";
import {
  LINGER_SECONDS,
  LOOK_BYTES,
  LOOK_BYTES_PER_CONNECTION,
  MAX_LINGERING,
  MAX_LOOK_BYTES,
  MIN_LOOK_BYTES,
} from "./limits.ts";
import type { Shared } from "./shared.ts";
import type { EndCause, TcpCounts } from "./types.ts";

type Sums = Pick<TcpCounts, "followed" | "gaps" | "missingBytes" | "overlapsDiffering">;

/** When too many are followed this share of them is given up at once, so that looking for the oldest is seldom. */
const EVICTED_SHARE = 1 / 16;

/** Followed connections by slot. Slots are never 0. */
export class Followed {
  /** Connections followed now. */
  count = 0;
  evicted = 0;
  readonly #shared: Shared<HalfStream>;
  /** Tells the table that a row's connection is over or abandoned. */
  readonly #leave: (row: number, state: number) => void;
  readonly #slots: (Connection | null)[] = [null];
  readonly #free: number[] = [];
  /** Closing connections, first closed first; what stands before `#lingerFrom` is done. */
  #lingering: (Connection | null)[] = [];
  #lingerFrom = 0;
  /** Payload since it was last looked what the connections keep. */
  #sinceLooked = 0;
  /** Bytes behind which it is looked again, if that is sooner than the number of connections says. The first time nothing is known. */
  #lookAgain = LOOK_BYTES;
  #keptWhenLooked = 0;
  #sums: Sums = { followed: 0, gaps: 0, missingBytes: 0, overlapsDiffering: 0 };

  constructor(shared: Shared<HalfStream>, leave: (row: number, state: number) => void) {
    this.#shared = shared;
    this.#leave = leave;
  }

  add(connection: Connection): number {
    this.count++;
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = connection;
    connection.slot = slot;
    return slot;
  }

  receive(slot: number, segment: Segment, side: Side): void {
    const connection = this.#slots[slot]!;
    if (!connection.receive(segment, side)) return;
    this.#sinceLooked += segment.payloadLength;
    if (connection.conversation.abandoned) this.#abandon(slot, connection);
    else if (connection.over) this.finish(slot, "capture-end");
    else if (connection.closing && !connection.lingering) this.#linger(connection);
    if (this.#sinceLooked >= MIN_LOOK_BYTES && this.#sinceLooked >= this.#lookBytes()) this.#relieve();
  }

  /** Whether the connection in `slot` is closing. */
  isClosing(slot: number): boolean {
    return this.#slots[slot]!.closing;
  }

  /** Ends the connection in `slot`. */
  finish(slot: number, how: EndCause): void {
    const connection = this.#slots[slot]!;
    connection.finish(how);
    if (!connection.conversation.abandoned) this.#sums = add(this.#sums, connection);
    this.#remove(slot, connection, STATE.OVER);
  }

  /** Ends all, in order of their streams. */
  finishAll(): void {
    for (const slot of this.#sorted((a, b) => a.stream - b.stream)) this.finish(slot, "capture-end");
  }

  /** Ends the connections that closed some time ago. */
  expire(): void {
    const now = this.#shared.clock.seconds;
    for (; this.#lingerFrom < this.#lingering.length; this.#lingerFrom++) {
      const connection = this.#lingering[this.#lingerFrom]!;
      // It may be gone already, or have gone on.
      if (connection.lingering) {
        const full = this.#lingering.length - this.#lingerFrom > MAX_LINGERING;
        if (!connection.closing) connection.lingering = false;
        else if (full || now - connection.closingSeconds >= LINGER_SECONDS) this.finish(connection.slot, "capture-end");
        else break;
      }
      // What is done must not be kept alive from here, nor all that hangs on it.
      this.#lingering[this.#lingerFrom] = null;
    }
    if (this.#lingerFrom > MAX_LINGERING) {
      this.#lingering = this.#lingering.slice(this.#lingerFrom);
      this.#lingerFrom = 0;
    }
  }

  /** Gives up those that were silent longest. */
  evict(): void {
    const oldest = this.#sorted((a, b) => a.lastFrame - b.lastFrame).slice(0, Math.ceil(this.count * EVICTED_SHARE));
    for (const slot of oldest) this.#giveUp(slot);
  }

  /** Sums over all that were and are followed. */
  sums(): Sums {
    let sums = this.#sums;
    for (const connection of this.#slots) if (connection !== null) sums = add(sums, connection);
    return sums;
  }

  #sorted(order: (a: Connection, b: Connection) => number): number[] {
    const slots = [...this.#slots.keys()].filter((slot) => this.#slots[slot] !== null);
    return slots.sort((a, b) => order(this.#slots[a]!, this.#slots[b]!));
  }

  /** Bytes between two looks at what the connections keep. */
  #lookBytes(): number {
    return Math.min(MAX_LOOK_BYTES, Math.max(LOOK_BYTES, LOOK_BYTES_PER_CONNECTION * this.count), this.#lookAgain);
  }

  /** Where all together keep too much of what they have read, gives up those that keep most, until half of that is free. */
  #relieve(): void {
    const limit = this.#shared.limits.kept;
    let sum = 0;
    for (const connection of this.#slots) sum += connection?.conversation.kept ?? 0;
    // Where a byte makes a hundred (HPACK, streams of HTTP/2), the limit would be passed many times over before the next look.
    const growth = Math.max(0, sum - this.#keptWhenLooked) / this.#sinceLooked;
    this.#sinceLooked = 0;
    this.#keptWhenLooked = sum <= limit ? sum : limit / 2;
    this.#lookAgain = growth > 0 ? (limit - this.#keptWhenLooked) / growth : Number.POSITIVE_INFINITY;
    if (sum <= limit) return;
    const kept = this.#slots.map((connection, slot) => ({ slot, bytes: connection?.conversation.kept ?? 0 }));
    for (const { slot, bytes } of kept.sort((a, b) => b.bytes - a.bytes)) {
      if (sum <= limit / 2) return;
      sum -= bytes;
      this.#giveUp(slot);
    }
  }

  #giveUp(slot: number): void {
    if (this.evicted === 0) this.#shared.note({ id: "tcp-flow-evicted", frame: this.#shared.clock.frame, at: 0 });
    if (!this.#slots[slot]!.closing) this.evicted++;
    this.finish(slot, "evicted");
  }

  #abandon(slot: number, connection: Connection): void {
    connection.forget();
    this.#remove(slot, connection, STATE.IGNORED);
  }

  #remove(slot: number, connection: Connection, state: number): void {
    this.#leave(connection.row, state);
    connection.lingering = false;
    this.#slots[slot] = null;
    this.#free.push(slot);
    this.count--;
  }

  #linger(connection: Connection): void {
    connection.lingering = true;
    this.#lingering.push(connection);
    this.expire();
  }
}

function add(sums: Sums, connection: Connection): Sums {
  const [a, b] = connection.directions;
  return {
    followed: sums.followed + 1,
    gaps: sums.gaps + a.gaps + b.gaps,
    missingBytes: sums.missingBytes + a.missingBytes + b.missingBytes,
    overlapsDiffering: sums.overlapsDiffering + a.overlapsDiffering + b.overlapsDiffering,
  };
}
