// Where decoding stands inside one packet: the one reused object that every layer reads from and moves forward.
import type { Fragments } from "./fragments.ts";
import type { Segment } from "./types.ts";

/** What the bytes at the cursor are; `LAYERS` has a function for each that reads it. */
export type Layer =
  | "ah"
  | "arcnetBsd"
  | "arcnetLinux"
  | "ayiya"
  | "bsdLoop"
  | "bsdNull"
  | "capwap"
  | "ciscoHdlc"
  | "cooked"
  | "cooked2"
  | "erspan"
  | "ethernet"
  | "etherType"
  | "fddi"
  | "frameRelay"
  | "geneve"
  | "gre"
  | "gtp"
  | "icmp"
  | "icmpv6"
  | "ipv4"
  | "ipv6"
  | "ipv6Extension"
  | "ipv6Fragment"
  | "ipv6Routing"
  | "juniperEthernet"
  | "l2tp"
  | "lisp"
  | "llc"
  | "mpls"
  | "nflog"
  | "pflog"
  | "pktap"
  | "ppi"
  | "ppp"
  | "pppoe"
  | "prism"
  | "radiotap"
  | "rawIp"
  | "tcp"
  | "teredo"
  | "tokenRing"
  | "tzsp"
  | "udp"
  | "vxlan"
  | "vxlanGpe"
  | "wccp"
  | "wireless"
  | "wirelessSwapped";

/**
 * What follows a header: another layer; `segment`, a TCP header was read (`brokenSegment`: one that contradicts itself);
 * `nothing` that leads to one; or why that cannot be told: `cut` by the snap length, `malformed`.
 */
export type Step = Layer | "segment" | "brokenSegment" | "nothing" | "cut" | "malformed";

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
  readonly fragments: Fragments;
}

/** A header of fixed length and what stands behind it. */
export interface Row {
  readonly skip: number;
  readonly next: Layer;
}

/** Whether `length` bytes from the cursor on were captured. */
export function has(c: Cursor, length: number): boolean {
  return c.at + length <= c.end;
}

/** Why `length` bytes are not there. */
export function short(c: Cursor, length: number): "cut" | "malformed" {
  return c.at + length <= c.limit ? "cut" : "malformed";
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
