// From segments to followed connections: finds each segment's row, numbers streams as Wireshark 4.0 does, asks whom to follow.
import type { NoteSink, Side } from "../bytes/index.ts";
import type { Segment } from "../packet/index.ts";
import { AddressTable, NO_ADDRESS, readInt32 } from "./address-table.ts";
import { BEGIN, BEGIN_FIELDS, Beginnings, sinceStart, timeHandshake } from "./beginnings.ts";
import { setClock } from "./clock.ts";
import { Connection } from "./connection.ts";
import { FlowTable, initiatorOf, ROW, STATE } from "./flow-table.ts";
import { Followed } from "./followed.ts";
import type { HalfStream } from "./half-stream.ts";
import { DEFAULT_LIMITS, MAX_BEGINNINGS, MAX_UNANSWERED_BYTES, MIN_PEEK_BYTES } from "./limits.ts";
import { ACK, FIN, inWindow, isKeepAlive, RST, SYN, sequenceDistance } from "./sequence.ts";
import type { Shared } from "./shared.ts";
import type { FirstPayload, Tcp, TcpClock, TcpCounts, TcpHandler, TcpLimits } from "./types.ts";

/**
 * Reassembles the TCP connections of one capture. `handler` decides which are followed and takes their bytes, `note` takes
 * oddities (once per direction, the sums are in the facts), `limits` replaces some of the default limits.
 */
export function createTcp(handler: TcpHandler, note: NoteSink, limits: Partial<TcpLimits> = {}): Tcp {
  return new TcpRoom(handler, note, { ...DEFAULT_LIMITS, ...limits });
}

/** With these bits of a row set a further segment of this side changes nothing in it. */
const SETTLED = [0, 1].map((side) => (STATE.BASE * 3) | STATE.ACKED | STATE.RECENT | (STATE.SEEN << side)) as [
  number,
  number,
];

class TcpRoom implements Tcp {
  readonly clock: TcpClock = { frame: 0, seconds: 0, nanoseconds: 0 };
  readonly #handler: TcpHandler;
  readonly #limits: TcpLimits;
  readonly #shared: Shared<HalfStream>;
  readonly #table = new FlowTable();
  readonly #addresses: AddressTable;
  readonly #beginnings: Beginnings;
  readonly #followed: Followed;
  readonly #peek: FirstPayload;
  #streams = 0;
  #evicted = 0;
  /** Sums over rows that are no more. */
  #lateStarts = 0;
  #oneSided = 0;
  /** What was counted when the capture was over. */
  #final: TcpCounts | null = null;

  constructor(handler: TcpHandler, note: NoteSink, limits: TcpLimits) {
    this.#handler = handler;
    this.#limits = limits;
    this.#shared = { clock: this.clock, note, limits, heldTotal: 0, holders: new Set(), duplicates: 0 };
    this.#addresses = new AddressTable(limits.ipv6Addresses);
    this.#beginnings = new Beginnings(this.#table, MAX_BEGINNINGS);
    this.#followed = new Followed(this.#shared, (row, state) => this.#leave(row, state));
    this.#peek = newPeek();
  }

