// Tunnels over UDP between data centres, mobile networks and hosts; the table of ports is in udp.ts.
import { behind, type Cursor, has, STEP, type Step, short, u8, u16 } from "./cursor.ts";
import { byEtherType } from "./ether-type.ts";
import { byIpProtocol } from "./ip-protocol.ts";

const VNI_IS_THERE = 0x08;

/** VXLAN, RFC 7348 §5. */
export function vxlan(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  return (u8(c, 0) & VNI_IS_THERE) === 0 ? STEP.nothing : behind(c, 8, STEP.ethernet);
}

/** Next Protocol of draft-ietf-nvo3-vxlan-gpe §3.2. */
const GPE_PROTOCOLS: Readonly<Record<number, Step>> = { 1: STEP.ipv4, 2: STEP.ipv6, 3: STEP.ethernet, 5: STEP.mpls };

/** VXLAN with a protocol field. */
export function vxlanGpe(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  return behind(c, 8, GPE_PROTOCOLS[u8(c, 3)] ?? STEP.nothing);
}

/** Geneve, RFC 8926 §3.4: the length of the options counts words of four bytes. */
export function geneve(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  if (u8(c, 0) >> 6 !== 0) return STEP.nothing;
  const length = 8 + (u8(c, 0) & 0x3f) * 4;
  const protocol = u16(c, 2);
  if (!has(c, length)) return short(c, length);
  c.at += length;
  return byEtherType(c, protocol);
}

const GTP_G_PDU = 0xff;
const GTP_EXTENSION = 0x04;
/** Extension header, sequence number, N-PDU number: with any of them four more bytes are there. */
const GTP_OPTIONAL = 0x07;
const GTP_V0_HEADER = 20;

/** GTP-U, 3GPP TS 29.281 §5.1, and version 0, 3GPP TS 09.60 §6. Inside: IP, or PPP. */
export function gtp(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  const flags = u8(c, 0);
  if (u8(c, 1) !== GTP_G_PDU) return STEP.nothing;
  if (flags >> 5 === 0) return behind(c, GTP_V0_HEADER, STEP.rawIp);
  if (flags >> 5 !== 1) return STEP.nothing;
  c.at += 8;
  if ((flags & GTP_OPTIONAL) !== 0) {
    if (!has(c, 4)) return short(c, 4);
    let extension = (flags & GTP_EXTENSION) === 0 ? 0 : u8(c, 3);
    c.at += 4;
    while (extension !== 0) {
      if (!has(c, 4)) return short(c, 4);
      // §5.2.1: the length counts words of four bytes; the last byte names the next extension.
      const length = u8(c, 0) * 4;
      if (length === 0) return STEP.malformed;
      if (!has(c, length)) return short(c, length);
      extension = u8(c, length - 1);
      c.at += length;
    }
  }
  if (!has(c, 1)) return short(c, 1);
  const version = u8(c, 0) >> 4;
  return version === 4 || version === 6 ? STEP.rawIp : STEP.ppp;
}

const TEREDO_AUTHENTICATION = 0x0001;
const TEREDO_ORIGIN = 0x0000;

/** Teredo, RFC 4380 §5.1.1: indications of authentication and origin may stand before the IPv6 packet. */
export function teredo(c: Cursor): Step {
  if (!has(c, 4)) return short(c, 4);
  if (u16(c, 0) === TEREDO_AUTHENTICATION) {
    const length = 13 + u8(c, 2) + u8(c, 3);
    if (!has(c, length)) return short(c, length);
    c.at += length;
  }
  if (!has(c, 2)) return short(c, 2);
  if (u16(c, 0) === TEREDO_ORIGIN) {
    if (!has(c, 8)) return short(c, 8);
    c.at += 8;
  }
  if (!has(c, 1)) return short(c, 1);
  return u8(c, 0) >> 4 === 6 ? STEP.ipv6 : STEP.nothing;
}

const AYIYA_FORWARD = 1;

/** AYIYA (draft-massar-v6ops-ayiya §4): lengths of identity and signature, operation, next header, time. */
export function ayiya(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  const identity = 1 << (u8(c, 0) >> 4);
  const signature = (u8(c, 1) >> 4) * 4;
  const next = u8(c, 3);
  if ((u8(c, 2) & 0x0f) !== AYIYA_FORWARD) return STEP.nothing;
  const length = 8 + identity + signature;
  if (!has(c, length)) return short(c, length);
  c.at += length;
  return byIpProtocol(c, next);
}

const L2TP_CONTROL = 0x8000;
const L2TP_LENGTH = 0x4000;
const L2TP_SEQUENCE = 0x0800;
const L2TP_OFFSET = 0x0200;

/** L2TP version 2, RFC 2661 §3.1: data messages carry PPP. */
export function l2tp(c: Cursor): Step {
  if (!has(c, 2)) return short(c, 2);
  const flags = u16(c, 0);
  if ((flags & L2TP_CONTROL) !== 0 || (flags & 0x0f) !== 2) return STEP.nothing;
  let length = 6;
  if ((flags & L2TP_LENGTH) !== 0) length += 2;
  if ((flags & L2TP_SEQUENCE) !== 0) length += 4;
  if ((flags & L2TP_OFFSET) !== 0) {
    if (!has(c, length + 2)) return short(c, length + 2);
    length += 2 + u16(c, length);
  }
  return behind(c, length, STEP.ppp);
}

/** LISP data, RFC 9300 §5.1. */
export function lisp(c: Cursor): Step {
  return behind(c, 8, STEP.rawIp);
}

const TZSP_END = 1;
const TZSP_PADDING = 0;
/** Received packet, packet for transmission; others are configuration and keep-alives. */
const TZSP_PACKETS: readonly number[] = [0, 1];
const TZSP_ENCAPSULATIONS: Readonly<Record<number, Step>> = {
  1: STEP.ethernet,
  18: STEP.wireless,
  119: STEP.prism,
  127: STEP.prism,
};

/** TZSP (https://web.archive.org/web/2005/http://www.networkchemistry.com/support/appnotes/an001_tzsp.html): tags, then a frame. */
export function tzsp(c: Cursor): Step {
  if (!has(c, 5)) return short(c, 5);
  if (u8(c, 0) !== 1 || !TZSP_PACKETS.includes(u8(c, 1))) return STEP.nothing;
  const inner = TZSP_ENCAPSULATIONS[u16(c, 2)];
  if (inner === undefined) return STEP.nothing;
  c.at += 4;
  while (has(c, 1)) {
    const tag = u8(c, 0);
    c.at += 1;
    if (tag === TZSP_END) return inner;
    if (tag === TZSP_PADDING) continue;
    if (!has(c, 1)) break;
    const length = 1 + u8(c, 0);
    if (!has(c, length)) return short(c, length);
    c.at += length;
  }
  return short(c, 1);
}
