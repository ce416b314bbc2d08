// Numbers of the layers below TCP, each typed once.

/** EtherTypes (IEEE 802 numbers, IANA). */
export const ETHER = {
  ipv4: 0x0800,
  ipv6: 0x86dd,
  vlan: 0x8100, // IEEE 802.1Q
  serviceVlan: 0x88a8, // IEEE 802.1ad
  vlan9100: 0x9100, // QinQ before 802.1ad
  vlan9200: 0x9200,
  mpls: 0x8847, // RFC 5332
  mplsMulticast: 0x8848,
  pppoeSession: 0x8864, // RFC 2516
  transparentBridging: 0x6558, // RFC 7637, Geneve, NVGRE
  ppp: 0x880b, // RFC 2637
  erspan: 0x88be, // types I and II (draft-foschiano-erspan)
  erspan3: 0x22eb,
  ciscoMeta: 0x8909, // Cisco MetaData (TrustSec)
} as const;

/** IP protocol numbers (IANA). */
export const IP = {
  hopByHop: 0,
  icmp: 1,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  noNext: 59,
  destination: 60,
  mobility: 135,
  hip: 139,
  shim6: 140,
} as const;

/** PPP protocol numbers (IANA). */
export const PPP = { ipv4: 0x0021, ipv6: 0x0057, mpls: 0x0281 } as const;

/** What a UDP port carries, where mirrored or tunnelled traffic is looked for. */
export type UdpTunnel = "vxlan" | "geneve" | "gtp" | "teredo" | "mpls";

/** Destination (or source) ports of tunnels over UDP. */
export const UDP_TUNNELS: Readonly<Record<number, UdpTunnel>> = {
  2152: "gtp", // 3GPP TS 29.281
  3544: "teredo", // RFC 4380
  4789: "vxlan", // RFC 7348
  6081: "geneve", // RFC 8926
  6635: "mpls", // RFC 7510
  8472: "vxlan", // Linux before RFC 7348
};
