// Encapsulations, one row each: a packet as its specification draws it, with the same segment inside.
import {
  ascii,
  bytes,
  concat,
  ETH_TCP,
  ethernet,
  HELLO,
  IP_TCP,
  IP6_TCP,
  ipv4,
  ipv6,
  SEEN,
  SEEN6,
  type Seen,
  snap,
  tagged,
  tcp,
  u16,
  u16le,
  u32,
  udp,
  zeros,
} from "./build.ts";

export interface EncapsulationRow {
  readonly name: string;
  readonly linkType: number;
  readonly data: Uint8Array;
  /** null: completes no segment. */
  readonly seen: Seen | null;
  /** Why tshark 4.0.17 gives another answer; absent where it gives the same. */
  readonly tsharkDiffers?: string;
}

const row = (
  name: string,
  linkType: number,
  data: Uint8Array,
  seen: Seen | null = SEEN,
  tsharkDiffers?: string,
): EncapsulationRow => ({ name, linkType, data, seen, ...(tsharkDiffers === undefined ? {} : { tsharkDiffers }) });

const eth = (
  name: string,
  type: number,
  payload: Uint8Array,
  seen: Seen | null = SEEN,
  differs?: string,
): EncapsulationRow => row(name, 1, ethernet(type, payload), seen, differs);

const overIp = (
  name: string,
  protocol: number,
  payload: Uint8Array,
  seen: Seen | null = SEEN,
  differs?: string,
): EncapsulationRow => eth(name, 0x0800, ipv4(protocol, payload), seen, differs);

const overUdp = (
  name: string,
  port: number,
  payload: Uint8Array,
  seen: Seen | null = SEEN,
  differs?: string,
): EncapsulationRow => overIp(name, 17, udp(port, payload), seen, differs);

const gre = (flags: number, type: number, fields: string, payload: Uint8Array): Uint8Array =>
  concat(u16(flags), u16(type), bytes(fields), payload);

/** The total length is that of what encloses it. */
const OFFLOADED = ipv4(6, tcp(), { total: 0 });

const WIRELESS = concat(bytes("0802 0000 0200000000bb 0200000000aa 0200000000cc 1000"), snap(0x0800, IP_TCP));
const QOS = concat(bytes("8802 0000 0200000000bb 0200000000aa 0200000000cc 1000 0000"), snap(0x0800, IP_TCP));
const QOS_PADDED = concat(
  bytes("8802 0000 0200000000bb 0200000000aa 0200000000cc 1000 0000 0000"),
  snap(0x0800, IP_TCP),
);
const QOS_HT = concat(
  bytes("8882 0000 0200000000bb 0200000000aa 0200000000cc 1000 0000 00000000"),
  snap(0x0800, IP_TCP),
);
const DS_TO_DS = concat(
  bytes("0803 0000 0200000000bb 0200000000aa 0200000000cc 1000 0200000000dd"),
  snap(0x0800, IP_TCP),
);

const UNKNOWN_TO_TSHARK = "does not know the link type";

