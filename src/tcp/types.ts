// What the tcp room gives to the rooms above: in-order bytes and gaps of each direction of the connections that are followed.
import type { Endpoint, FrameNo, Millis, Nanos, Side } from "../bytes/index.ts";
import type { Segment } from "../packet/index.ts";

/** Why bytes are missing. */
export type GapCause =
  /**
   * The other side acknowledged them, but the capture does not have them. Where the other side was not captured: much later
   * data came and they still did not.
   */
  | "lost"
  /** The snap length cut the packet. */
  | "snapped"
  /**
   * The connection began before the capture: everything before the first byte seen. Length is not known (0). A second gap of
   * this cause may follow at once, with a length: bytes after the peer's first acknowledgement that were not captured.
   */
  | "late-start"
  /**
   * Out-of-order data was beyond the memory limit: what was before it is no longer waited for. With length 0: the connection is
   * given up while it is open, and whatever comes behind is not looked at.
   */
  | "dropped"
  /** The capture ended, or the connection was closed, before the hole was filled. */
  | "never-filled";

/** How a direction ended. */
export type EndCause =
  | "fin"
  /** RST sent by this side / by the peer. */
  | "reset"
  | "reset-by-peer"
  /** The capture ended with the connection open. */
  | "capture-end"
  /** A new connection took the ports over. */
  | "reused"
  /** Too many connections were open at once. */
  | "evicted";

/**
 * Takes the bytes of one direction, in order. `frame` is the frame with which the bytes became available in order:
 * for data that arrived ahead of a hole, the frame that closed the hole (as Wireshark shows it with out-of-order
 * reassembly). If nothing closed it and it became a gap, the data behind it has the frame in which it was captured, so
 * frames may go backwards against the other direction. Time is that of `TcpClock`, which stands at the same frame.
 */
export interface ByteSink {
  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void;
  /** `length` bytes are missing here (0 if it is not known how many). */
  gap(length: number, cause: GapCause, frame: FrameNo): void;
  /** Nothing more will come. Called once. */
  end(how: EndCause, frame: FrameNo): void;
  /**
   * Bytes ahead that need only be counted. tcp may pass over in-order data without calling `push` as long as fewer than
   * this many bytes are passed over (never all of it: the last byte always comes by `push`, so its frame is seen), and
   * subtracts what it passed over. The sink finds out how much was passed over by comparing at its next call.
   */
  skippable: number;
}

/** Frame and time of the packet being worked on. The same object for the whole capture. */
export interface TcpClock {
  frame: FrameNo;
  seconds: number;
  nanoseconds: number;
}

/** Bytes that stand in the capture behind the other side's acknowledgement of them. */
export interface EarlyFacts {
  /**
   * How long they were recorded behind it, at most. Cards with several queues give microseconds; more looks like clocks that differ,
   * or like a retransmission that only the capture needed.
   */
  readonly longestMs: Millis;
  /** Some have the earlier time all the same: packets of this capture are not in the order of their times. */
  readonly misplaced: boolean;
}

/** One direction's bookkeeping. */
export interface DirectionFacts {
  readonly segments: number;
  /** Payload bytes in order, without retransmissions; gaps not included. */
  readonly bytes: number;
  /** Segments with payload that was there already, or that filled a hole late: 3 ms or more after the data behind it (as Wireshark). */
  readonly retransmissions: number;
  /** Segments that filled a hole sooner than that: reordered on the way or by the capture. */
  readonly outOfOrder: number;
  /** When the first and the last hole was filled: what waited behind it was given with that time. null: none was. */
  readonly filled: { readonly from: Nanos; readonly to: Nanos } | null;
  /** Gaps that were given to the sink, and their bytes; those of a late start do not count, nor that of being given up. */
  readonly gaps: number;
  readonly missingBytes: number;
  /** Segments whose bytes differ from data still held for the same place (data that was passed on is not kept to compare). */
  readonly overlapsDiffering: number;
  /** What was acknowledged before it was recorded; null: nothing. */
  readonly early: EarlyFacts | null;
  readonly synSeen: boolean;
  readonly finFrame: FrameNo | null;
  readonly resetFrame: FrameNo | null;
}

