// Reassembly of one direction of a connection (RFC 9293 §3.10.7.4, seen from outside: nothing is refused, holes become gaps).
import { type FrameNo, nanos } from "../bytes/index.ts";
import type { Segment } from "../packet/index.ts";
import { microseconds, setClock, stampOf } from "./clock.ts";
import { acknowledgedEarly, type Early } from "./early.ts";
import { Held } from "./held.ts";
import {
  DUPLICATE_MICROSECONDS,
  MAX_WINDOW_BYTES,
  ONE_SIDED_BYTES,
  ONE_SIDED_MICROSECONDS,
  OUT_OF_ORDER_MICROSECONDS,
  REORDER_MICROSECONDS,
  REORDER_SEGMENTS,
  STRAY_SEGMENTS,
} from "./limits.ts";
import { inWindow, isKeepAlive, SYN, sequenceDistance } from "./sequence.ts";
import type { Shared } from "./shared.ts";
import type { ByteSink, Conversation, DirectionFacts, EndCause, GapCause } from "./types.ts";

/** Stands for all directions that never held anything; nothing is ever added to it. */
const NOTHING_HELD = new Held();

/** One direction: puts its payload in order and gives it to a sink. Sequence numbers are signed 32-bit here. */
export class HalfStream implements DirectionFacts {
  // What every segment touches stands first: objects are laid out in this order, and a cache line holds eight fields.
  /** Sequence number of the next byte for the sink. */
  next = 0;
  /** Whether `next` is known and bytes there are wanted. */
  flowing = false;
  /** Whether pieces are held. */
  holding = false;
  segments = 0;
  bytes = 0;
  readonly sink: ByteSink;
  /** Highest acknowledgement of the peer. */
  #acked = 0;
  #ackedKnown = false;
  /** Made when something is acknowledged that was not recorded yet. */
  early: Early | null = null;
  // `next` as it stood a moment ago: what lies behind it came within DUPLICATE_MICROSECONDS. Times in microseconds modulo 2^32.
  #markTime = 0;
  #mark = 0;
  #olderMarkTime = 0;
  #olderMark = 0;

  /** The sink had its end. */
  ended = false;
  retransmissions = 0;
  outOfOrder = 0;
  filled: DirectionFacts["filled"] = null;
  gaps = 0;
  missingBytes = 0;
  overlapsDiffering = 0;
  synSeen = false;
  finFrame: FrameNo | null = null;
  resetFrame: FrameNo | null = null;
  /** Made when the first piece is to be held: most directions never need it. */
  held: Held = NOTHING_HELD;
  readonly #conversation: Conversation;
  readonly #shared: Shared<HalfStream>;
  #fin = 0;
  #finKnown = false;
  /** Whether `next` holds what `expect` said. */
  #expecting = false;
  /** It started late, and nothing was passed on yet. */
  #late = false;
  /** Acknowledged past a hole: up to where, since when, for how many segments. */
  #proof = 0;
  #proven = false;
  #provenAt = 0;
  #provenSegments = 0;
  #strays = 0;
  #strayNext = 0;

  constructor(sink: ByteSink, conversation: Conversation, shared: Shared<HalfStream>) {
    this.sink = sink;
    this.#conversation = conversation;
    this.#shared = shared;
  }

  /** The first packet of either side says that the next byte is at `sequence`; there was no handshake. */
  expect(sequence: number): void {
    this.next = sequence | 0;
    this.#expecting = true;
  }

