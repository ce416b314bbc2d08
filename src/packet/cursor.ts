// Where decoding stands inside one packet: the one reused object that every layer reads from and moves forward.
import type { Segment } from "./types.ts";

/**
 * What stands behind a header, as small numbers because one is asked for several times per packet. The first five end the
 * way through a packet: nothing that leads to TCP; a TCP header was read, or one that contradicts itself; or it cannot be
 * told, since the snap length cut a header or a header contradicts its specification. The others are layers; `LAYERS` has a
 * function for each.
 */
export const STEP = {
  nothing: 0,
  segment: 1,
  brokenSegment: 2,
  cut: 3,
  malformed: 4,
  ah: 5,
  arcnetBsd: 6,
  arcnetLinux: 7,
  ayiya: 8,
  bsdLoop: 9,
  bsdNull: 10,
  capwap: 11,
  ciscoHdlc: 12,
  cooked: 13,
  cooked2: 14,
  erspan: 15,
  ethernet: 16,
  etherType: 17,
  fddi: 18,
  frameRelay: 19,
  geneve: 20,
  gre: 21,
  gtp: 22,
  icmp: 23,
  icmpv6: 24,
  ipv4: 25,
  ipv6: 26,
  ipv6Extension: 27,
  ipv6Fragment: 28,
  ipv6Routing: 29,
  juniperEthernet: 30,
  l2tp: 31,
  lisp: 32,
  llc: 33,
  mpls: 34,
  nflog: 35,
  pflog: 36,
  pktap: 37,
  ppi: 38,
  ppp: 39,
  pppoe: 40,
  prism: 41,
  radiotap: 42,
  rawIp: 43,
  tcp: 44,
  teredo: 45,
  tokenRing: 46,
  tzsp: 47,
  udp: 48,
  vxlan: 49,
  vxlanGpe: 50,
  wccp: 51,
  wireless: 52,
  wirelessSwapped: 53,
} as const;

export type Step = (typeof STEP)[keyof typeof STEP];
/** Steps from this one on are layers. */
export const FIRST_LAYER = STEP.ah;
/** Names of the layers. */
export type LayerName = Exclude<keyof typeof STEP, "nothing" | "segment" | "brokenSegment" | "cut" | "malformed">;

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