/** A connection that is followed. Facts are live until `TcpHandler.closed`. */
export interface TcpConnection {
  /** Wireshark's tcp.stream. */
  readonly stream: number;
  /** Endpoint by side: [0] sent the first captured frame. */
  readonly endpoints: readonly [Endpoint, Endpoint];
  /** The side that sent the SYN (or got the SYN-ACK); null if neither was captured. */
  readonly initiator: Side | null;
  readonly firstFrame: FrameNo;
  readonly startTime: Nanos;
  lastFrame: FrameNo;
  /** Live: computed from the last packet's time. */
  readonly endTime: Nanos;
  readonly directions: readonly [DirectionFacts, DirectionFacts];
  /** SYN to SYN-ACK, and SYN-ACK to ACK; null where not captured. Near the client the first is the round trip. */
  readonly synToSynAckMs: Millis | null;
  readonly synAckToAckMs: Millis | null;
}

/** What to do with a connection, asked with its first payload. `answer`: it is not followed, but the first payload of the other side is shown, too. */
export type Interest = "follow" | "ignore" | "answer";

/** The upper side of the tcp room; `proxy` implements it. */
export interface TcpHandler {
  /**
   * Asked at the first payload of a connection that is not yet followed: should it be? `from` sends these bytes.
   * `midstream`: no SYN was captured. Not called again after "ignore"; if the first payload is out of order or shorter
   * than 8 bytes tcp follows tentatively and `Conversation.abandoned` may end that.
   */
  interest(peek: FirstPayload): Interest;
  /** Takes the first payload of the other side behind "answer": once, or not at all if it does not come soon, in order and with 8 bytes. */
  answered?(peek: FirstPayload): void;
  /** A connection is followed from here on. Returns the sinks of side 0 and side 1. */
  open(connection: TcpConnection): Conversation;
}

/** A reused view for `TcpHandler.interest` and `answered`. */
export interface FirstPayload {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Addresses as in Segment: offsets into `addressBytes`. */
  addressBytes: Uint8Array;
  addressLength: 4 | 16;
  source: number;
  destination: number;
  sourcePort: number;
  destinationPort: number;
  /** Who sent the SYN: the sender of this payload (true), its receiver (false), or not captured (null). */
  senderIsInitiator: boolean | null;
  frame: FrameNo;
}

/** The two sinks of a followed connection. */
export interface Conversation {
  readonly sinks: readonly [ByteSink, ByteSink];
  /** The connection is over (both sinks had their end()). Facts of the connection are final. */
  closed(): void;
  /**
   * Set by the conversation when its bytes showed that it is of no interest: tcp stops following. Looked at after each
   * call of a sink's `push` or `gap`; from then on nothing of the conversation is called, not even `end` or `closed`.
   */
  readonly abandoned: boolean;
  /** Bytes that are kept until more come: heads, messages and records that are not whole; and of what is known what is unusually much. Asked now and then. */
  readonly kept?: number;
}

/** Totals for the report. */
export interface TcpCounts {
  /** Highest stream number plus one. */
  readonly streams: number;
  /** Connections that were followed and not abandoned. */
  readonly followed: number;
  /** Of all connections: those without a SYN. */
  readonly lateStarts: number;
  /** Of all connections: those with one direction only, which acknowledges something of the other. */
  readonly oneSided: number;
  /** Of the followed: */
  readonly gaps: number;
  readonly missingBytes: number;
  readonly overlapsDiffering: number;
  /** Segments seen twice at the same time, as a mirror port duplicates them. */
  readonly duplicates: number;
  /** Connections, followed or not, that were given up while open because too many were. */
  readonly evicted: number;
}

/** What tcp keeps at most. All have defaults with their reasons in limits.ts. */
export interface TcpLimits {
  /** Bytes of out-of-order data of one direction, bookkeeping included. */
  readonly heldPerDirection: number;
  /** The same over all connections. */
  readonly heldTotal: number;
  /** Connections in the table, followed or not. */
  readonly flows: number;
  /** Connections followed at once. */
  readonly followed: number;
  /** Bytes of `Conversation.kept` over all connections; those that keep most are given up. */
  readonly kept: number;
  /** Different IPv6 addresses. */
  readonly ipv6Addresses: number;
}

/** Reassembles the TCP connections of one capture. */
export interface Tcp {
  /**
   * Takes the next segment of the capture; nothing of it is kept by reference. Returns its stream (Wireshark's tcp.stream),
   * -1 if the table of addresses was full.
   */
  add(segment: Segment): number;
  /** Stands at the packet being worked on, or at the one a sink's call belongs to. */
  readonly clock: TcpClock;
  /** The capture is over: what is held is given out, every sink is ended. Call it once; `add` nothing afterwards. */
  end(): void;
  counts(): TcpCounts;
}