const LINKS: readonly EncapsulationRow[] = [
  row("Ethernet", 1, ETH_TCP),
  row("Ethernet, IPv6", 1, ethernet(0x86dd, IP6_TCP), SEEN6),
  row("Ethernet with padding", 1, concat(ETH_TCP, zeros(7))),
  row("802.3 with LLC and SNAP", 1, ethernet(snap(0x0800, IP_TCP).length, snap(0x0800, IP_TCP))),
  row(
    "802.3 with padding, IPv4 total length 0",
    1,
    concat(ethernet(snap(0x0800, OFFLOADED).length, snap(0x0800, OFFLOADED)), zeros(9)),
  ),
  row("802.3 with IP's own SAP", 1, ethernet(IP_TCP.length + 3, concat(bytes("060603"), IP_TCP))),
  row("802.3 with NetBEUI", 1, ethernet(50, concat(bytes("f0f003"), zeros(47))), null),
  row(
    "802.3 with another SAP before what would be SNAP",
    1,
    ethernet(60, concat(bytes("f0f003 000000 0800"), IP_TCP)),
    null,
  ),
  row("802.3 with SNAP in an XID frame", 1, ethernet(60, concat(bytes("aaaaaf 000000 0800"), IP_TCP)), null),
  row("an EtherType as low as can be", 1, ethernet(0x0600, snap(0x0800, IP_TCP)), null),
  row("ARP", 1, ethernet(0x0806, zeros(46)), null),
  row("BSD loopback, little-endian", 0, concat(bytes("02000000"), IP_TCP)),
  row("BSD loopback, big-endian", 0, concat(bytes("00000002"), IP_TCP)),
  ...[24, 28, 30].map((family) =>
    row(`BSD loopback, IPv6 as family ${family}`, 0, concat(Uint8Array.of(family, 0, 0, 0), IP6_TCP), SEEN6),
  ),
  row("BSD loopback, IPv6 as Linux's family", 0, concat(bytes("0a000000"), IP6_TCP), SEEN6, "knows the BSDs' only"),
  row("loop of OpenBSD", 108, concat(bytes("00000002"), IP_TCP)),
  row("loop of OpenBSD, IPv6", 108, concat(bytes("00000018"), IP6_TCP), SEEN6),
  ...[12, 14, 101].flatMap((type) => [
    row(`raw IPv4 as ${type}`, type, IP_TCP),
    row(`raw IPv6 as ${type}`, type, IP6_TCP, SEEN6),
  ]),
  row("LINKTYPE_IPV4", 228, IP_TCP),
  row("LINKTYPE_IPV6", 229, IP6_TCP, SEEN6),
  row("Linux cooked", 113, concat(bytes("0000 0001 0006 02000000000a 0000"), u16(0x0800), IP_TCP)),
  row("Linux cooked, IPv6", 113, concat(bytes("0000 0304 0006 000000000000 0000"), u16(0x86dd), IP6_TCP), SEEN6),
  row("Linux cooked, tagged", 113, concat(bytes("0000 0001 0006 02000000000a 0000 8100 0005"), u16(0x0800), IP_TCP)),
  row("Linux cooked, LLC", 113, concat(bytes("0000 0001 0006 02000000000a 0000 0004"), snap(0x0800, IP_TCP))),
  row("Linux cooked v2", 276, concat(u16(0x0800), bytes("0000 00000003 0001 00 06 02000000000a 0000"), IP_TCP)),
  row(
    "Linux cooked v2, IPv6",
    276,
    concat(u16(0x86dd), bytes("0000 00000003 0001 04 06 02000000000a 0000"), IP6_TCP),
    SEEN6,
  ),
  row("PPP", 9, concat(bytes("ff03 0021"), IP_TCP)),
  row("PPP, IPv6", 9, concat(bytes("ff03 0057"), IP6_TCP), SEEN6),
  row("PPP, address and control compressed", 9, concat(bytes("0021"), IP_TCP)),
  row("PPP, protocol compressed too", 9, concat(bytes("21"), IP_TCP)),
  row("PPP, LCP", 9, bytes("ff03 c021 01 01 0004"), null),
  row("PPP in HDLC-like framing", 50, concat(bytes("ff03 0021"), IP_TCP)),
  row("PPP that is Cisco HDLC", 50, concat(bytes("0f00 0800"), IP_TCP)),
  row("PPPoE without Ethernet", 51, concat(bytes("1100 0001"), u16(IP_TCP.length + 2), bytes("0021"), IP_TCP)),
  row("PPP of pppd, outgoing", 166, concat(bytes("0103 0021"), IP_TCP), SEEN, UNKNOWN_TO_TSHARK),
  row("PPP with direction", 204, concat(bytes("00 ff03 0021"), IP_TCP)),
  row("Cisco HDLC", 104, concat(bytes("0f00 0800"), IP_TCP)),
  row("Cisco HDLC, IPv6", 104, concat(bytes("0f00 86dd"), IP6_TCP), SEEN6),
  row("Cisco HDLC with direction", 205, concat(bytes("01 0f00 0800"), IP_TCP), SEEN, UNKNOWN_TO_TSHARK),
  row("Frame Relay, NLPID", 107, concat(bytes("1841 03 cc"), IP_TCP)),
  row("Frame Relay, SNAP", 107, concat(bytes("1841 03 00 80 000000 0800"), IP_TCP)),
  row("Frame Relay, Cisco", 107, concat(bytes("1841 0800"), IP_TCP)),
  row("Frame Relay, bridged Ethernet", 107, concat(bytes("1841 03 00 80 0080c2 0007"), ETH_TCP)),
  row(
    "Frame Relay, bridged Ethernet with its check sequence",
    107,
    concat(bytes("1841 03 00 80 0080c2 0001"), ETH_TCP),
  ),
  row("Frame Relay, bridged Token Ring", 107, concat(bytes("1841 03 00 80 0080c2 0009"), ETH_TCP), null),
  row("Frame Relay with direction", 206, concat(bytes("00 1841 03 cc"), IP_TCP), SEEN, UNKNOWN_TO_TSHARK),
  row("Token Ring", 6, concat(bytes("1040 02000000000b 02000000000a"), snap(0x0800, IP_TCP))),
  row("Token Ring, routed", 6, concat(bytes("1040 02000000000b 82000000000a 0630 0012 0020"), snap(0x0800, IP_TCP))),
  row("FDDI", 10, concat(bytes("50 02000000000b 02000000000a"), snap(0x0800, IP_TCP))),
  row("ARCnet of BSD", 7, concat(bytes("01 02 d4 00 0001"), IP_TCP)),
  row("ARCnet of BSD, RFC 1051", 7, concat(bytes("01 02 f0"), IP_TCP)),
  row("ARCnet of Linux", 129, concat(bytes("01 02 0000 d4 00 0001"), IP_TCP)),
  row("ATM, LLC", 100, snap(0x0800, IP_TCP)),
  row("ATM, bridged Ethernet", 100, concat(bytes("aaaa03 0080c2 0007 0000"), ETH_TCP)),
  row(
    "ATM, bridged Ethernet with its check sequence",
    100,
    concat(bytes("aaaa03 0080c2 0001 0000"), ETH_TCP, zeros(4)),
  ),
  row("IEEE 802.11", 105, WIRELESS),
  row("IEEE 802.11, QoS", 105, QOS),
  row("IEEE 802.11, QoS and HT control", 105, QOS_HT),
  row("IEEE 802.11, four addresses", 105, DS_TO_DS),
  row("IEEE 802.11, protected", 105, concat(bytes("0842"), WIRELESS.subarray(2)), null),
  row("IEEE 802.11, beacon", 105, concat(bytes("8000"), WIRELESS.subarray(2, 60)), null),
  row("radiotap", 127, concat(bytes("0000 0800 00000000"), WIRELESS)),
  row("radiotap, padded header", 127, concat(bytes("0000 0900 02000000 20"), QOS_PADDED)),
  row(
    "radiotap, time and flags",
    127,
    concat(bytes("0000 1900 03000080 00000000 00000000 0000000000000000 20"), QOS_PADDED),
  ),
  row("Prism", 119, concat(bytes("44000000 90000000"), zeros(136), WIRELESS)),
  row("AVS", 163, concat(bytes("80211001 00000040"), zeros(56), WIRELESS)),
  row("PPI, 802.11", 192, concat(bytes("00 00 0800"), u16le(105), zeros(2), WIRELESS)),
  row("PPI, Ethernet", 192, concat(bytes("00 00 0800"), u16le(1), zeros(2), ETH_TCP)),
  row("PKTAP, Ethernet", 258, concat(bytes("6c000000 01000000 01000000"), zeros(96), ETH_TCP)),
  row("PKTAP, shorter than its fields", 258, concat(bytes("08000000 01000000 01000000"), ETH_TCP), null),
  row("Juniper Ethernet", 178, concat(bytes("4d4743 01"), ETH_TCP)),
  row("Juniper Ethernet, extensions", 178, concat(bytes("4d4743 81 0006 010103020165"), ETH_TCP)),
  row("Juniper without a link layer", 178, concat(bytes("4d4743 83 0006 010103020165 02000000"), IP_TCP)),
  row("NFLOG", 239, concat(bytes("02 00 0005 0500 0a00 61 000000"), u16le(IP_TCP.length + 4), bytes("0900"), IP_TCP)),
  row("MPLS without Ethernet", 219, concat(bytes("000641ff"), IP_TCP), SEEN, UNKNOWN_TO_TSHARK),
  row("Apple IP over IEEE 1394", 138, concat(zeros(16), u16(0x0800), IP_TCP)),
  row("enc of OpenBSD", 109, concat(bytes("02000000 00000000 00000000"), IP_TCP)),
  row("pflog", 117, concat(bytes("3d 02 00 00"), zeros(60), IP_TCP)),
  row("LAN emulation", 110, concat(bytes("ff00"), ETH_TCP), SEEN, UNKNOWN_TO_TSHARK),
  row("TZSP without UDP", 128, concat(bytes("01 00 0001 01"), ETH_TCP)),
];

