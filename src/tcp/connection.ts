// One followed connection: its two directions, how it began and how it ends.
import { type Endpoint, type FrameNo, type Millis, type Nanos, nanos, type Side } from "../bytes/index.ts";
import type { Segment } from "../packet/index.ts";
import { ipv4TextOf } from "../pcap-parser/index.ts";
import type { AddressTable } from "./address-table.ts";
import { BEGIN, sinceStart, timeHandshake } from "./beginnings.ts";
import { setClock } from "./clock.ts";
import { initiatorOf, STATE } from "./flow-table.ts";
import { HalfStream } from "./half-stream.ts";
import { MAX_RESET_BYTES, MAX_WINDOW_BYTES } from "./limits.ts";
import { ACK, FIN, RST, SYN, sequenceDistance } from "./sequence.ts";
import type { Shared } from "./shared.ts";
import type { Conversation, DirectionFacts, EndCause, TcpClock, TcpConnection } from "./types.ts";

/** What the row of a connection says of it when it is opened; see `ROW`. */
export interface Origin {
  readonly row: number;
  readonly stream: number;
  readonly low: number;
  readonly high: number;
  readonly ports: number;
  readonly state: number;
  readonly base0: number;
  readonly base1: number;
  /** The `BEGIN` fields, copied. */
  readonly begin: number[];
  readonly addresses: AddressTable;
}

/** State of a followed connection. */
export class Connection implements TcpConnection {
  // What every segment touches stands first: objects are laid out in this order, and a cache line holds eight fields.
  lastFrame: FrameNo;
  #lastSeconds: number;
  #lastNanoseconds: number;
  /** The directions, set when the handler opened the conversation. */
  #half0!: HalfStream;
  #half1!: HalfStream;
  readonly #clock: TcpClock;
  /** Both directions ended or one side reset: late packets may still come until `closingSeconds` is some time ago. */
  closing = false;
  /** Both directions ended and the other sides know it: nothing more will come that matters. */
  over = false;
  /** The handshake's last ACK is still to come. */
  #timing: boolean;

  /** Waits in the queue of those that are closing. */
  lingering = false;
  closingSeconds = 0;
  /** Set by `Followed`. */
  slot = 0;
  readonly row: number;
  readonly stream: number;
  initiator: Side | null;
  conversation!: Conversation;
  directions!: readonly [DirectionFacts, DirectionFacts];
  #resetBy: Side | null = null;
  #resetSequence = 0;
  /** null: it acknowledges nothing. */
  #resetAcknowledgement: number | null = null;
  #resetFrame: FrameNo = 0;
  #resetSeconds = 0;
  #resetNanoseconds = 0;
  readonly #origin: Origin;
  readonly #begin: number[];
  #endpoints: readonly [Endpoint, Endpoint] | null = null;

  constructor(origin: Origin, clock: TcpClock) {
    this.lastFrame = clock.frame;
    this.#lastSeconds = clock.seconds;
    this.#lastNanoseconds = clock.nanoseconds;
    this.#clock = clock;
    this.#timing = !Number.isNaN(origin.begin[BEGIN.SYN]!) && Number.isNaN(origin.begin[BEGIN.SYN_ACK_TO_ACK]!);
    this.row = origin.row;
    this.stream = origin.stream;
    this.initiator = initiatorOf(origin.state);
    this.#origin = origin;
    this.#begin = origin.begin;
  }

