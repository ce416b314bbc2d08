// Headers that the recording system puts before a packet (https://www.tcpdump.org/linktypes.html names a page for each).
import { behind, type Cursor, has, STEP, type Step, short, u8, u16, u16le, u32 } from "./cursor.ts";
import { byEtherType } from "./ether-type.ts";
import { linkLayer } from "./link-layers.ts";

/** Protocol field of a cooked header: 802.2 follows; other values below 0x0600 name no EtherType. */
const COOKED_LLC = 0x0004;
const FIRST_ETHER_TYPE = 0x0600;

/** LINKTYPE_LINUX_SLL: sixteen bytes, the protocol last. */
export function cooked(c: Cursor): Step {
  if (!has(c, 16)) return short(c, 16);
  const protocol = u16(c, 14);
  c.at += 16;
  return cookedProtocol(c, protocol);
}

/** LINKTYPE_LINUX_SLL2: twenty bytes, the protocol first. */
export function cooked2(c: Cursor): Step {
  if (!has(c, 20)) return short(c, 20);
  const protocol = u16(c, 0);
  c.at += 20;
  return cookedProtocol(c, protocol);
}

function cookedProtocol(c: Cursor, protocol: number): Step {
  if (protocol >= FIRST_ETHER_TYPE) return byEtherType(c, protocol);
  return protocol === COOKED_LLC ? STEP.llc : STEP.nothing;
}

/** AF_INET; then AF_INET6 of Linux, Windows, the BSDs (three values) and macOS. */
const IP_FAMILIES: readonly number[] = [2, 10, 23, 24, 28, 30];

function byFamily(family: number): Step {
  return IP_FAMILIES.includes(family) ? STEP.rawIp : STEP.nothing;
}

/** LINKTYPE_NULL: the address family in the byte order of the recording machine. */
export function bsdNull(c: Cursor): Step {
  if (!has(c, 4)) return short(c, 4);
  const little = u16le(c, 0);
  const family = little !== 0 ? little : u16(c, 2);
  return behind(c, 4, byFamily(family));
}

/** LINKTYPE_LOOP: the address family in network byte order. */
export function bsdLoop(c: Cursor): Step {
  if (!has(c, 4)) return short(c, 4);
  return behind(c, 4, byFamily(u32(c, 0)));
}

/** LINKTYPE_PFLOG: its own length, which is padded to a multiple of four, and the address family. */
export function pflog(c: Cursor): Step {
  if (!has(c, 2)) return short(c, 2);
  return behind(c, (u8(c, 0) + 3) & ~3, byFamily(u8(c, 1)));
}

/** NFULA_PAYLOAD of linux/netfilter/nfnetlink_log.h. */
const NFLOG_PAYLOAD = 9;

/** LINKTYPE_NFLOG: type-length-value items; one of them is the packet. Written by little-endian machines in all but a few. */
export function nflog(c: Cursor): Step {
  if (!has(c, 4)) return short(c, 4);
  c.at += 4;
  while (has(c, 4)) {
    const length = u16le(c, 0);
    if (length < 4) return STEP.malformed;
    if ((u16le(c, 2) & 0x7fff) === NFLOG_PAYLOAD) return behind(c, 4, STEP.rawIp);
    if (!has(c, length)) return short(c, length);
    c.at = Math.min(c.at + ((length + 3) & ~3), c.end);
  }
  return c.end < c.limit ? STEP.cut : STEP.nothing;
}

/** LINKTYPE_PKTAP: its own length, and the link type of what follows, little-endian. */
export function pktap(c: Cursor): Step {
  if (!has(c, 12)) return short(c, 12);
  const length = u16le(c, 0);
  return length < 12 ? STEP.malformed : nested(c, length, u16le(c, 8));
}

/** LINKTYPE_PPI: version, flags, its own length and the link type of what follows, little-endian. */
export function ppi(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  const length = u16le(c, 2);
  return length < 8 ? STEP.malformed : nested(c, length, u16le(c, 4));
}

function nested(c: Cursor, length: number, linkType: number): Step {
  const row = linkLayer(linkType);
  return row === undefined ? STEP.nothing : behind(c, length + row.skip, row.next);
}

const JUNIPER_MAGIC = 0x4d4743;
const JUNIPER_EXTENSIONS = 0x80;
const JUNIPER_NO_LINK_LAYER = 0x02;

/** LINKTYPE_JUNIPER_ETHER: magic, flags, extensions with their length. */
export function juniperEthernet(c: Cursor): Step {
  if (!has(c, 6)) return short(c, 6);
  if (u32(c, 0) >>> 8 !== JUNIPER_MAGIC) return STEP.malformed;
  const flags = u8(c, 3);
  const length = (flags & JUNIPER_EXTENSIONS) === 0 ? 4 : 6 + u16(c, 4);
  // Without its link layer a packet has the kernel's protocol number, four bytes, in front.
  return (flags & JUNIPER_NO_LINK_LAYER) === 0 ? behind(c, length, STEP.ethernet) : behind(c, length + 4, STEP.rawIp);
}