const MISNAMED: readonly EncapsulationRow[] = [
  eth("IPv6 that is called IPv4", 0x0800, IP6_TCP, SEEN6),
  eth("IPv4 that is called IPv6", 0x86dd, IP_TCP, null),
];

const TAGS: readonly EncapsulationRow[] = [
  eth("802.1Q", 0x8100, tagged("0005", 0x0800, IP_TCP)),
  eth("802.1ad and 802.1Q", 0x88a8, concat(bytes("0064 8100"), tagged("0005", 0x0800, IP_TCP))),
  eth("two tags of 802.1Q, IPv6", 0x8100, concat(bytes("0064 8100"), tagged("0005", 0x86dd, IP6_TCP)), SEEN6),
  eth("QinQ before 802.1ad", 0x9100, tagged("0005", 0x0800, IP_TCP)),
  eth("802.1Q with LLC", 0x8100, concat(bytes("0005"), u16(snap(0x0800, IP_TCP).length), snap(0x0800, IP_TCP))),
  eth("E-TAG", 0x893f, tagged("000000010000", 0x0800, IP_TCP)),
  eth("VN-Tag", 0x8926, tagged("00010002", 0x0800, IP_TCP)),
  eth("Cisco MetaData", 0x8909, tagged("0101 0001 0008", 0x0800, IP_TCP)),
  eth("802.1ah", 0x88e7, concat(bytes("00000001"), ETH_TCP)),
  eth("PPPoE", 0x8864, concat(bytes("1100 0001"), u16(IP_TCP.length + 2), bytes("0021"), IP_TCP)),
  eth("PPPoE, IPv6", 0x8864, concat(bytes("1100 0001"), u16(IP6_TCP.length + 2), bytes("0057"), IP6_TCP), SEEN6),
  eth("MPLS, two labels", 0x8847, concat(bytes("000640ff 000651ff"), IP_TCP)),
  eth("MPLS, IPv6", 0x8847, concat(bytes("000641ff"), IP6_TCP), SEEN6),
  eth("MPLS pseudowire", 0x8847, concat(bytes("000641ff"), bytes("00005e00530b 00005e00530a"), u16(0x0800), IP_TCP)),
  eth("MPLS, a channel that looks like a pseudowire", 0x8847, concat(bytes("000641ff 10000000"), ETH_TCP), null),
  eth(
    "MPLS pseudowire with control word",
    0x8847,
    concat(bytes("000641ff 00000000"), ETH_TCP),
    SEEN,
    "asks its list of vendors whether the control word begins an address",
  ),
];

