// One followed connection: its two directions, how it began and how it ends.
import { type Endpoint, type FrameNo, type Millis, type Nanos, nanos, type Side } from "../bytes/index.ts";
import type { Segment } from "../packet/index.ts";
import { BEGIN, BEGIN_FIELDS, timeHandshake } from "./beginnings.ts";
import { HalfStream, type Shared, setClock } from "./half-stream.ts";
import { ACK, FIN, RST, SYN, sequenceDistance } from "./sequence.ts";
import type { Conversation, DirectionFacts, EndCause, TcpConnection } from "./types.ts";

/** How a connection began, from its row and its `Beginnings`. */
export interface Origin {
  readonly row: number;
  readonly stream: number;
  readonly endpoints: readonly [Endpoint, Endpoint];
  readonly initiator: Side | null;
  readonly firstFrame: FrameNo;
  readonly seconds: number;
  readonly nanoseconds: number;
  /** The `BEGIN` fields, copied. */
  readonly times: Float64Array;
}

/** State of a followed connection. */
export class Connection implements TcpConnection {
  readonly row: number;
  /** Set by `Followed`. */
  slot = 0;
  readonly stream: number;
  readonly endpoints: readonly [Endpoint, Endpoint];
  readonly firstFrame: FrameNo;
  readonly startTime: Nanos;
  initiator: Side | null;
  lastFrame: FrameNo;
  /** Set right after the handler opened the conversation. */
  conversation!: Conversation;
  halves!: readonly [HalfStream, HalfStream];
  /** Both directions ended or one side reset: late packets may still come until `closingSeconds` is some time ago. */
  closing = false;
  closingSeconds = 0;
  /** Waits in the queue of those that are closing. */
  lingering = false;
  #lastSeconds: number;
  #lastNanoseconds: number;
  #resetBy: Side | null = null;
  #resetSequence = 0;
  #resetFrame: FrameNo = 0;
  #resetSeconds = 0;
  #resetNanoseconds = 0;
  readonly #startSeconds: number;
  readonly #startNanoseconds: number;
  readonly #times: Float64Array;
  /** The handshake's last ACK is still to come. */
  #timing: boolean;
  readonly #shared: Shared;

  constructor(origin: Origin, shared: Shared) {
    this.row = origin.row;
    this.stream = origin.stream;
    this.endpoints = origin.endpoints;
    this.initiator = origin.initiator;
    this.firstFrame = origin.firstFrame;
    this.startTime = nanos(origin.seconds, origin.nanoseconds);
    this.lastFrame = shared.clock.frame;
    this.#lastSeconds = shared.clock.seconds;
    this.#lastNanoseconds = shared.clock.nanoseconds;
    this.#startSeconds = origin.seconds;
    this.#startNanoseconds = origin.nanoseconds;
    this.#times = origin.times;
    this.#timing = !Number.isNaN(origin.times[BEGIN.SYN]!) && Number.isNaN(origin.times[BEGIN.SYN_ACK_TO_ACK]!);
    this.#shared = shared;
  }

