// What the tcp room keeps at most, and how long it waits before missing bytes are given up.
import type { TcpLimits } from "./types.ts";

export const DEFAULT_LIMITS: TcpLimits = {
  // A hole is filled or given up within a few segments where both directions are captured; where they are not, a sender may have a
  // whole window on the way before it repeats. Linux grows a receive window to 6 MiB, but seldom beyond 1 MiB below 10 ms of delay.
  heldPerDirection: 1024 * 1024,
  // Sixteen directions at their cap at once; together with the tables below the goal for a whole process, 90 MiB.
  heldTotal: 16 * 1024 * 1024,
  // A row and its slots take 40 bytes: 40 MiB. A proxy's host has 64,000 ports to each of its peers; a scan fills any table.
  flows: 1024 * 1024,
  // A followed connection with the parsers above it takes a few KiB. Large proxies hold tens of thousands open.
  followed: 32 * 1024,
  // A head of a request, a record on its way: a few kilobytes, and seldom of more than a few connections at once. A ClientHello
  // of all of them: browsers' have two kilobytes.
  kept: 80 * 1024 * 1024,
  // 24 bytes each; scans of IPv6 networks would fill more.
  ipv6Addresses: 512 * 1024,
};

/**
 * After so many bytes were given to sinks it is looked what the connections keep of them, which may be a hundred times as much (HPACK).
 * To look costs half a microsecond for each connection: of many that is more than reading a megabyte, so it is done less often then.
 */
export const LOOK_BYTES = 1024 * 1024;
export const LOOK_BYTES_PER_CONNECTION = 8 * 1024;
/** However fast it grows. */
export const MIN_LOOK_BYTES = 256 * 1024;
/** Of however many connections. */
export const MAX_LOOK_BYTES = 8 * 1024 * 1024;

/** Connections without payload so far of which the beginning is remembered, 128 bytes each; the rest of a SYN flood forgets it. */
export const MAX_BEGINNINGS = 64 * 1024;

/** Added to the length of each held piece: what its array and entry take. A thousand pieces of one byte are not a thousand bytes. */
export const PIECE_OVERHEAD_BYTES = 256;

// Acknowledged, but not captured: capturing reorders too (receive queues of a card, mirror ports), usually by a few packets or
// microseconds. Waiting is cheap, since data behind the hole keeps its own frame; a hole declared too early would lose the packet
// that comes late. So a hole stays open for this many segments of its connection or this much time after the proof, whichever ends first.
export const REORDER_SEGMENTS = 16;
export const REORDER_MICROSECONDS = 100_000;

// Where the other direction was not captured nothing proves a loss. The sender repeats after a round trip, having sent up to a window more;
// the second retransmission time-out is over after 3 s (RFC 6298 §2: 1 s, doubled).
export const ONE_SIDED_BYTES = 256 * 1024;
export const ONE_SIDED_MICROSECONDS = 3_000_000;

/** A segment that fills a hole sooner than this after the data behind it was reordered, not repeated (Wireshark's constant). */
export const OUT_OF_ORDER_MICROSECONDS = 3_000;

/** Mirror ports copy a packet within microseconds; no sender repeats a segment in less than a millisecond. */
export const DUPLICATE_MICROSECONDS = 1_000;

/** Largest receive window (RFC 7323 §2.3: 65,535 × 2^14): what lies farther ahead than this is not of this connection. */
export const MAX_WINDOW_BYTES = 65_535 * 2 ** 14;

/** Bytes in front of a RST that may be missing: a window that hosts use. Of 4 GiB of numbers an arbitrary one seldom lies within. */
export const MAX_RESET_BYTES = 1024 * 1024;

/** After a close, late packets of the connection may still come: in the capture's time (whole seconds of its clock), and at most for so many connections at once. */
export const LINGER_SECONDS = 2;
export const MAX_LINGERING = 256;

/** A capture of which so many segments in a row lie outside the window, each continuing the last, lost gigabytes: go on there. */
export const STRAY_SEGMENTS = 8;

/** A connection whose answer is to be shown is passed over once the other side sent this much: longer than any ClientHello that is answered. */
export const MAX_UNANSWERED_BYTES = 64 * 1024;

/** Fewer bytes than this do not show a protocol: the connection is followed tentatively. */
export const MIN_PEEK_BYTES = 8;