const OUTER = ipv4(6, tcp(), { source: bytes("c0000201") });

/** The header is numbered, but carries nothing. */
const BROKEN: Seen = { ...SEEN, payload: "", length: 0, quoted: true };

const REFUSES_JUMBO = "refuses a jumbo payload that would have fitted without the option";
const ZERO_IS_END = "takes 0 for the end of the packet, though it names segmentation offload";

const IPS: readonly EncapsulationRow[] = [
  eth("IPv4 with options", 0x0800, ipv4(6, tcp(), { options: bytes("01010101") })),
  eth("IPv4, total length 0", 0x0800, ipv4(6, tcp(), { total: 0 })),
  eth("IPv4, total length beyond the frame", 0x0800, ipv4(6, tcp(), { total: 1000 })),
  eth("IPv4, total length below its header", 0x0800, ipv4(6, tcp(), { total: 12 }), null),
  eth("IPv4, header length 16", 0x0800, concat(bytes("44"), IP_TCP.subarray(1)), null),
  eth("IPv4 that is version 5", 0x0800, ipv4(6, tcp(), { version: 5 }), null),
  eth("IPv4 with a source route to go", 0x0800, ipv4(6, tcp(), { options: bytes("83 07 04 0a000063 00") }), {
    ...SEEN,
    to: "0a000063:8080",
  }),
  eth("IPv4 with a source route at its end", 0x0800, ipv4(6, tcp(), { options: bytes("83 07 08 0a000063 00") })),
  eth(
    "IPv4 with a source route behind other options",
    0x0800,
    ipv4(6, tcp(), { options: bytes("01 44 04 05 00 83 07 04 0a000063") }),
    { ...SEEN, to: "0a000063:8080" },
  ),
  eth("IPv4 with UDP", 0x0800, ipv4(17, udp(53, HELLO)), null),
  eth("TCP with options", 0x0800, ipv4(6, tcp(HELLO, { options: bytes("0101080a 0000000100000002") }))),
  eth("TCP header length 16", 0x0800, ipv4(6, tcp(HELLO, { offset: 4 })), BROKEN),
  eth("TCP header longer than its datagram", 0x0800, ipv4(6, tcp(HELLO, { offset: 15 })), BROKEN),
  eth("TCP header up to the window", 0x0800, ipv4(6, tcp().subarray(0, 16)), BROKEN),
  eth("TCP header up to half the window", 0x0800, ipv4(6, tcp().subarray(0, 15)), null),
  eth("hop-by-hop options", 0x86dd, ipv6(0, concat(bytes("06 00 0104 00000000"), tcp())), SEEN6),
  eth("destination options", 0x86dd, ipv6(60, concat(bytes("06 00 0104 00000000"), tcp())), SEEN6),
  eth(
    "routing header, type 0, one left",
    0x86dd,
    ipv6(43, concat(bytes("06 02 00 01 00000000 fd000000000000000000000000000099"), tcp())),
    { ...SEEN6, to: "fd000000000000000000000000000099:8080" },
  ),
  eth(
    "routing header, type 0, none left",
    0x86dd,
    ipv6(43, concat(bytes("06 02 00 00 00000000 fd000000000000000000000000000099"), tcp())),
    SEEN6,
  ),
  eth(
    "segment routing header, one left",
    0x86dd,
    ipv6(
      43,
      concat(bytes("06 04 04 01 01 00 0000 fd000000000000000000000000000077 fd000000000000000000000000000066"), tcp()),
    ),
    { ...SEEN6, to: "fd000000000000000000000000000077:8080" },
  ),
  eth("atomic fragment", 0x86dd, ipv6(44, concat(bytes("06 00 0000 00000007"), tcp())), SEEN6),
  eth("AH in IPv6", 0x86dd, ipv6(51, concat(bytes("06 04 0000 00000001 00000001"), zeros(12), tcp())), SEEN6),
  eth("AH in IPv4", 0x0800, ipv4(51, concat(bytes("06 04 0000 00000001 00000001"), zeros(12), tcp()))),
  eth("AH without an integrity check value", 0x0800, ipv4(51, concat(bytes("06 01 0000 00000001 00000001"), tcp()))),
  eth(
    "AH shorter than its fields",
    0x0800,
    ipv4(51, concat(bytes("06 00 0000 00000001"), tcp())),
    null,
    "goes on behind the length that the header gives",
  ),
  eth("IPv6 that is version 5", 0x86dd, concat(bytes("50"), IP6_TCP.subarray(1)), null),
  eth("ESP", 0x86dd, ipv6(50, zeros(40)), null),
  eth("no next header", 0x86dd, ipv6(59, tcp()), null),
  eth(
    "jumbo payload",
    0x86dd,
    ipv6(0, concat(bytes("06 00 c204"), u32(8 + tcp().length), tcp()), 0),
    SEEN6,
    REFUSES_JUMBO,
  ),
  eth(
    "jumbo payload behind padding, and bytes behind it",
    0x86dd,
    concat(ipv6(0, concat(bytes("06 01 00 0105 0000000000 c204"), u32(16 + tcp().length), tcp()), 0), zeros(9)),
    SEEN6,
    REFUSES_JUMBO,
  ),
  eth("jumbo beyond the frame", 0x86dd, ipv6(0, concat(bytes("06 00 c204 ffffffff"), tcp()), 0), SEEN6, REFUSES_JUMBO),
  eth(
    "hop-by-hop options, payload length 0",
    0x86dd,
    ipv6(0, concat(bytes("06 00 0104 00000000"), tcp()), 0),
    SEEN6,
    ZERO_IS_END,
  ),
  eth("IPv6, payload length 0", 0x86dd, ipv6(6, tcp(), 0), SEEN6, ZERO_IS_END),
  overIp("IPv4 in IPv4", 4, OUTER, { ...SEEN, from: "c0000201:40000" }),
  overIp("IPv6 in IPv4", 41, IP6_TCP, SEEN6),
  eth("IPv4 in IPv6", 0x86dd, ipv6(4, IP_TCP)),
  overIp("EtherIP", 97, concat(bytes("3000"), ETH_TCP)),
  overIp("MPLS in IP", 137, concat(bytes("000641ff"), IP_TCP)),
  overIp("ICMP unreachable", 1, concat(bytes("0301 0000 00000000"), IP_TCP), { ...SEEN, quoted: true }),
  overIp("ICMP echo", 1, concat(bytes("0800 0000 00010001"), IP_TCP), null),
  eth("ICMPv6 too big", 0x86dd, ipv6(58, concat(bytes("0200 0000 00000500"), IP6_TCP)), { ...SEEN6, quoted: true }),
  eth(
    "ICMPv6 redirect",
    0x86dd,
    ipv6(58, concat(bytes("8900 0000 00000000"), zeros(32), bytes("04 0e 0000 00000000"), IP6_TCP, zeros(7))),
    { ...SEEN6, quoted: true },
  ),
  eth(
    "ICMPv6 redirect, the packet behind another option",
    0x86dd,
    ipv6(
      58,
      concat(
        bytes("8900 0000 00000000"),
        zeros(32),
        bytes("02 02 0200 00000009 0000000000000000 04 0e 0000 00000000"),
        IP6_TCP,
        zeros(7),
      ),
    ),
    { ...SEEN6, quoted: true },
  ),
  eth(
    "ICMPv6 redirect, an option of length 0",
    0x86dd,
    ipv6(58, concat(bytes("8900 0000 00000000"), zeros(32), bytes("02 00 0000 00000000"), IP6_TCP)),
    null,
  ),
];