  /** Connects the sinks. `first`: the sequence number of each side's first byte where the handshake told it. */
  attach(
    conversation: Conversation,
    first: readonly [number | null, number | null],
    synSeen: readonly [boolean, boolean],
  ): void {
    const [sink0, sink1] = conversation.sinks;
    this.conversation = conversation;
    this.halves = [
      new HalfStream(sink0, conversation, this.#shared, first[0]),
      new HalfStream(sink1, conversation, this.#shared, first[1]),
    ];
    for (const side of [0, 1] as const) {
      const half = this.halves[side];
      half.segments = this.#times[BEGIN.SEGMENTS + side]!;
      half.synSeen = synSeen[side];
      const fin = this.#times[BEGIN.FIN + side]!;
      if (!Number.isNaN(fin)) half.closeAt(fin, this.#times[BEGIN.FIN_FRAME + side]!);
    }
  }

  get directions(): readonly [DirectionFacts, DirectionFacts] {
    return this.halves;
  }

  get endTime(): Nanos {
    return nanos(this.#lastSeconds, this.#lastNanoseconds);
  }

  get synToSynAckMs(): Millis | null {
    return millisOrNull(this.#times[BEGIN.SYN_TO_SYN_ACK]!);
  }

  get synAckToAckMs(): Millis | null {
    return millisOrNull(this.#times[BEGIN.SYN_ACK_TO_ACK]!);
  }

  /** Takes a segment of this connection, sent by `side`. */
  receive(segment: Segment, side: Side): void {
    const clock = this.#shared.clock;
    const half = this.halves[side];
    const peer = this.halves[1 - side]!;
    this.lastFrame = clock.frame;
    this.#lastSeconds = clock.seconds;
    this.#lastNanoseconds = clock.nanoseconds;
    half.segments++;
    const { flags } = segment;
    const length = segment.payloadLength;
    if ((flags & (SYN | FIN | RST)) === 0) {
      if ((flags & ACK) !== 0) peer.acknowledge(segment.acknowledgement);
      if (half.flowing && half.held.size === 0 && peer.held.size === 0 && !this.closing && !this.#timing) {
        if (length === 0) return;
        const start = segment.payloadStart;
        if ((segment.sequence | 0) === half.next && segment.payloadEnd - start === length) {
          half.pass(segment, start, length);
          return;
        }
      }
    }
    this.#receiveRare(segment, side);
  }

  /** Anything but data in order with nothing held. */
  #receiveRare(segment: Segment, side: Side): void {
    const { flags } = segment;
    const half = this.halves[side];
    const peer = this.halves[1 - side]!;
    if ((flags & RST) !== 0) {
      // Its payload, if any, is no data (RFC 1122 §4.2.2.12), its acknowledgement often arbitrary.
      this.#reset(segment, side);
      return;
    }
    if ((flags & SYN) !== 0 || this.#timing) this.#handshake(segment, side);
    if ((flags & (SYN | FIN)) !== 0 && (flags & ACK) !== 0) peer.acknowledge(segment.acknowledgement);
    if (peer.held.size > 0) peer.settle();
    if (segment.payloadLength > 0) {
      this.#goOnAfterReset(segment, side);
      half.receive(segment);
      if (this.closing) this.closingSeconds = this.#shared.clock.seconds;
    }
    if ((flags & FIN) !== 0) half.receiveFin(segment);
    if (half.held.size > 0) half.settle();
    if (!this.closing && this.halves[0].ended && this.halves[1].ended) this.#close();
  }

  /** Ends both directions: by the reset or FIN that was seen, else as `how` says. */
  finish(how: EndCause): void {
    const { clock } = this.#shared;
    const { frame, seconds, nanoseconds } = clock;
    if (this.#resetBy === null) setClock(clock, this.lastFrame, this.#lastSeconds, this.#lastNanoseconds);
    else setClock(clock, this.#resetFrame, this.#resetSeconds, this.#resetNanoseconds);
    for (const side of [0, 1] as const) {
      const cause = this.#resetBy === null ? how : this.#resetBy === side ? "reset" : "reset-by-peer";
      this.halves[side].finish(cause, clock.frame);
    }
    if (!this.conversation.abandoned) this.conversation.closed();
    setClock(clock, frame, seconds, nanoseconds);
  }

  /** Drops all state without a word to the sinks. */
  forget(): void {
    for (const half of this.halves) half.forget();
  }

  #handshake(segment: Segment, side: Side): void {
    const { clock } = this.#shared;
    const now = (clock.seconds - this.#startSeconds) * 1e9 + clock.nanoseconds - this.#startNanoseconds;
    if ((segment.flags & SYN) !== 0) this.initiator ??= (segment.flags & ACK) !== 0 ? ((1 - side) as Side) : side;
    timeHandshake(this.#times, 0, segment.flags, this.initiator === side, now);
    this.#timing = Number.isNaN(this.#times[BEGIN.SYN_ACK_TO_ACK]!);
    if ((segment.flags & SYN) === 0) return;
    this.halves[side].synSeen = true;
    this.halves[side].begin(segment.sequence + 1);
  }

  #reset(segment: Segment, side: Side): void {
    const half = this.halves[side];
    half.resetFrame ??= this.#shared.clock.frame;
    if (this.#resetBy !== null) return;
    const { frame, seconds, nanoseconds } = this.#shared.clock;
    this.#resetBy = side;
    this.#resetSequence = segment.sequence;
    this.#resetFrame = frame;
    this.#resetSeconds = seconds;
    this.#resetNanoseconds = nanoseconds;
    this.#close();
  }

  /** A host that resets sends nothing behind its RST. If more comes from there, the RST was forged or refused (RFC 5961 §3). */
  #goOnAfterReset(segment: Segment, side: Side): void {
    if (this.#resetBy !== side || sequenceDistance(segment.sequence, this.#resetSequence) < 0) return;
    if (this.#resetSequence === 0) return;
    this.#resetBy = null;
    this.halves[side].resetFrame = null;
    this.closing = false;
  }

  #close(): void {
    this.closing = true;
    this.closingSeconds = this.#shared.clock.seconds;
  }
}

/** Room for the `BEGIN` fields of a connection. */
export function newTimes(): Float64Array {
  return new Float64Array(BEGIN_FIELDS).fill(Number.NaN);
}

function millisOrNull(nanoseconds: number): Millis | null {
  return Number.isNaN(nanoseconds) ? null : nanoseconds / 1e6;
}
