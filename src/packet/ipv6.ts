// IPv6 and its extension headers (RFC 8200), Authentication Header (RFC 4302), jumbo payloads (RFC 2675).
import { type Cursor, has, narrow, STEP, type Step, short, u8, u16, u32 } from "./cursor.ts";
import { byIpProtocol, HOP_BY_HOP } from "./ip-protocol.ts";

const HEADER = 40;

/** The fixed header. */
export function ipv6(c: Cursor): Step {
  if (!has(c, HEADER)) return short(c, HEADER);
  if (u8(c, 0) >> 4 !== 6) return STEP.malformed;
  const next = u8(c, 6);
  const length = u16(c, 4);
  c.addressLength = 16;
  c.source = c.at + 8;
  c.destination = c.at + 24;
  c.at += HEADER;
  // Length 0 is a jumbo payload, or a packet from segmentation offload that goes on to the end.
  if (length !== 0) narrow(c, length);
  else if (next === HOP_BY_HOP) narrow(c, jumboLength(c) || c.limit - c.at);
  return byIpProtocol(c, next);
}

const PAD1 = 0;
const JUMBO_PAYLOAD = 0xc2;

/** The jumbo payload option of the hop-by-hop header at the cursor; 0 if there is none. */
function jumboLength(c: Cursor): number {
  if (!has(c, 8)) return 0;
  const length = (u8(c, 1) + 1) * 8;
  if (!has(c, length)) return 0;
  for (let p = 2; p + 6 <= length; ) {
    const option = u8(c, p);
    if (option === JUMBO_PAYLOAD) return u32(c, p + 2);
    p += option === PAD1 ? 1 : 2 + u8(c, p + 1);
  }
  return 0;
}

/** An extension header of the common shape: next header, and the length in units of eight bytes without the first. */
export function ipv6Extension(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  const next = u8(c, 0);
  const length = (u8(c, 1) + 1) * 8;
  if (!has(c, length)) return short(c, length);
  c.at += length;
  return byIpProtocol(c, next);
}

/** Routing types whose last address is the final destination: RFC 2460 (0), RFC 6275 (2). */
const ROUTING_LAST: readonly number[] = [0, 2];
/** RFC 8754: the first segment of the list is the last of the way. */
const ROUTING_SEGMENTS = 4;

/** A routing header: while segments are left, the IPv6 header names a stop on the way, and the destination stands here. */
export function ipv6Routing(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  const length = (u8(c, 1) + 1) * 8;
  if (!has(c, length)) return short(c, length);
  if (u8(c, 3) > 0 && length >= 24) {
    const type = u8(c, 2);
    if (ROUTING_LAST.includes(type)) c.destination = c.at + 8 + ((length - 8) & ~15) - 16;
    else if (type === ROUTING_SEGMENTS) c.destination = c.at + 8;
  }
  return ipv6Extension(c);
}

/** RFC 8200 §4.5. RFC 6946: an atomic fragment is a whole datagram. */
export function ipv6Fragment(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  const next = u8(c, 0);
  const field = u16(c, 2);
  const id = u32(c, 4);
  const offset = field & 0xfff8;
  const more = (field & 1) === 1;
  c.at += 8;
  if (offset === 0 && !more) return byIpProtocol(c, next);
  if (c.quoted || c.end < c.limit) return offset === 0 ? byIpProtocol(c, next) : STEP.nothing;
  switch (c.fragments.join(c, id, offset, more)) {
    case "whole":
      return byIpProtocol(c, next);
    case "open":
      return STEP.nothing;
    case "refused":
      return STEP.malformed;
  }
}

/** RFC 4302 §2: the length counts words of four bytes, less two. It stands in IPv4 too. */
export function ah(c: Cursor): Step {
  if (!has(c, 12)) return short(c, 12);
  const next = u8(c, 0);
  const length = (u8(c, 1) + 2) * 4;
  if (length < 12) return STEP.malformed;
  if (!has(c, length)) return short(c, length);
  c.at += length;
  return byIpProtocol(c, next);
}
