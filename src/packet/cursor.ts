// Where decoding stands inside one packet: the one reused object that every layer reads from and moves forward.
import type { Segment } from "./types.ts";

/**
 * What stands behind a header, as small numbers because one is asked for several times per packet. The first six end the
 * way through a packet: nothing that leads to TCP; a TCP header was read, or one that contradicts itself; or it cannot be
 * told, since the snap length cut a header or a header contradicts its specification; or QUIC begins. The others are layers; `LAYERS` has a
 * function for each.
 */
export const STEP = {
  nothing: 0,
  segment: 1,
  brokenSegment: 2,
  cut: 3,
  malformed: 4,
  quic: 5,
  ah: 6,
  arcnetBsd: 7,
  arcnetLinux: 8,
  ayiya: 9,
  bsdLoop: 10,
  bsdNull: 11,
  capwap: 12,
  ciscoHdlc: 13,
  cooked: 14,
  cooked2: 15,
  erspan: 16,
  ethernet: 17,
  etherType: 18,
  fddi: 19,
  frameRelay: 20,
  geneve: 21,
  gre: 22,
  gtp: 23,
  icmp: 24,
  icmpv6: 25,
  ipv4: 26,
  ipv6: 27,
  ipv6Extension: 28,
  ipv6Fragment: 29,
  ipv6Routing: 30,
  juniperEthernet: 31,
  l2tp: 32,
  lisp: 33,
  llc: 34,
  mpls: 35,
  nflog: 36,
  pflog: 37,
  pktap: 38,
  ppi: 39,
  ppp: 40,
  pppoe: 41,
  prism: 42,
  radiotap: 43,
  rawIp: 44,
  tcp: 45,
  teredo: 46,
  tokenRing: 47,
  tzsp: 48,
  udp: 49,
  vxlan: 50,
  vxlanGpe: 51,
  wccp: 52,
  wireless: 53,
  wirelessSwapped: 54,
} as const;

export type Step = (typeof STEP)[keyof typeof STEP];
/** Steps from this one on are layers. */
export const FIRST_LAYER = STEP.ah;
/** Names of the layers. */
export type LayerName = Exclude<
  keyof typeof STEP,
  "nothing" | "segment" | "brokenSegment" | "cut" | "malformed" | "quic"
>;

/** What joins datagrams that came in fragments (fragments.ts). */
export interface Joiner {
  /**
   * Takes the fragment that is at the cursor: all bytes up to `limit`, which were captured. Where it completes its datagram
   * the cursor moves to the joined payload. Refused: it does not fit into a datagram. `id` tells the datagrams between two addresses apart.
   */
  join(c: Cursor, id: number, offset: number, more: boolean): "whole" | "open" | "refused";
}

/** Position and bounds in a packet, or in a datagram that was joined from fragments. */
export interface Cursor {
  bytes: Uint8Array;
  /** Index of the next byte. */
  at: number;
  /** Captured bytes end here. */
  end: number;
  /** The innermost enclosing length ends here; beyond `end` where the snap length cut the packet, never below it. */
  limit: number;
  /** Addresses of the innermost IP header. */
  addressLength: 4 | 16;
  source: number;
  destination: number;
  /** Inside the packet that an ICMP error is about. */
  quoted: boolean;
  readonly segment: Segment;
  readonly fragments: Joiner;
}

/** A header of fixed length and what stands behind it. */
export interface Row {
  readonly skip: number;
  readonly next: Step;
}

/** Whether `length` bytes from the cursor on were captured. */
export function has(c: Cursor, length: number): boolean {
  return c.at + length <= c.end;
}

/** Why `length` bytes are not there. */
export function short(c: Cursor, length: number): Step {
  return c.at + length <= c.limit ? STEP.cut : STEP.malformed;
}

/** The byte `offset` behind the cursor; the caller has asked `has`. */
export function u8(c: Cursor, offset: number): number {
  return c.bytes[c.at + offset]!;
}

/** Big-endian, as above. */
export function u16(c: Cursor, offset: number): number {
  return (c.bytes[c.at + offset]! << 8) | c.bytes[c.at + offset + 1]!;
}

/** Little-endian, as above. */
export function u16le(c: Cursor, offset: number): number {
  return c.bytes[c.at + offset]! | (c.bytes[c.at + offset + 1]! << 8);
}

/** Big-endian and unsigned, as above. */
export function u32(c: Cursor, offset: number): number {
  return ((u16(c, offset) << 16) | u16(c, offset + 2)) >>> 0;
}

/** Moves behind a header of `length` bytes, if it was captured, to what stands there. */
export function behind(c: Cursor, length: number, next: Step): Step {
  if (!has(c, length)) return short(c, length);
  c.at += length;
  return next;
}

/** What is enclosed ends `length` bytes behind the cursor; a length beyond the enclosing one is not believed. */
export function narrow(c: Cursor, length: number): void {
  const limit = c.at + length;
  if (limit < c.limit) c.limit = limit;
  if (limit < c.end) c.end = limit;
}

/** Where the cursor is in the capture file; inside a joined datagram, where the packet is that completed it. */
export function fileOffset(c: Cursor): number {
  const { packet } = c.segment;
  return c.bytes === packet.bytes ? packet.fileOffset + c.at - packet.start : packet.fileOffset;
}
