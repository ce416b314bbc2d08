// Ethernet (IEEE 802.3), LLC (IEEE 802.2) and SNAP (RFC 1042), and the older LANs that carry LLC.
import { behind, type Cursor, has, STEP, type Step, short, u8, u16, u32 } from "./cursor.ts";
import { byEtherType } from "./ether-type.ts";

/** Two addresses. */
export function ethernet(c: Cursor): Step {
  return behind(c, 12, STEP.etherType);
}

const SNAP = 0xaaaa;
/** IP's own service access point (IANA, before SNAP). */
const IP_SAP = 0x0606;
const UNNUMBERED_INFORMATION = 0x03;

/** LLC, with SNAP where its service access points say so. */
export function llc(c: Cursor): Step {
  if (!has(c, 3)) return short(c, 3);
  const saps = u16(c, 0);
  if (u8(c, 2) !== UNNUMBERED_INFORMATION) return STEP.nothing;
  if (saps === IP_SAP) return behind(c, 3, STEP.rawIp);
  if (saps !== SNAP) return STEP.nothing;
  if (!has(c, 8)) return short(c, 8);
  c.at += 3;
  return snap(c, LLC_BRIDGE_PAD);
}

const OUI_ETHERNET = 0x000000;
/** IEEE 802.1H: EtherTypes that a bridge must not translate. */
const OUI_BRIDGE_TUNNEL = 0x0000f8;
/** RFC 2684 §5.2, RFC 2427 §4.2: bridged frames, here Ethernet with and without its check sequence. */
const OUI_BRIDGED = 0x0080c2;
/** RFC 2684 §5.2: zeros in front of a bridged frame behind LLC, so that its fields lie even. */
const LLC_BRIDGE_PAD = 2;

/**
 * Organization and protocol of SNAP: five bytes that the caller has checked to be there. A bridged frame has `bridgePad`
 * bytes in front of it.
 */
export function snap(c: Cursor, bridgePad: number): Step {
  const oui = u32(c, 0) >>> 8;
  const protocol = u16(c, 3);
  c.at += 5;
  switch (oui) {
    case OUI_ETHERNET:
    case OUI_BRIDGE_TUNNEL:
      return byEtherType(c, protocol);
    case OUI_BRIDGED:
      return protocol === 0x0001 || protocol === 0x0007 ? behind(c, bridgePad, STEP.ethernet) : STEP.nothing;
    default:
      return STEP.nothing;
  }
}

const SOURCE_ROUTED = 0x80;

/** Token Ring (IEEE 802.5): access and frame control, two addresses, routing information if the source address says so. */
export function tokenRing(c: Cursor): Step {
  if (!has(c, 15)) return short(c, 15);
  const llcFrame = (u8(c, 1) & 0xc0) === 0x40;
  const routing = (u8(c, 8) & SOURCE_ROUTED) === 0 ? 0 : u8(c, 14) & 0x1f;
  return llcFrame ? behind(c, 14 + routing, STEP.llc) : STEP.nothing;
}

/** FDDI (ANSI X3.139): frame control and two addresses; LLC where the frame control says so. */
export function fddi(c: Cursor): Step {
  if (!has(c, 13)) return short(c, 13);
  const llcFrame = (u8(c, 0) & 0x70) === 0x50;
  return llcFrame ? behind(c, 13, STEP.llc) : STEP.nothing;
}

/** Protocol ids of ARCnet: RFC 1201, and RFC 1051 without a sequence number. */
const ARCNET_IP = 212;
const ARCNET_IP_OLD = 240;

/** ARCnet as BSD records it: two addresses, protocol id, split flag, sequence number (LINKTYPE_ARCNET_BSD). */
export function arcnetBsd(c: Cursor): Step {
  return arcnet(c, 2);
}

/** ARCnet as Linux records it: with a two-byte offset behind the addresses (LINKTYPE_ARCNET_LINUX). */
export function arcnetLinux(c: Cursor): Step {
  return arcnet(c, 4);
}

function arcnet(c: Cursor, protocolAt: number): Step {
  if (!has(c, protocolAt + 2)) return short(c, protocolAt + 2);
  const protocol = u8(c, protocolAt);
  if (protocol === ARCNET_IP_OLD) return behind(c, protocolAt + 1, STEP.ipv4);
  if (protocol !== ARCNET_IP) return STEP.nothing;
  // A packet in several frames would have to be joined first; its first fragment is followed by four padding bytes.
  const split = u8(c, protocolAt + 1);
  return split === 0 ? behind(c, protocolAt + 4, STEP.ipv4) : STEP.nothing;
}