const ERSPAN_II = bytes("1005 0001 00000000");
const ERSPAN_III = bytes("2005 0001 00000000 0000 0000");
const ERSPAN_III_SUBHEADER = bytes("2005 0001 00000000 0000 0001 0000000000000000");

const TUNNELS: readonly EncapsulationRow[] = [
  overIp("GRE", 47, gre(0, 0x0800, "", IP_TCP)),
  overIp("GRE, IPv6", 47, gre(0, 0x86dd, "", IP6_TCP), SEEN6),
  overIp("GRE with checksum", 47, gre(0x8000, 0x0800, "00000000", IP_TCP)),
  overIp("GRE with key", 47, gre(0x2000, 0x0800, "00000001", IP_TCP)),
  overIp("GRE with sequence", 47, gre(0x1000, 0x0800, "00000001", IP_TCP)),
  overIp("GRE with all three", 47, gre(0xb000, 0x0800, "00000000 00000001 00000001", IP_TCP)),
  overIp("GRE with routing", 47, gre(0x4000, 0x0800, "00000000 0800 00 04 0a000009 0000 00 00", IP_TCP)),
  overIp(
    "GRE with routing, an address that looks like the end",
    47,
    gre(0x4000, 0x0800, "00000000 0800 00 08 00000000 0a000009 0000 00 00", IP_TCP),
  ),
  overIp("GRE, Ethernet", 47, gre(0, 0x6558, "", ETH_TCP)),
  overIp("GRE, PPP of PPTP", 47, gre(0x3081, 0x880b, "00340001 00000001 00000001", concat(bytes("ff03 0021"), IP_TCP))),
  overIp("GRE, MPLS", 47, gre(0, 0x8847, "", concat(bytes("000641ff"), IP_TCP))),
  overIp("ERSPAN I", 47, gre(0, 0x88be, "", ETH_TCP)),
  overIp("ERSPAN II", 47, gre(0x1000, 0x88be, "00000001", concat(ERSPAN_II, ETH_TCP))),
  overIp("ERSPAN III", 47, gre(0x1000, 0x22eb, "00000001", concat(ERSPAN_III, ETH_TCP))),
  overIp("ERSPAN III with subheader", 47, gre(0x1000, 0x22eb, "00000001", concat(ERSPAN_III_SUBHEADER, ETH_TCP))),
  overIp(
    "ERSPAN III of IP",
    47,
    gre(0x1000, 0x22eb, "00000001", concat(bytes("2005 0001 00000000 0000 0800"), IP_TCP)),
    SEEN,
    "names the frame type IP and shows the packet as data",
  ),
  overIp("WCCP", 47, gre(0, 0x883e, "00000000", IP_TCP)),
  overIp("WCCP version 1", 47, gre(0, 0x883e, "", IP_TCP)),
  overIp("EoIP of MikroTik", 47, gre(0x2001, 0x6400, "00470001", ETH_TCP)),
  overUdp("VXLAN", 4789, concat(bytes("08000000 00000100"), ETH_TCP)),
  overUdp(
    "VXLAN on Linux's old port",
    8472,
    concat(bytes("08000000 00000100"), ETH_TCP),
    SEEN,
    "leaves this port to Decode As; Linux and flannel use it by default",
  ),
  overIp(
    "VXLAN, UDP length 0",
    17,
    udp(4789, concat(bytes("08000000 00000100"), ETH_TCP), 0),
    SEEN,
    "knows the length 0 of jumbo payloads in IPv6 only, not that of segmentation offload",
  ),
  overIp(
    "VXLAN, bytes behind the UDP length, IPv4 total length 0 inside",
    17,
    concat(udp(4789, concat(bytes("08000000 00000100"), ethernet(0x0800, OFFLOADED))), zeros(6)),
  ),
  overIp("VXLAN, UDP length 4", 17, udp(4789, concat(bytes("08000000 00000100"), ETH_TCP), 4), null),
  overIp("VXLAN, UDP length beyond the datagram", 17, udp(4789, concat(bytes("08000000 00000100"), ETH_TCP), 900)),
  overUdp("GRE in UDP", 4754, gre(0, 0x0800, "", IP_TCP)),
  overUdp("VXLAN-GPE, IPv4", 4790, concat(bytes("0c000001 00000100"), IP_TCP)),
  overUdp("Geneve, Ethernet", 6081, concat(bytes("0000 6558 00000100"), ETH_TCP)),
  overUdp("Geneve with options", 6081, concat(bytes("0200 6558 00000100 0102 8001 00000000"), ETH_TCP)),
  overUdp("Geneve, IPv6", 6081, concat(bytes("0000 86dd 00000100"), IP6_TCP), SEEN6),
  overUdp("GTP-U", 2152, concat(bytes("30ff"), u16(IP_TCP.length), u32(1), IP_TCP)),
  overUdp("GTP-U, sequence number", 2152, concat(bytes("32ff"), u16(IP_TCP.length + 4), u32(1), u32(0), IP_TCP)),
  overUdp(
    "GTP-U, two extension headers",
    2152,
    concat(bytes("34ff"), u16(IP_TCP.length + 12), u32(1), bytes("00000085 01 10 00 40 01 08 68 00"), IP_TCP),
  ),
  overUdp("GTP-U, IPv6", 2152, concat(bytes("30ff"), u16(IP6_TCP.length), u32(1), IP6_TCP), SEEN6),
  overUdp("GTP-U, echo", 2152, bytes("3201 0004 00000000 00000000"), null),
  overUdp("Teredo", 3544, IP6_TCP, SEEN6),
  overUdp("Teredo, origin", 3544, concat(bytes("0000 63bf 3fffffff"), IP6_TCP), SEEN6),
  overUdp("Teredo, authentication", 3544, concat(bytes("0001 0000"), zeros(9), IP6_TCP), SEEN6),
  overUdp("L2TP", 1701, concat(bytes("0002 0001 0001"), bytes("ff03 0021"), IP_TCP)),
  overUdp(
    "L2TP, length and sequence",
    1701,
    concat(bytes("4802"), u16(16 + IP_TCP.length), bytes("0001 0001 0000 0000 ff03 0021"), IP_TCP),
  ),
  overUdp("L2TP, control", 1701, bytes("c802 0014 0001 0000 0000 0000 8008 0000 0000 0006"), null),
  overUdp("L2TP, offset", 1701, concat(bytes("0202 0001 0001 0003 000000"), bytes("ff03 0021"), IP_TCP)),
  overUdp("LISP data", 4341, concat(bytes("80000000 00000000"), IP_TCP)),
  overUdp("TZSP", 37008, concat(bytes("01 00 0001 0d 01 28 01"), ETH_TCP)),
  overUdp("MPLS in UDP", 6635, concat(bytes("000641ff"), IP_TCP)),
  overUdp("AYIYA", 5072, concat(bytes("4152 11 29 00000000"), zeros(16 + 20), IP6_TCP), SEEN6),
  overUdp("CAPWAP, Ethernet", 5247, concat(bytes("00 10 0200 00000000"), ETH_TCP)),
  overUdp("CAPWAP, 802.11", 5247, concat(bytes("00 10 0300 00000000 0208"), WIRELESS.subarray(2))),
  overUdp("DNS from a tunnel's port", 53, ascii("not a tunnel"), null),
];

export const ENCAPSULATIONS: readonly EncapsulationRow[] = [...MISNAMED, ...LINKS, ...TAGS, ...IPS, ...TUNNELS];