  /** The handshake says that the first byte is at `first`. Later than the first byte it says nothing. */
  begin(first: number): void {
    if (this.ended || this.bytes + this.missingBytes > 0 || this.holding) return;
    // A server that was asked again may answer with another number: the one that the client acknowledged is meant.
    if (this.flowing && this.#ackedKnown && this.#acked === this.next) return;
    this.next = first | 0;
    this.flowing = true;
  }

  /** The peer expects `acknowledgement` next. */
  acknowledge(acknowledgement: number): void {
    const ack = acknowledgement | 0;
    if (this.#ackedKnown && sequenceDistance(ack, this.#acked) <= 0) return;
    // Nothing of this direction was seen yet: what is acknowledged from here on was sent within the capture.
    if (!this.#ackedKnown && !this.flowing && !this.#expecting) this.expect(ack);
    this.#ackedKnown = true;
    this.#acked = ack;
    if (!this.ended && sequenceDistance(ack, this.next) > 0)
      this.early = acknowledgedEarly(this.early, ack, stampOf(this.#shared.clock));
  }

  /**
   * Takes payload that is in order and whole, with nothing held: `length` bytes at `start` of the segment's bytes. Returns
   * whether the sink was called.
   */
  pass(segment: Segment, start: number, length: number): boolean {
    this.#setMark();
    if (this.early !== null) this.early.arrived(this.next, stampOf(this.#shared.clock));
    this.next = (this.next + length) | 0;
    this.bytes += length;
    const { sink } = this;
    if (length < sink.skippable) {
      sink.skippable -= length;
      return false;
    }
    sink.push(segment.bytes, start, start + length, this.#shared.clock.frame);
    return true;
  }

  /** Takes the payload of any segment, wherever it lies. */
  receive(segment: Segment): void {
    if (this.ended) return;
    const { bytes } = segment;
    let sequence = (segment.flags & SYN) === 0 ? segment.sequence | 0 : (segment.sequence + 1) | 0;
    let start = segment.payloadStart;
    let captured = segment.payloadEnd - start;
    let length = segment.payloadLength;
    if (!this.flowing) {
      if (isKeepAlive(segment)) return;
      this.#startLate(sequence);
      this.#give(0, "late-start");
    }
    let ahead = sequenceDistance(sequence, this.next);
    if (ahead < 0) {
      // RFC 1122 §4.2.3.6: a keep-alive has the number before the next one, with one byte of garbage or none.
      if (ahead === -1 && length === 1) return;
      this.#repeated(this.#passedSince(sequence));
      if (ahead + length <= 0) return;
      const known = Math.min(-ahead, captured);
      start += known;
      captured -= known;
      length += ahead;
      sequence = this.next;
      ahead = 0;
    }
    if (this.#finKnown) {
      const room = sequenceDistance(this.#fin, sequence);
      if (room <= 0) return;
      length = Math.min(length, room);
      captured = Math.min(captured, room);
    }
    if (ahead > MAX_WINDOW_BYTES) {
      if (!this.#straysGoOn(sequence, length)) return;
      ahead = 0;
    }
    this.#strays = 0;
    if (ahead > 0) {
      const fresh = this.#hold(sequence, length, bytes, start, captured);
      if (fresh === 0) this.#repeated(stampOf(this.held.pieceAt(sequence)));
      this.#keepLimits();
      return;
    }
    if (this.holding) {
      this.#filled();
      const free = sequenceDistance(this.held.first.sequence, sequence);
      if (free < length) {
        const known = Math.min(free, captured);
        // Not limited: all of it is in order once the hole is filled, and goes out below.
        this.#hold((sequence + free) | 0, length - free, bytes, start + known, captured - known);
        length = free;
        captured = known;
      }
    }
    this.#setMark();
    this.#deliver(bytes, start, start + captured, length);
    this.#drain(false);
  }

  /** Takes the FIN of a segment, behind its payload. */
  receiveFin(segment: Segment): void {
    const syn = (segment.flags & SYN) === 0 ? 0 : 1;
    this.closeAt(segment.sequence + syn + segment.payloadLength, this.#shared.clock.frame);
  }

  /**
   * The first byte that was captured is at `sequence`, without a handshake. If an earlier one was expected, the stream
   * starts there: what is between may still come (as Wireshark has it when it follows a stream).
   */
  #startLate(sequence: number): void {
    const ahead = sequenceDistance(sequence, this.next);
    // One byte ahead: what told the number was a keep-alive (RFC 1122 §4.2.3.6).
    if (!this.#expecting || ahead === 1 || !inWindow(ahead)) this.next = sequence;
    this.flowing = true;
    this.#late = true;
  }

  /** The direction ends before sequence number `end`, as a FIN in `frame` said. */
  closeAt(end: number, frame: FrameNo): void {
    const fin = end | 0;
    if (this.ended || this.#finKnown) return;
    if (!this.flowing) {
      this.#startLate(fin);
      if (fin !== this.next) this.#give(0, "late-start");
    }
    const ahead = sequenceDistance(fin, this.next);
    if (!inWindow(ahead)) return;
    this.#finKnown = true;
    this.#fin = fin;
    this.finFrame = frame;
    if (ahead === 0) {
      this.#end("fin", frame);
      if (this.holding) this.#charge(() => this.held.clear());
    } else {
      this.#charge(() => this.held.addFin(fin, this.#shared.clock));
      this.#keepLimits();
    }
  }

  /**
   * Gives holes up that will not be filled: those that the peer acknowledged past, after a while in which late packets may
   * still come; without acknowledgements those behind which much was sent. To be called for each segment of the connection
   * while there is held data.
   */
  settle(): void {
    const now = microseconds(this.#shared.clock);
    const held = this.held;
    if (!this.#ackedKnown) {
      if (held.charge >= ONE_SIDED_BYTES || now - microseconds(held.first) >= ONE_SIDED_MICROSECONDS) {
        this.#giveUp("lost");
      }
      return;
    }
    if (this.#proven) {
      this.#provenSegments++;
      if (this.#provenSegments < REORDER_SEGMENTS && now - this.#provenAt < REORDER_MICROSECONDS) return;
      this.#proven = false;
      while (this.holding && this.#passed(this.#proof)) this.#giveUp("lost");
    }
    if (this.holding && this.#passed(this.#acked)) {
      this.#proven = true;
      this.#proof = this.#acked;
      this.#provenAt = now;
      this.#provenSegments = 0;
    }
  }

  /** Nothing more comes: gives out what is held and what is known to be missing, then ends the sink. */
  finish(how: EndCause, frame: FrameNo): void {
    while (this.holding) {
      this.#giveUp(this.#ackedKnown && this.#passed(this.#acked) ? "lost" : "never-filled");
    }
    if (this.ended) return;
    const missing = this.#ackedKnown ? sequenceDistance(this.#acked, this.next) : 0;
    // One more than was seen is a FIN that was not captured.
    if (missing > 1 && missing <= MAX_WINDOW_BYTES) {
      if (!this.flowing) this.#give(0, "late-start");
      this.#give(missing, "lost");
    }
    // It goes on, and nobody looks; of all such connections one note is made, and the capture lost nothing.
    if (how === "evicted" && !this.#conversation.abandoned) this.sink.gap(0, "dropped", frame);
    this.#end(how, frame);
  }

  /** Forgets held data without giving it out. */
  forget(): void {
    if (this.holding) this.#charge(() => this.held.clear());
    this.ended = true;
    this.flowing = false;
  }

  /** Gives the first hole up: a gap, then what is behind it up to the next hole, with the frames it was captured in. */
  #giveUp(cause: GapCause): void {
    const { clock } = this.#shared;
    const { frame, seconds, nanoseconds } = clock;
    const piece = this.held.first;
    setClock(clock, piece.frame, piece.seconds, piece.nanoseconds);
    this.#give(sequenceDistance(piece.sequence, this.next), cause);
    this.#drain(true);
    setClock(clock, frame, seconds, nanoseconds);
  }

  /** Passes on the held pieces that are in order now; with `ownFrames` the clock stands where each was captured. */
  #drain(ownFrames: boolean): void {
    const { held } = this;
    if (!this.holding) return;
    const { clock } = this.#shared;
    this.#charge(() => {
      while (held.size > 0 && !this.ended && held.first.sequence === this.next) {
        const piece = held.shift();
        if (ownFrames) setClock(clock, piece.frame, piece.seconds, piece.nanoseconds);
        if (piece.fin) this.#end("fin", clock.frame);
        else this.#deliver(piece.bytes, 0, piece.bytes.length, piece.length);
      }
      // Data behind a FIN is of no connection.
      if (this.ended) held.clear();
    });
    // What was held came before: its repetition is none that a mirror port made.
    this.#mark = this.#olderMark = this.next;
    this.#markTime = this.#olderMarkTime = stampOf(this.#shared.clock);
    if (!this.holding) this.#proven = false;
  }

  /** Holds what is new of data ahead of a hole; returns how many bytes that were. */
  #hold(sequence: number, length: number, bytes: Uint8Array, start: number, captured: number): number {
    const { clock } = this.#shared;
    const result = this.#charge(() => this.held.add(sequence, length, bytes, start, captured, clock));
    if (result >= 0) return result;
    this.#differs();
    return -1 - result;
  }

  /** Gives holes up until what is held is within the limits of a direction and of all. */
  #keepLimits(): void {
    const { limits, holders } = this.#shared;
    if (this.held.charge > limits.heldPerDirection) this.#dropUntil(this, limits.heldPerDirection);
    // The oldest hole of all goes first: the one that is least likely to be filled.
    for (const oldest of holders) {
      if (this.#shared.heldTotal <= limits.heldTotal) break;
      this.#dropUntil(oldest, 0);
    }
  }

  #dropUntil(half: HalfStream, limit: number): void {
    const { clock, note, limits } = this.#shared;
    note({ id: "tcp-buffer-full", frame: clock.frame, at: half.#offset, detail: { limit: limits.heldPerDirection } });
    while (half.holding && half.held.charge > limit) half.#giveUp("dropped");
  }

  /** Runs `change` and keeps the sums over all directions right. */
  #charge<T>(change: () => T): T {
    if (this.held === NOTHING_HELD) this.held = new Held();
    const before = this.held.charge;
    const result = change();
    const shared = this.#shared;
    shared.heldTotal += this.held.charge - before;
    this.holding = this.held.size > 0;
    if (this.holding) shared.holders.add(this);
    else shared.holders.delete(this);
    return result;
  }

  /** A segment came of which a part or all was there already: at `since` (µs modulo 2^32) or later, if that is known. */
  #repeated(since: number | null): void {
    if (since !== null && (stampOf(this.#shared.clock) - since) >>> 0 < DUPLICATE_MICROSECONDS)
      this.#shared.duplicates++;
    else this.retransmissions++;
  }

  /** A time after which all from `sequence` on was passed on, as late as is known. */
  #passedSince(sequence: number): number | null {
    if (sequenceDistance(sequence, this.#mark) >= 0) return this.#markTime;
    return sequenceDistance(sequence, this.#olderMark) >= 0 ? this.#olderMarkTime : null;
  }

  /** Whether the peer acknowledged the FIN. */
  get endKnown(): boolean {
    return this.#finKnown && this.#ackedKnown && sequenceDistance(this.#acked, this.#fin) > 0;
  }

  /** Remembers where the stream stands now, at most twice within DUPLICATE_MICROSECONDS. */
  #setMark(): void {
    const now = stampOf(this.#shared.clock);
    if ((now - this.#markTime) >>> 0 < DUPLICATE_MICROSECONDS / 2) return;
    this.#olderMarkTime = this.#markTime;
    this.#olderMark = this.#mark;
    this.#markTime = now;
    this.#mark = this.next;
  }

  /** A segment fills the first hole, or a part of it. */
  #filled(): void {
    if (microseconds(this.#shared.clock) - microseconds(this.held.first) < OUT_OF_ORDER_MICROSECONDS) this.outOfOrder++;
    else this.retransmissions++;
    const to = nanos(this.#shared.clock.seconds, this.#shared.clock.nanoseconds);
    this.filled = { from: this.filled?.from ?? to, to };
  }

  /** A segment lies outside any window. Whether enough of them continued each other to go on there. */
  #straysGoOn(sequence: number, length: number): boolean {
    this.#strays = sequence === this.#strayNext ? this.#strays + 1 : 1;
    this.#strayNext = (sequence + length) | 0;
    if (this.#strays < STRAY_SEGMENTS) return false;
    while (this.holding) this.#giveUp("never-filled");
    this.#give(0, "lost");
    this.next = sequence;
    return !this.ended;
  }

  /** Whether acknowledgement `ack` covers the first hole. */
  #passed(ack: number): boolean {
    return sequenceDistance(ack, this.held.first.sequence) >= 0;
  }

  #deliver(bytes: Uint8Array, start: number, end: number, length: number): void {
    const captured = end - start;
    if (this.early !== null) this.early.arrived(this.next, stampOf(this.#shared.clock));
    this.#late = false;
    this.next = (this.next + captured) | 0;
    this.bytes += captured;
    const { sink } = this;
    if (captured > 0 && !this.#conversation.abandoned) {
      if (captured < sink.skippable) sink.skippable -= captured;
      else sink.push(bytes, start, end, this.#shared.clock.frame);
    }
    if (captured < length) this.#give(length - captured, "snapped");
  }

  /** Tells the sink that `length` bytes are missing and moves behind them. */
  #give(length: number, why: GapCause): void {
    let cause = why;
    const { clock, note } = this.#shared;
    // Bytes before the first that was captured were sent before the capture, as far as anyone can tell.
    if (this.#late && cause === "lost") cause = "late-start";
    if (cause !== "late-start") {
      // One note a direction: the rest is in the sums.
      if (this.gaps === 0) note({ id: "tcp-gap", frame: clock.frame, at: this.#offset, detail: { length, cause } });
      this.gaps++;
      this.missingBytes += length;
    }
    this.early?.lost();
    this.next = (this.next + length) | 0;
    if (!this.#conversation.abandoned) this.sink.gap(length, cause, clock.frame);
  }

  #differs(): void {
    const { clock, note } = this.#shared;
    if (this.overlapsDiffering === 0) note({ id: "tcp-overlap-differs", frame: clock.frame, at: this.#offset });
    this.overlapsDiffering++;
  }

  #end(how: EndCause, frame: FrameNo): void {
    if (this.ended) return;
    this.ended = true;
    this.flowing = false;
    if (!this.#conversation.abandoned) this.sink.end(how, frame);
  }

  get #offset(): number {
    return this.bytes + this.missingBytes;
  }
}
