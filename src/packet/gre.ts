// GRE (RFC 2784, RFC 2890, with routing RFC 1701, version 1 RFC 2637), WCCP redirection and ERSPAN inside it.
import { behind, type Cursor, has, STEP, type Step, short, u8, u16, u32 } from "./cursor.ts";
import { byEtherType } from "./ether-type.ts";

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
/** Version 1 only. */
const ACKNOWLEDGEMENT = 0x0080;
const VERSION = 0x0007;

/** Protocol types that are not EtherTypes with a meaning of their own. */
const ERSPAN = 0x88be;
const ERSPAN_III = 0x22eb;
const WCCP = 0x883e;
const MIKROTIK_EOIP = 0x6400;
/** Aruba's controllers: one value for each direction and encryption. */
const ARUBA_FIRST = 0x8200;
const ARUBA_LAST = 0x83d0;

/** The header with its optional fields. */
export function gre(c: Cursor): Step {
  if (!has(c, 4)) return short(c, 4);
  const flags = u16(c, 0);
  const protocol = u16(c, 2);
  const version = flags & VERSION;
  if (version > 1) return STEP.nothing;
  let length = 4;
  if ((flags & (CHECKSUM | ROUTING)) !== 0) length += 4;
  if ((flags & KEY) !== 0) length += 4;
  if ((flags & SEQUENCE) !== 0) length += 4;
  if (version === 1 && (flags & ACKNOWLEDGEMENT) !== 0) length += 4;
  if (!has(c, length)) return short(c, length);
  c.at += length;
  if ((flags & ROUTING) !== 0) {
    const routes = sourceRoutes(c);
    if (routes !== STEP.gre) return routes;
  }
  switch (protocol) {
    case ERSPAN:
      // Type I has neither sequence number nor header.
      return (flags & SEQUENCE) === 0 ? STEP.ethernet : STEP.erspan;
    case ERSPAN_III:
      return STEP.erspan;
    case WCCP:
      return STEP.wccp;
    case MIKROTIK_EOIP:
      return version === 1 ? STEP.ethernet : STEP.nothing;
    default:
      if (protocol >= ARUBA_FIRST && protocol <= ARUBA_LAST) return STEP.wireless;
      return byEtherType(c, protocol);
  }
}

/** RFC 1701: source route entries until an empty one. STEP.gre if they were passed over. */
function sourceRoutes(c: Cursor): Step {
  while (has(c, 4)) {
    const family = u16(c, 0);
    const length = u8(c, 3);
    if (!has(c, 4 + length)) return short(c, 4 + length);
    c.at += 4 + length;
    if (family === 0 && length === 0) return STEP.gre;
  }
  return short(c, 4);
}

/** WCCPv2 puts a redirect header of four bytes before the packet, version 1 puts nothing (draft-wilson-wrec-wccp-v2 §4.12). */
export function wccp(c: Cursor): Step {
  if (!has(c, 1)) return short(c, 1);
  return u8(c, 0) >> 4 === 4 ? STEP.ipv4 : behind(c, 4, STEP.rawIp);
}

const ERSPAN_II_VERSION = 1;
const ERSPAN_III_VERSION = 2;
/** Type III: a subheader for the platform follows. */
const ERSPAN_OPTIONAL = 0x01;
/** Type III: what was mirrored, Ethernet or IP. */
const FRAME_TYPE_IP = 2;

/** ERSPAN type II and III (draft-foschiano-erspan §4.2, §4.3). */
export function erspan(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  switch (u32(c, 0) >>> 28) {
    case ERSPAN_II_VERSION:
      return behind(c, 8, STEP.ethernet);
    case ERSPAN_III_VERSION: {
      if (!has(c, 12)) return short(c, 12);
      const frameType = (u8(c, 10) >> 2) & 0x1f;
      const optional = (u8(c, 11) & ERSPAN_OPTIONAL) !== 0;
      return behind(c, optional ? 20 : 12, frameType === FRAME_TYPE_IP ? STEP.rawIp : STEP.ethernet);
    }
    default:
      return STEP.nothing;
  }
}
