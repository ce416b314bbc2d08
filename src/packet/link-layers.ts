// What the packets of a link type begin with (https://www.tcpdump.org/linktypes.html).
import { LINK_TYPES } from "../pcap-parser/index.ts";
import { type Row, STEP } from "./cursor.ts";

/** Link types that may lead to TCP: bytes to pass over, and what stands behind them. */
const LINK_LAYERS: ReadonlyMap<number, Row> = new Map<number, Row>([
  [LINK_TYPES.NULL, { skip: 0, next: STEP.bsdNull }],
  [LINK_TYPES.EN10MB, { skip: 0, next: STEP.ethernet }],
  [LINK_TYPES.IEEE802_5, { skip: 0, next: STEP.tokenRing }],
  [LINK_TYPES.ARCNET_BSD, { skip: 0, next: STEP.arcnetBsd }],
  [LINK_TYPES.SLIP, { skip: 16, next: STEP.rawIp }], // direction and the header before it was compressed
  [LINK_TYPES.PPP, { skip: 0, next: STEP.ppp }],
  [LINK_TYPES.FDDI, { skip: 0, next: STEP.fddi }],
  [LINK_TYPES.RAW_DLT, { skip: 0, next: STEP.rawIp }],
  [LINK_TYPES.RAW_OPENBSD, { skip: 0, next: STEP.rawIp }],
  [LINK_TYPES.PPP_HDLC, { skip: 0, next: STEP.ppp }],
  [LINK_TYPES.PPP_ETHER, { skip: 0, next: STEP.pppoe }],
  [LINK_TYPES.ATM_RFC1483, { skip: 0, next: STEP.llc }],
  [LINK_TYPES.RAW, { skip: 0, next: STEP.rawIp }],
  [LINK_TYPES.C_HDLC, { skip: 0, next: STEP.ciscoHdlc }],
  [LINK_TYPES.IEEE802_11, { skip: 0, next: STEP.wireless }],
  [LINK_TYPES.ATM_CLIP, { skip: 0, next: STEP.llc }],
  [LINK_TYPES.FRELAY, { skip: 0, next: STEP.frameRelay }],
  [LINK_TYPES.LOOP, { skip: 0, next: STEP.bsdLoop }],
  [LINK_TYPES.ENC, { skip: 12, next: STEP.rawIp }], // address family, SPI, flags
  [LINK_TYPES.LANE8023, { skip: 2, next: STEP.ethernet }], // LAN emulation client id
  [LINK_TYPES.LINUX_SLL, { skip: 0, next: STEP.cooked }],
  [LINK_TYPES.PFLOG, { skip: 0, next: STEP.pflog }],
  [LINK_TYPES.IEEE802_11_PRISM, { skip: 0, next: STEP.prism }],
  [LINK_TYPES.IEEE802_11_RADIOTAP, { skip: 0, next: STEP.radiotap }],
  [LINK_TYPES.TZSP, { skip: 0, next: STEP.tzsp }],
  [LINK_TYPES.ARCNET_LINUX, { skip: 0, next: STEP.arcnetLinux }],
  [LINK_TYPES.APPLE_IP_OVER_IEEE1394, { skip: 16, next: STEP.etherType }], // two addresses of eight bytes
  [LINK_TYPES.IEEE802_11_AVS, { skip: 0, next: STEP.prism }],
  [LINK_TYPES.PPP_PPPD, { skip: 0, next: STEP.ppp }],
  [LINK_TYPES.JUNIPER_ETHER, { skip: 0, next: STEP.juniperEthernet }],
  [LINK_TYPES.PPI, { skip: 0, next: STEP.ppi }],
  [LINK_TYPES.PPP_WITH_DIR, { skip: 1, next: STEP.ppp }],
  [LINK_TYPES.C_HDLC_WITH_DIR, { skip: 1, next: STEP.ciscoHdlc }],
  [LINK_TYPES.FRELAY_WITH_DIR, { skip: 1, next: STEP.frameRelay }],
  [LINK_TYPES.MPLS, { skip: 0, next: STEP.mpls }],
  [LINK_TYPES.IPV4, { skip: 0, next: STEP.ipv4 }],
  [LINK_TYPES.IPV6, { skip: 0, next: STEP.ipv6 }],
  [LINK_TYPES.NFLOG, { skip: 0, next: STEP.nflog }],
  [LINK_TYPES.NETANALYZER, { skip: 4, next: STEP.ethernet }],
  [LINK_TYPES.PKTAP, { skip: 0, next: STEP.pktap }],
  [LINK_TYPES.LINUX_SLL2, { skip: 0, next: STEP.cooked2 }],
]);

/** The row of a LINKTYPE_ value; undefined where its packets are not decoded. */
export function linkLayer(linkType: number): Row | undefined {
  return LINK_LAYERS.get(linkType);
}