  /** Connects the sinks. */
  attach(conversation: Conversation, shared: Shared<HalfStream>): void {
    const { base0, base1 } = this.#origin;
    const [sink0, sink1] = conversation.sinks;
    this.conversation = conversation;
    this.#half0 = new HalfStream(sink0, conversation, shared);
    this.#half1 = new HalfStream(sink1, conversation, shared);
    this.directions = [this.#half0, this.#half1];
    this.#attachHalf(this.#half0, 0, base0 + 1);
    this.#attachHalf(this.#half1, 1, base1 + 1);
  }

  // Text and big integers are made when they are asked for: of most connections never.

  get endpoints(): readonly [Endpoint, Endpoint] {
    this.#endpoints ??= [endpointOf(this.#origin, 0), endpointOf(this.#origin, 1)];
    return this.#endpoints;
  }

  get firstFrame(): FrameNo {
    return this.#begin[BEGIN.FRAME]!;
  }

  get startTime(): Nanos {
    return nanos(this.#begin[BEGIN.SECONDS]!, this.#begin[BEGIN.NANOSECONDS]!);
  }

  get endTime(): Nanos {
    return nanos(this.#lastSeconds, this.#lastNanoseconds);
  }

  get synToSynAckMs(): Millis | null {
    return millisOrNull(this.#begin[BEGIN.SYN_TO_SYN_ACK]!);
  }

  get synAckToAckMs(): Millis | null {
    return millisOrNull(this.#begin[BEGIN.SYN_ACK_TO_ACK]!);
  }

  /** Takes a segment of this connection, sent by `side`. Returns whether a sink may have been called. */
  receive(segment: Segment, side: Side): boolean {
    const clock = this.#clock;
    const half = side === 0 ? this.#half0 : this.#half1;
    const peer = side === 0 ? this.#half1 : this.#half0;
    this.lastFrame = clock.frame;
    this.#lastSeconds = clock.seconds;
    this.#lastNanoseconds = clock.nanoseconds;
    half.segments++;
    const { flags } = segment;
    const length = segment.payloadLength;
    if ((flags & (SYN | FIN | RST)) === 0) {
      if ((flags & ACK) !== 0) peer.acknowledge(segment.acknowledgement);
      if (half.flowing && !half.holding && !peer.holding && !this.closing && !this.#timing) {
        if (length === 0) return false;
        const start = segment.payloadStart;
        if ((segment.sequence | 0) === half.next && segment.payloadEnd - start === length) {
          return half.pass(segment, start, length);
        }
      }
    }
    this.#receiveRare(segment, side, half, peer);
    return true;
  }

  /** Anything but data in order with nothing held. */
  #receiveRare(segment: Segment, side: Side, half: HalfStream, peer: HalfStream): void {
    const { flags } = segment;
    if ((flags & RST) !== 0) {
      // Its payload, if any, is no data (RFC 1122 §4.2.2.12).
      this.#reset(segment, side, half);
      return;
    }
    if ((flags & SYN) !== 0 || this.#timing) this.#handshake(segment, side, half);
    if ((flags & (SYN | FIN)) !== 0 && (flags & ACK) !== 0) peer.acknowledge(segment.acknowledgement);
    if (peer.holding) peer.settle();
    if (segment.payloadLength > 0) {
      this.#goOnAfterReset(segment, side, half);
      half.receive(segment);
      if (this.closing) this.closingSeconds = this.#clock.seconds;
    }
    if ((flags & FIN) !== 0) half.receiveFin(segment);
    if (half.holding) half.settle();
    if (half.ended && peer.ended) {
      if (!this.closing) this.#close();
      this.over = half.endKnown && peer.endKnown;
    }
  }

  /** Ends both directions: by the reset or FIN that was seen, else as `how` says. */
  finish(how: EndCause): void {
    const clock = this.#clock;
    const { frame, seconds, nanoseconds } = clock;
    if (this.#resetBy !== null) setClock(clock, this.#resetFrame, this.#resetSeconds, this.#resetNanoseconds);
    // One that is given up was followed until now.
    else if (how !== "evicted") setClock(clock, this.lastFrame, this.#lastSeconds, this.#lastNanoseconds);
    const by = this.#resetBy;
    if (by !== null) this.#believeReset(by === 0 ? this.#half0 : this.#half1, by === 0 ? this.#half1 : this.#half0);
    this.#half0.finish(by === null ? how : by === 0 ? "reset" : "reset-by-peer", clock.frame);
    this.#half1.finish(by === null ? how : by === 1 ? "reset" : "reset-by-peer", clock.frame);
    if (!this.conversation.abandoned) this.conversation.closed();
    setClock(clock, frame, seconds, nanoseconds);
  }

  /** Drops all state without a word to the sinks. */
  forget(): void {
    this.#half0.forget();
    this.#half1.forget();
  }

  #handshake(segment: Segment, side: Side, half: HalfStream): void {
    const clock = this.#clock;
    const now = sinceStart(this.#begin, 0, clock);
    if ((segment.flags & SYN) !== 0) this.initiator ??= (segment.flags & ACK) !== 0 ? ((1 - side) as Side) : side;
    timeHandshake(this.#begin, 0, segment.flags, this.initiator === side, now);
    this.#timing = Number.isNaN(this.#begin[BEGIN.SYN_ACK_TO_ACK]!);
    if ((segment.flags & SYN) === 0) return;
    half.synSeen = true;
    half.begin(segment.sequence + 1);
  }

  #reset(segment: Segment, side: Side, half: HalfStream): void {
    if (isFarOff(segment, half)) return;
    half.resetFrame ??= this.#clock.frame;
    if (this.#resetBy !== null) return;
    const { frame, seconds, nanoseconds } = this.#clock;
    this.#resetBy = side;
    this.#resetSequence = segment.sequence;
    this.#resetAcknowledgement = (segment.flags & ACK) === 0 ? null : segment.acknowledgement;
    this.#resetFrame = frame;
    this.#resetSeconds = seconds;
    this.#resetNanoseconds = nanoseconds;
    this.#close();
  }

  /** The RST stands: a host that resets names what it has sent and received so far (RFC 9293 §3.5.2, §3.10.7.4). */
  #believeReset(half: HalfStream, peer: HalfStream): void {
    if (this.#resetSequence !== 0) believe(half, this.#resetSequence);
    if (this.#resetAcknowledgement !== null) believe(peer, this.#resetAcknowledgement);
  }

  /** A host that resets sends nothing behind its RST. If more comes from there, the RST was forged or refused (RFC 5961 §3). */
  #goOnAfterReset(segment: Segment, side: Side, half: HalfStream): void {
    if (this.#resetBy !== side || sequenceDistance(segment.sequence, this.#resetSequence) < 0) return;
    if (this.#resetSequence === 0) return;
    this.#resetBy = null;
    half.resetFrame = null;
    this.closing = false;
  }

  #attachHalf(half: HalfStream, side: Side, first: number): void {
    const begin = this.#begin;
    const { state } = this.#origin;
    if ((state & (STATE.EXACT << side)) !== 0) half.begin(first);
    else if ((state & (STATE.BASE << side)) !== 0) half.expect(first);
    half.segments = begin[BEGIN.SEGMENTS + side]!;
    half.synSeen = (state & (STATE.SYN << side)) !== 0;
    const fin = begin[BEGIN.FIN + side]!;
    if (!Number.isNaN(fin)) half.closeAt(fin, begin[BEGIN.FIN_FRAME + side]!);
  }

  #close(): void {
    this.closing = true;
    this.closingSeconds = this.#clock.seconds;
  }
}

/** RFC 9293 §3.10.7.4, RFC 5961 §3: a RST outside of any window is dropped. Some stacks send all of theirs with number 0. */
function isFarOff({ sequence }: Segment, half: HalfStream): boolean {
  return half.flowing && sequence !== 0 && Math.abs(sequenceDistance(sequence, half.next)) > MAX_WINDOW_BYTES;
}

/** A RST says that the bytes before `sequence` were sent. What forges one may name any number: a near one is believed. */
function believe(half: HalfStream, sequence: number): void {
  const ahead = sequenceDistance(sequence, half.next);
  if (half.flowing && ahead > 0 && ahead <= MAX_RESET_BYTES) half.acknowledge(sequence);
}

function endpointOf({ low, high, ports, state, addresses }: Origin, side: Side): Endpoint {
  const isLow = (side === 0) === ((state & STATE.FIRST_IS_HIGH) === 0);
  const address = isLow ? low : high;
  return {
    ip: (state & STATE.V6) === 0 ? ipv4TextOf(address) : addresses.text(address),
    port: isLow ? ports >>> 16 : ports & 0xffff,
  };
}

function millisOrNull(nanoseconds: number): Millis | null {
  return Number.isNaN(nanoseconds) ? null : nanoseconds / 1e6;
}
