// HTTP/2 frames (RFC 9113 §4, §6): what a frame header can be, one row per type.

/** Length of a frame header (RFC 9113 §4.1). */
export const FRAME_HEADER = 9;
/** What a client sends first (RFC 9113 §3.4). */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Frame types that are read (RFC 9113 §6); all others are passed over. */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  goAway: 7,
  continuation: 9,
} as const;

/** Flags of the types that are read. */
export const FLAG = { endStream: 0x01, endHeaders: 0x04, padded: 0x08, priority: 0x20 } as const;

interface FrameRow {
  readonly name: string;
  /** Whether the stream identifier has to be 0 (connection), must not be (stream), or may be either. */
  readonly on: "connection" | "stream" | "both";
  readonly flags: number;
  /** Payload length: exactly, at least, and what it is a multiple of. */
  readonly length?: number;
  readonly least?: number;
  readonly multiple?: number;
}

const ROWS: Readonly<Record<number, FrameRow>> = {
  0: { name: "DATA", on: "stream", flags: 0x09 },
  1: { name: "HEADERS", on: "stream", flags: 0x2d },
  2: { name: "PRIORITY", on: "stream", flags: 0, length: 5 },
  3: { name: "RST_STREAM", on: "stream", flags: 0, length: 4 },
  4: { name: "SETTINGS", on: "connection", flags: 0x01, multiple: 6 },
  5: { name: "PUSH_PROMISE", on: "stream", flags: 0x0c, least: 4 },
  6: { name: "PING", on: "connection", flags: 0x01, length: 8 },
  7: { name: "GOAWAY", on: "connection", flags: 0, least: 8 },
  8: { name: "WINDOW_UPDATE", on: "both", flags: 0, length: 4 },
  9: { name: "CONTINUATION", on: "stream", flags: 0x04 },
  10: { name: "ALTSVC", on: "both", flags: 0 }, // RFC 7838 §4
  12: { name: "ORIGIN", on: "connection", flags: 0 }, // RFC 8336 §2
  16: { name: "PRIORITY_UPDATE", on: "connection", flags: 0, least: 4 }, // RFC 9218 §7.1
};

/** SETTINGS_MAX_FRAME_SIZE may allow up to 16 MiB; nobody was seen to go beyond 1 MiB, and garbage mostly does. */
const MAX_FRAME = 1024 * 1024;
/** RFC 9113 §6.5.2: what everybody accepts unless something else was agreed on. */
const MAX_LIKELY_FRAME = 16_384;

/** A frame header, reused. */
export interface FrameHeader {
  length: number;
  type: number;
  flags: number;
  stream: number;
}

/** Reads the header at `at` into `header`. */
export function readFrameHeader(bytes: Uint8Array, at: number, header: FrameHeader): void {
  header.length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  header.type = bytes[at + 3]!;
  header.flags = bytes[at + 4]!;
  // RFC 9113 §4.1: the reserved bit is ignored.
  header.stream = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!;
}

/** Whether the header contradicts nothing of the specification. Unknown types and flags are ignored (RFC 9113 §4.1, §5.5). */
export function isPossible(header: FrameHeader): boolean {
  const row = ROWS[header.type];
  if (row === undefined) return header.length <= MAX_FRAME;
  if (row.on === "connection" ? header.stream !== 0 : row.on === "stream" && header.stream === 0) return false;
  if (row.length !== undefined && header.length !== row.length) return false;
  if (header.length < (row.least ?? 0) || header.length % (row.multiple ?? 1) !== 0) return false;
  return header.length <= MAX_FRAME;
}

/** Whether it is a header to go on from where none was to be expected: a known type, and no flags but its own. */
export function isLikely(header: FrameHeader): boolean {
  const row = ROWS[header.type];
  return (
    row !== undefined && isPossible(header) && (header.flags & ~row.flags) === 0 && header.length <= MAX_LIKELY_FRAME
  );
}
