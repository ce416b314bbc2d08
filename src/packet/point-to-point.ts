// PPP (RFC 1661), PPPoE (RFC 2516), Cisco HDLC and Frame Relay (RFC 2427).
import { behind, type Cursor, has, narrow, STEP, type Step, short, u8, u16 } from "./cursor.ts";
import { snap } from "./ethernet.ts";

const UNNUMBERED_INFORMATION = 0x03;
/** Addresses of Cisco HDLC; a link type "PPP" may carry it too. */
const CISCO_UNICAST = 0x0f;
const CISCO_MULTICAST = 0x8f;

/** PPP protocol numbers (IANA ppp-numbers). */
const PPP_PROTOCOLS: ReadonlyMap<number, Step> = new Map<number, Step>([
  [0x0021, STEP.ipv4],
  [0x0057, STEP.ipv6],
  [0x0281, STEP.mpls], // RFC 3032
  [0x0283, STEP.mpls],
]);

/**
 * PPP, with or without the address and control bytes of its HDLC-like framing (RFC 1662 §3.1). pppd writes a direction, 0
 * or 1, in place of the address 0xff.
 */
export function ppp(c: Cursor): Step {
  if (!has(c, 2)) return short(c, 2);
  const first = u8(c, 0);
  if (first === CISCO_UNICAST || first === CISCO_MULTICAST) return STEP.ciscoHdlc;
  const framed = (first === 0xff || first <= 1) && u8(c, 1) === UNNUMBERED_INFORMATION;
  if (framed) c.at += 2;
  return pppProtocol(c);
}

/** RFC 1661 §2: two bytes, or one if the field is compressed, which an odd first byte tells. */
function pppProtocol(c: Cursor): Step {
  if (!has(c, 2)) return short(c, 2);
  const compressed = (u8(c, 0) & 1) === 1;
  const protocol = compressed ? u8(c, 0) : u16(c, 0);
  return behind(c, compressed ? 1 : 2, PPP_PROTOCOLS.get(protocol) ?? STEP.nothing);
}

/** PPPoE in the session stage: version and type, code 0, session, length; then PPP without framing. */
export function pppoe(c: Cursor): Step {
  if (!has(c, 6)) return short(c, 6);
  if (u8(c, 0) !== 0x11) return STEP.malformed;
  if (u8(c, 1) !== 0) return STEP.nothing;
  const length = u16(c, 4);
  c.at += 6;
  narrow(c, length);
  return pppProtocol(c);
}

/** Cisco HDLC: address and control, then an EtherType. */
export function ciscoHdlc(c: Cursor): Step {
  return behind(c, 2, STEP.etherType);
}

/** NLPIDs (ISO/IEC TR 9577). */
const NLPID = { snap: 0x80, ipv6: 0x8e, ipv4: 0xcc } as const;

/** Frame Relay: a Q.922 address of two to four bytes, then control and NLPID, or Cisco's EtherType. */
export function frameRelay(c: Cursor): Step {
  let length = 2;
  for (; length <= 4; length++) {
    if (!has(c, length)) return short(c, length);
    if ((u8(c, length - 1) & 1) === 1) break;
  }
  if (length > 4) return STEP.malformed;
  c.at += length;
  if (!has(c, 2)) return short(c, 2);
  if (u8(c, 0) !== UNNUMBERED_INFORMATION) return STEP.etherType;
  // RFC 2427 §3: one byte of padding may stand before the NLPID.
  c.at += u8(c, 1) === 0 ? 2 : 1;
  if (!has(c, 1)) return short(c, 1);
  const nlpid = u8(c, 0);
  c.at += 1;
  switch (nlpid) {
    case NLPID.ipv4:
      return STEP.ipv4;
    case NLPID.ipv6:
      return STEP.ipv6;
    case NLPID.snap:
      // RFC 2427 §4.2: a bridged frame follows at once, for what pads it stands before the NLPID.
      return has(c, 5) ? snap(c, 0) : short(c, 5);
    default:
      return STEP.nothing;
  }
}