  add(segment: Segment): number {
    const { bytes, flags, sourcePort, destinationPort } = segment;
    let source: number;
    let destination: number;
    let family = 0;
    if (segment.addressLength === 4) {
      source = readInt32(bytes, segment.source);
      destination = readInt32(bytes, segment.destination);
    } else {
      family = STATE.V6;
      source = this.#addresses.intern(bytes, segment.source);
      destination = this.#addresses.intern(bytes, segment.destination);
      if (source === NO_ADDRESS || destination === NO_ADDRESS) {
        this.#noRoom(segment);
        return -1;
      }
    }
    const fromLow = source < destination || (source === destination && sourcePort <= destinationPort);
    const low = fromLow ? source : destination;
    const high = fromLow ? destination : source;
    const ports = fromLow ? (sourcePort << 16) | destinationPort : (destinationPort << 16) | sourcePort;

    let row = this.#table.find(low, high, ports, family);
    if (row >= 0) {
      const rows = this.#table.rows;
      const state = rows[row + ROW.STATE]!;
      const side: Side = fromLow === ((state & STATE.FIRST_IS_HIGH) === 0) ? 0 : 1;
      if ((flags & (SYN | FIN | RST)) === 0 && (state & SETTLED[side]!) === SETTLED[side] && !segment.quoted) {
        if ((state & (STATE.IGNORED | STATE.OVER)) !== 0) return rows[row + ROW.STREAM]!;
        if ((state & STATE.FOLLOWED) !== 0) {
          const { packet } = segment;
          setClock(this.clock, packet.frame, packet.seconds, packet.nanoseconds);
          this.#followed.receive(rows[row + ROW.SLOT]!, segment, side);
          return rows[row + ROW.STREAM]!;
        }
      }
    }
    const { packet } = segment;
    setClock(this.clock, packet.frame, packet.seconds, packet.nanoseconds);
    if (row < 0) {
      if (this.#table.count >= this.#limits.flows) this.#evict();
      row = this.#table.insert(low, high, ports, family);
      this.#startStream(row, family, fromLow, this.#streams++);
    } else if (this.#isNewConnection(segment, row, fromLow)) {
      this.#retire(row);
      this.#startStream(row, family, fromLow, this.#streams++);
    } else if (this.#isAnotherSynAck(segment, row, fromLow)) {
      // Wireshark goes on with the same number, but it is another connection, whose SYN was not captured.
      this.#retire(row);
      this.#startStream(row, family, fromLow, this.#table.rows[row + ROW.STREAM]!);
      this.#table.rows[row + ROW.STATE]! |= STATE.OTHER_BASE << 1;
    }
    // A header quoted in an ICMP error takes part in the numbering (as in Wireshark), but tells nothing of the connection.
    if (!segment.quoted) this.#track(segment, row, fromLow);
    return this.#table.rows[row + ROW.STREAM]!;
  }

  end(): void {
    this.#followed.finishAll();
    this.#final = this.#sums();
    this.#table.clear();
  }

  counts(): TcpCounts {
    return this.#final ?? this.#sums();
  }

  #sums(): TcpCounts {
    let lateStarts = this.#lateStarts;
    let oneSided = this.#oneSided;
    this.#table.eachState((state) => {
      if (isLateStart(state)) lateStarts++;
      if (isOneSided(state)) oneSided++;
    });
    return {
      streams: this.#streams,
      lateStarts,
      oneSided,
      ...this.#followed.sums(),
      duplicates: this.#shared.duplicates,
      evicted: this.#evicted + this.#followed.evicted,
    };
  }

  /**
   * Wireshark 4.0 (packet-tcp.c, dissect_tcp): a SYN whose sequence number is not the base of its side starts a new
   * stream, a FIN or RST before it does not. (A SYN-ACK with another number moves the base, its issue 16944.)
   */
  #isNewConnection(segment: Segment, row: number, fromLow: boolean): boolean {
    if ((segment.flags & (SYN | ACK)) !== SYN) return false;
    const rows = this.#table.rows;
    const state = rows[row + ROW.STATE]!;
    const side = fromLow === ((state & STATE.FIRST_IS_HIGH) === 0) ? 0 : 1;
    if ((state & (STATE.OTHER_BASE << side)) !== 0) return true;
    return (state & (STATE.BASE << side)) !== 0 && rows[row + ROW.BASE0 + side] !== (segment.sequence | 0);
  }

  #isAnotherSynAck(segment: Segment, row: number, fromLow: boolean): boolean {
    if ((segment.flags & (SYN | ACK)) !== (SYN | ACK) || segment.quoted) return false;
    const rows = this.#table.rows;
    const state = rows[row + ROW.STATE]!;
    const side = fromLow === ((state & STATE.FIRST_IS_HIGH) === 0) ? 0 : 1;
    if ((state & (STATE.BASE << side)) === 0 || rows[row + ROW.BASE0 + side] === (segment.sequence | 0)) return false;
    if ((state & STATE.FOLLOWED) !== 0) return this.#followed.isClosing(rows[row + ROW.SLOT]!);
    return (state & STATE.CLOSED) !== 0 && (state & (STATE.IGNORED | STATE.OVER | ANSWERS_OF_BOTH)) !== 0;
  }

  #startStream(row: number, family: number, fromLow: boolean, stream: number): void {
    const rows = this.#table.rows;
    rows[row + ROW.STREAM] = stream;
    rows[row + ROW.STATE] = family | (fromLow ? 0 : STATE.FIRST_IS_HIGH);
    const { frame, seconds, nanoseconds } = this.clock;
    rows[row + ROW.SLOT] = this.#beginnings.take(row, frame, seconds, nanoseconds);
    this.#followed.expire();
  }

  /** What a segment tells beyond the hot path: the row's bits, the handshake, the first payload. */
  #track(segment: Segment, row: number, fromLow: boolean): void {
    const rows = this.#table.rows;
    const { flags } = segment;
    let state = rows[row + ROW.STATE]!;
    const side: Side = fromLow === ((state & STATE.FIRST_IS_HIGH) === 0) ? 0 : 1;
    const peer = 1 - side;
    state |= STATE.RECENT | (STATE.SEEN << side);
    if ((flags & SYN) !== 0) {
      rows[row + ROW.BASE0 + side] = segment.sequence | 0;
      state |= (STATE.BASE | STATE.EXACT | STATE.SYN) << side;
    } else if ((state & (STATE.BASE << side)) === 0) {
      rows[row + ROW.BASE0 + side] = (segment.sequence - 1) | 0;
      state |= STATE.BASE << side;
    }
    if ((flags & ACK) !== 0) {
      state |= STATE.ACKED;
      if ((state & (STATE.BASE << peer)) === 0) {
        rows[row + ROW.BASE0 + peer] = (segment.acknowledgement - 1) | 0;
        state |= (STATE.BASE | ((flags & SYN) === 0 ? 0 : STATE.EXACT)) << peer;
      }
    }
    if ((flags & SYN) !== 0 && (state & STATE.HANDSHAKE) === 0) {
      const initiator = (flags & ACK) === 0 ? side : peer;
      state |= STATE.HANDSHAKE | (initiator === 0 ? 0 : STATE.INITIATOR_IS_1);
    }
    if ((flags & (FIN | RST)) !== 0) state |= STATE.CLOSED;
    rows[row + ROW.STATE] = state;

    if ((state & STATE.FOLLOWED) !== 0) this.#followed.receive(rows[row + ROW.SLOT]!, segment, side);
    else if ((state & (STATE.IGNORED | STATE.OVER)) === 0) this.#trackBeginning(segment, row, side);
  }

  #trackBeginning(segment: Segment, row: number, side: Side): void {
    const rows = this.#table.rows;
    const state = rows[row + ROW.STATE]!;
    const payload = segment.payloadLength > 0 && (segment.flags & RST) === 0;
    const peer = 1 - side;
    if ((segment.flags & ACK) !== 0 && (state & (STATE.EXACT << peer)) === 0) this.#noteSent(segment, row, peer);
    if (payload && this.#decide(segment, row, side)) return;
    const slot = rows[row + ROW.SLOT]!;
    if (slot === 0) return;
    const base = slot * BEGIN_FIELDS;
    const { fields } = this.#beginnings;
    fields[base + BEGIN.SEGMENTS + side]!++;
    if ((segment.flags & FIN) !== 0 && !payload) {
      fields[base + BEGIN.FIN + side] = segment.sequence;
      fields[base + BEGIN.FIN_FRAME + side] = this.clock.frame;
    }
    const now = sinceStart(fields, base, this.clock);
    timeHandshake(fields, base, segment.flags, initiatorOf(state) === side, now);
  }

  /**
   * Joined late, and no payload yet: what is acknowledged of `peer` was sent before the capture, though the acknowledgement
   * came in it. The base stays where Wireshark has it: a SYN that comes late is told by it.
   */
  #noteSent(segment: Segment, row: number, peer: number): void {
    const slot = this.#table.rows[row + ROW.SLOT]!;
    if (slot === 0) return;
    const { fields } = this.#beginnings;
    const at = slot * BEGIN_FIELDS + BEGIN.SENT + peer;
    const known = fields[at]!;
    const last = (segment.acknowledgement - 1) | 0;
    const from = Number.isNaN(known) ? this.#table.rows[row + ROW.BASE0 + peer]! : known;
    if (inWindow(sequenceDistance(last, from))) fields[at] = last;
  }

  /** First payload: whether it was decided what becomes of the connection. */
  #decide(segment: Segment, row: number, side: Side): boolean {
    const rows = this.#table.rows;
    const state = rows[row + ROW.STATE]!;
    if ((state & ANSWERS_OF_BOTH) !== 0) return this.#answered(segment, row, side);
    const exact = (state & (STATE.EXACT << side)) !== 0;
    if (!exact && isKeepAlive(segment)) return false;
    if (this.#isFirst(segment, row, side)) {
      const interest = this.#handler.interest(this.#fillPeek(segment, state, side));
      if (interest !== "follow") {
        this.#beginnings.release(rows[row + ROW.SLOT]!);
        rows[row + ROW.SLOT] = 0;
        rows[row + ROW.STATE] = state | (interest === "answer" ? STATE.ANSWERS << (1 - side) : STATE.IGNORED);
        return true;
      }
    }
    this.#open(segment, row, side);
    return true;
  }

  /** More payload of a connection whose answer is to be shown. */
  #answered(segment: Segment, row: number, side: Side): true {
    const rows = this.#table.rows;
    const state = rows[row + ROW.STATE]!;
    if ((state & (STATE.ANSWERS << side)) === 0) {
      const sent = sequenceDistance(segment.sequence, rows[row + ROW.BASE0 + side]!);
      if (sent < MAX_UNANSWERED_BYTES) return true;
    } else if (this.#isFirst(segment, row, side)) this.#handler.answered?.(this.#fillPeek(segment, state, side));
    rows[row + ROW.STATE] = (state & ~ANSWERS_OF_BOTH) | STATE.IGNORED;
    return true;
  }

  /** Whether payload is a side's first, as far as is known where its direction begins, and enough to look at. */
  #isFirst(segment: Segment, row: number, side: Side): boolean {
    const rows = this.#table.rows;
    if (segment.payloadLength < MIN_PEEK_BYTES) return false;
    if ((rows[row + ROW.STATE]! & (STATE.EXACT << side)) === 0) return true;
    const first = (rows[row + ROW.BASE0 + side]! + ((segment.flags & SYN) === 0 ? 1 : 0)) | 0;
    return (segment.sequence | 0) === first;
  }

  #open(segment: Segment, row: number, side: Side): void {
    if (this.#followed.count >= this.#limits.followed) this.#followed.evict();
    const rows = this.#table.rows;
    const state = rows[row + ROW.STATE]!;
    const slot = rows[row + ROW.SLOT]!;
    const begin = this.#beginnings.copy(slot, this.clock);
    this.#beginnings.release(slot);
    timeHandshake(begin, 0, segment.flags, initiatorOf(state) === side, sinceStart(begin, 0, this.clock));
    const connection = new Connection(
      {
        row,
        stream: rows[row + ROW.STREAM]!,
        low: rows[row + ROW.LOW]!,
        high: rows[row + ROW.HIGH]!,
        ports: rows[row + ROW.PORTS]!,
        state,
        base0: begunAt(begin[BEGIN.SENT]!, rows[row + ROW.BASE0]!),
        base1: begunAt(begin[BEGIN.SENT + 1]!, rows[row + ROW.BASE1]!),
        begin,
        addresses: this.#addresses,
      },
      this.clock,
    );
    connection.attach(this.#handler.open(connection), this.#shared);
    rows[row + ROW.SLOT] = this.#followed.add(connection);
    rows[row + ROW.STATE] = state | STATE.FOLLOWED;
    this.#followed.receive(rows[row + ROW.SLOT]!, segment, side);
  }

  /** The connection of `row` is over because its ports were taken over. */
  #retire(row: number): void {
    const rows = this.#table.rows;
    const state = rows[row + ROW.STATE]!;
    if ((state & STATE.FOLLOWED) !== 0) this.#followed.finish(rows[row + ROW.SLOT]!, "reused");
    else if ((state & (STATE.IGNORED | STATE.OVER)) === 0) this.#beginnings.release(rows[row + ROW.SLOT]!);
    rows[row + ROW.SLOT] = 0;
    this.#tally(state);
  }

  #tally(state: number): void {
    if (isLateStart(state)) this.#lateStarts++;
    if (isOneSided(state)) this.#oneSided++;
  }

  /** A connection is not followed any more: its row becomes `STATE.OVER` or `STATE.IGNORED`. */
  #leave(row: number, state: number): void {
    const rows = this.#table.rows;
    rows[row + ROW.STATE] = (rows[row + ROW.STATE]! & ~STATE.FOLLOWED) | state;
    rows[row + ROW.SLOT] = 0;
  }

  #evict(): void {
    const row = this.#table.evictionCandidate();
    if (row < 0) return;
    const state = this.#table.rows[row + ROW.STATE]!;
    if ((state & STATE.CLOSED) === 0) this.#noteEviction();
    this.#retire(row);
    this.#table.remove(row);
  }

  #noRoom(segment: Segment): void {
    this.clock.frame = segment.packet.frame;
    this.#noteEviction();
  }

  #noteEviction(): void {
    if (this.#evicted === 0) this.#shared.note({ id: "tcp-flow-evicted", frame: this.clock.frame, at: 0 });
    this.#evicted++;
  }

  #fillPeek(segment: Segment, state: number, side: Side): FirstPayload {
    const peek = this.#peek;
    const initiator = initiatorOf(state);
    peek.bytes = segment.bytes;
    peek.start = segment.payloadStart;
    peek.end = segment.payloadEnd;
    peek.addressBytes = segment.bytes;
    peek.addressLength = segment.addressLength;
    peek.source = segment.source;
    peek.destination = segment.destination;
    peek.sourcePort = segment.sourcePort;
    peek.destinationPort = segment.destinationPort;
    peek.senderIsInitiator = initiator === null ? null : initiator === side;
    peek.frame = segment.packet.frame;
    return peek;
  }
}

const BOTH_SEEN = STATE.SEEN * 3;
const ANSWERS_OF_BOTH = STATE.ANSWERS * 3;

/** The sequence number in front of a side's first byte that may be in the capture. */
function begunAt(sent: number, base: number): number {
  return Number.isNaN(sent) ? base : sent;
}

function isLateStart(state: number): boolean {
  return (state & BOTH_SEEN) !== 0 && (state & STATE.HANDSHAKE) === 0;
}

/** One direction only, though what was sent acknowledges something of the other: a SYN without an answer is not one-sided. */
function isOneSided(state: number): boolean {
  const seen = state & BOTH_SEEN;
  return (seen === STATE.SEEN || seen === STATE.SEEN << 1) && (state & STATE.ACKED) !== 0;
}

function newPeek(): FirstPayload {
  const bytes = new Uint8Array(0);
  return {
    bytes,
    start: 0,
    end: 0,
    addressBytes: bytes,
    addressLength: 4,
    source: 0,
    destination: 0,
    sourcePort: 0,
    destinationPort: 0,
    senderIsInitiator: null,
    frame: 0,
  };
}
