// From a packet to its TCP segment: link layer, tags, tunnels, IP and its fragments undone in place.
import type { NoteSink } from "../bytes/index.ts";
import type { PacketView } from "../pcap-parser/index.ts";
import { type Fragment, Fragments, HEADER_ROOM } from "./fragments.ts";
import { linkStart, UNKNOWN_LINK } from "./link.ts";
import { ETHER, IP, PPP, UDP_TUNNELS, type UdpTunnel } from "./protocols.ts";
import type { PacketCounts, PacketDecoder, Segment } from "./types.ts";

/** Layers undone in one packet; a packet that was made to nest without end stops here. */
const MAX_LAYERS = 24;
/** Link types told apart in the counts. */
const MAX_LINK_TYPES = 64;

const EN10MB = 1;

/** A decoder for one capture. */
export function createPacketDecoder(note: NoteSink): PacketDecoder {
  return new Decoder(note);
}

class Decoder implements PacketDecoder {
  readonly segment: Segment;
  readonly #note: NoteSink;
  readonly #fragments: Fragments;
  readonly #unknown = new Map<number, number>();
  #packets = 0;
  #segments = 0;
  #cut = 0;
  #malformed = 0;

  /** The packet being worked on: captured bytes end at `#end`, those on the wire at `#wireEnd` (beyond `#end` if it was cut). */
  #packet: PacketView;
  #bytes: Uint8Array = NOTHING;
  #end = 0;
  #wireEnd = 0;
  #layers = 0;
  #quoted = false;

  constructor(note: NoteSink) {
    this.#note = note;
    this.#fragments = new Fragments(note);
    this.#packet = NO_PACKET;
    this.segment = {
      packet: NO_PACKET,
      bytes: NOTHING,
      addressLength: 4,
      source: 0,
      destination: 0,
      sourcePort: 0,
      destinationPort: 0,
      sequence: 0,
      acknowledgement: 0,
      flags: 0,
      window: 0,
      payloadStart: 0,
      payloadEnd: 0,
      payloadLength: 0,
      quoted: false,
    };
  }

  decode(packet: PacketView): boolean {
    this.#packets++;
    const { bytes, start } = packet;
    this.#packet = packet;
    this.#bytes = bytes;
    this.#wireEnd = start + Math.max(packet.wireLength, packet.end - start) - packet.fcsBytes;
    this.#end = packet.end < this.#wireEnd ? packet.end : this.#wireEnd;
    this.#layers = 0;
    this.#quoted = false;
    // Nearly every packet: Ethernet, and IPv4 right behind it.
    const found =
      packet.linkType === EN10MB && start + 34 <= this.#end && bytes[start + 12] === 0x08 && bytes[start + 13] === 0
        ? this.#ipv4(start + 14)
        : this.#link(packet);
    if (found) this.#segments++;
    return found;
  }

  counts(): PacketCounts {
    return {
      packets: this.#packets,
      tcpSegments: this.#segments,
      unknownLinkTypes: this.#unknown,
      cut: this.#cut,
      malformed: this.#malformed,
      incompleteDatagrams: this.#fragments.unfinished,
    };
  }

  #link(packet: PacketView): boolean {
    const { linkType, start } = packet;
    if (linkType === EN10MB) return this.#ethernet(start);
    const link = linkStart(linkType, this.#bytes, start, this.#end);
    if (link.kind === UNKNOWN_LINK) {
      if (this.#unknown.has(linkType) || this.#unknown.size < MAX_LINK_TYPES) {
        this.#unknown.set(linkType, (this.#unknown.get(linkType) ?? 0) + 1);
      }
      return false;
    }
    switch (link.kind) {
      case "ether-type":
        return this.#etherType(link.type, link.at);
      case "ethernet":
        return this.#ethernet(link.at);
      case "ppp":
        return this.#ppp(link.at);
      case "ip":
        return this.#anyIp(link.at);
      case "llc":
        return this.#llc(link.at);
      default:
        return false;
    }
  }

  // --- between link and IP

  #ethernet(at: number): boolean {
    if (!this.#has(at, 14)) return false;
    const type = this.#u16(at + 12);
    // IEEE 802.3: a value up to 1500 is a length, and LLC follows.
    return type >= 0x0600 ? this.#etherType(type, at + 14) : this.#llc(at + 14);
  }

  /** LLC with SNAP (RFC 1042), or with IP's own service access point. */
  #llc(at: number): boolean {
    if (!this.#has(at, 3)) return false;
    const sap = this.#u16(at);
    if (sap === 0x0606) return this.#ipv4(at + 3);
    if (sap !== 0xaaaa || !this.#has(at, 8)) return false;
    return this.#etherType(this.#u16(at + 6), at + 8);
  }

  #etherType(type: number, at: number): boolean {
    if (++this.#layers > MAX_LAYERS) return this.#bad(at);
    switch (type) {
      case ETHER.ipv4:
        return this.#ipv4(at);
      case ETHER.ipv6:
        return this.#ipv6(at);
      case ETHER.vlan:
      case ETHER.serviceVlan:
      case ETHER.vlan9100:
      case ETHER.vlan9200: {
        if (!this.#has(at, 4)) return false;
        const inner = this.#u16(at + 2);
        return inner >= 0x0600 ? this.#etherType(inner, at + 4) : this.#llc(at + 4);
      }
      case ETHER.mpls:
      case ETHER.mplsMulticast:
        return this.#mpls(at);
      case ETHER.pppoeSession:
        return this.#has(at, 6) && this.#bytes[at + 1] === 0 && this.#pppProtocol(at + 6);
      case ETHER.transparentBridging:
        return this.#ethernet(at);
      case ETHER.ppp:
        return this.#ppp(at);
      case ETHER.erspan:
        return this.#erspan(at);
      case ETHER.erspan3:
        return this.#erspan3(at);
      case ETHER.ciscoMeta: {
        if (!this.#has(at, 2)) return false;
        const length = 2 + this.#bytes[at + 1]! * 4 + 2;
        return this.#has(at, length + 2) && this.#etherType(this.#u16(at + length), at + length + 2);
      }
      default:
        return false;
    }
  }

  /** RFC 3032: labels up to the bottom of the stack; the payload's first nibble tells what it is. */
  #mpls(at: number): boolean {
    let p = at;
    for (let i = 0; i < MAX_LAYERS; i++) {
      if (!this.#has(p, 4)) return false;
      const bottom = this.#bytes[p + 2]! & 1;
      p += 4;
      if (bottom === 1) break;
    }
    if (!this.#has(p, 1)) return false;
    const nibble = this.#bytes[p]! >> 4;
    if (nibble === 4 || nibble === 6) return this.#anyIp(p);
    // RFC 4385: a control word begins with a zero nibble; an Ethernet pseudowire follows it.
    if (nibble === 0 && this.#has(p, 4 + 14)) return this.#ethernet(p + 4);
    return false;
  }

  #ppp(at: number): boolean {
    // RFC 1662 §3.1: address and control, unless they are compressed away.
    const framed = this.#has(at, 2) && this.#bytes[at] === 0xff && this.#bytes[at + 1] === 0x03;
    return this.#pppProtocol(framed ? at + 2 : at);
  }

  /** RFC 1661 §2: two bytes, or one odd byte if the field is compressed. */
  #pppProtocol(at: number): boolean {
    if (!this.#has(at, 2)) return false;
    const first = this.#bytes[at]!;
    const compressed = (first & 1) === 1;
    const protocol = compressed ? first : this.#u16(at);
    const next = at + (compressed ? 1 : 2);
    if (protocol === PPP.ipv4) return this.#ipv4(next);
    if (protocol === PPP.ipv6) return this.#ipv6(next);
    return protocol === PPP.mpls ? this.#mpls(next) : false;
  }

  // --- IP

  #anyIp(at: number): boolean {
    if (!this.#has(at, 1)) return false;
    const version = this.#bytes[at]! >> 4;
    return version === 4 ? this.#ipv4(at) : version === 6 ? this.#ipv6(at) : false;
  }

  #ipv4(at: number): boolean {
    if (at + 20 > this.#end) return this.#tooShort();
    const bytes = this.#bytes;
    const first = bytes[at]!;
    const headerLength = (first & 0x0f) << 2;
    if (first >> 4 !== 4 || headerLength < 20) return this.#bad(at);
    const total = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    // Segmentation offload leaves the total length 0: the packet is as long as it was handed over.
    const limit = total === 0 ? this.#wireEnd : Math.min(at + total, this.#wireEnd);
    if (at + headerLength > limit) return this.#bad(at);
    const fragment = ((bytes[at + 6]! & 0x3f) << 8) | bytes[at + 7]!;
    if (fragment !== 0) return this.#ipv4Fragment(at, headerLength, limit);
    return this.#transport(bytes[at + 9]!, at + headerLength, limit, at + 12, at + 16, 4);
  }

  #ipv4Fragment(at: number, headerLength: number, limit: number): boolean {
    const bytes = this.#bytes;
    const payloadStart = at + headerLength;
    const more = (bytes[at + 6]! & 0x20) !== 0;
    const offset = (((bytes[at + 6]! & 0x1f) << 8) | bytes[at + 7]!) * 8;
    if (limit > this.#end || this.#quoted) {
      // The snap length cut a fragment: only one that begins the datagram shows a TCP header, and that is no whole segment.
      if (limit > this.#end) this.#cut++;
      return false;
    }
    const key = `4 ${this.#text(at + 12, 8)} ${bytes[at + 9]} ${this.#u16(at + 4)}`;
    const joined = this.#fragments.add({
      key,
      bytes,
      headerStart: at,
      headerLength,
      payloadStart,
      payloadEnd: limit,
      offset,
      more,
      frame: this.#packet.frame,
    });
    if (joined === null) return false;
    const header = HEADER_ROOM - joined.headerLength;
    this.#useJoined(joined.bytes, joined.length);
    return this.#transport(joined.bytes[header + 9]!, HEADER_ROOM, this.#end, header + 12, header + 16, 4);
  }

  #ipv6(at: number): boolean {
    if (at + 40 > this.#end) return this.#tooShort();
    const bytes = this.#bytes;
    if (bytes[at]! >> 4 !== 6) return this.#bad(at);
    const length = this.#u16(at + 4);
    // RFC 2675: a jumbo payload has length 0, as has a packet from segmentation offload.
    const limit = length === 0 ? this.#wireEnd : Math.min(at + 40 + length, this.#wireEnd);
    return this.#ipv6Next(bytes[at + 6]!, at, at + 40, limit);
  }

  /** Walks over extension headers (RFC 8200 §4). `header` is where the IPv6 header stands. */
  #ipv6Next(protocol: number, header: number, from: number, limit: number): boolean {
    const bytes = this.#bytes;
    let next = protocol;
    let at = from;
    for (let i = 0; i < MAX_LAYERS; i++) {
      switch (next) {
        case IP.hopByHop:
        case IP.routing:
        case IP.destination:
        case IP.mobility:
        case IP.hip:
        case IP.shim6: {
          if (!this.#has(at, 8)) return false;
          next = bytes[at]!;
          at += (bytes[at + 1]! + 1) * 8;
          break;
        }
        case IP.fragment: {
          if (!this.#has(at, 8)) return false;
          const field = this.#u16(at + 2);
          next = bytes[at]!;
          // RFC 6946: an atomic fragment is a whole datagram.
          if ((field & 0xfff9) !== 0) return this.#ipv6Fragment(header, at, limit, field);
          at += 8;
          break;
        }
        default:
          return this.#transport(next, at, limit, header + 8, header + 24, 16);
      }
      if (at > limit) return this.#bad(at);
    }
    return this.#bad(at);
  }

  #ipv6Fragment(header: number, at: number, limit: number, field: number): boolean {
    const bytes = this.#bytes;
    if (limit > this.#end || this.#quoted) {
      if (limit > this.#end) this.#cut++;
      return false;
    }
    const fragment: Fragment = {
      key: `6 ${this.#text(header + 8, 32)} ${this.#text(at + 4, 4)}`,
      bytes,
      headerStart: header,
      headerLength: 40,
      payloadStart: at + 8,
      payloadEnd: limit,
      offset: field & 0xfff8,
      more: (field & 1) === 1,
      frame: this.#packet.frame,
    };
    const next = bytes[at]!;
    const joined = this.#fragments.add(fragment);
    if (joined === null) return false;
    this.#useJoined(joined.bytes, joined.length);
    return this.#ipv6Next(next, HEADER_ROOM - 40, HEADER_ROOM, this.#end);
  }

  #useJoined(bytes: Uint8Array, length: number): void {
    this.#bytes = bytes;
    this.#end = HEADER_ROOM + length;
    this.#wireEnd = this.#end;
  }

  // --- above IP

  #transport(
    protocol: number,
    at: number,
    limit: number,
    source: number,
    destination: number,
    addressLength: 4 | 16,
  ): boolean {
    if (protocol === IP.tcp) return this.#tcp(at, limit, source, destination, addressLength);
    if (++this.#layers > MAX_LAYERS) return this.#bad(at);
    switch (protocol) {
      case IP.udp:
        return this.#udp(at);
      case IP.ipv4:
        return this.#ipv4(at);
      case IP.ipv6:
        return this.#ipv6(at);
      case IP.gre:
        return this.#gre(at);
      case IP.ah: {
        // RFC 4302 §2: the length counts 32-bit words, less two.
        if (!this.#has(at, 12)) return false;
        const next = this.#bytes[at]!;
        return this.#transport(next, at + (this.#bytes[at + 1]! + 2) * 4, limit, source, destination, addressLength);
      }
      case IP.icmp:
        return this.#icmp(at, QUOTING_ICMP);
      case IP.icmpv6:
        return this.#icmp(at, QUOTING_ICMPV6);
      default:
        return false;
    }
  }

  #tcp(at: number, limit: number, source: number, destination: number, addressLength: 4 | 16): boolean {
    const bytes = this.#bytes;
    if (at + 20 > this.#end)
      return this.#quoted ? this.#quotedHeader(at, source, destination, addressLength) : this.#tooShort();
    const segment = this.segment;
    segment.packet = this.#packet;
    segment.bytes = bytes;
    segment.addressLength = addressLength;
    segment.source = source;
    segment.destination = destination;
    segment.sourcePort = (bytes[at]! << 8) | bytes[at + 1]!;
    segment.destinationPort = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    segment.sequence = this.#u32(at + 4);
    segment.acknowledgement = this.#u32(at + 8);
    segment.flags = bytes[at + 13]!;
    segment.window = (bytes[at + 14]! << 8) | bytes[at + 15]!;
    segment.quoted = this.#quoted;
    const headerLength = (bytes[at + 12]! >> 4) << 2;
    const payload = headerLength < 20 ? limit : at + headerLength;
    // A header that is shorter than it can be or longer than its datagram carries nothing that could be trusted.
    if (headerLength < 20 || payload > limit) {
      this.#malformed++;
      segment.payloadStart = segment.payloadEnd = at + 20;
      segment.payloadLength = 0;
      return true;
    }
    segment.payloadStart = payload < this.#end ? payload : this.#end;
    segment.payloadEnd = limit < this.#end ? limit : this.#end;
    segment.payloadLength = limit - payload;
    return true;
  }

  /** An ICMP error may quote only eight bytes (RFC 792): ports and sequence number. */
  #quotedHeader(at: number, source: number, destination: number, addressLength: 4 | 16): boolean {
    if (at + 8 > this.#end) return false;
    const segment = this.segment;
    segment.packet = this.#packet;
    segment.bytes = this.#bytes;
    segment.addressLength = addressLength;
    segment.source = source;
    segment.destination = destination;
    segment.sourcePort = this.#u16(at);
    segment.destinationPort = this.#u16(at + 2);
    segment.sequence = this.#u32(at + 4);
    segment.acknowledgement = 0;
    segment.flags = 0;
    segment.window = 0;
    segment.quoted = true;
    segment.payloadStart = segment.payloadEnd = this.#end;
    segment.payloadLength = 0;
    return true;
  }

  #icmp(at: number, quoting: readonly number[]): boolean {
    if (this.#quoted || !this.#has(at, 9) || !quoting.includes(this.#bytes[at]!)) return false;
    this.#quoted = true;
    return this.#anyIp(at + 8);
  }

  #udp(at: number): boolean {
    if (!this.#has(at, 8)) return false;
    const tunnel: UdpTunnel | undefined = UDP_TUNNELS[this.#u16(at + 2)] ?? UDP_TUNNELS[this.#u16(at)];
    const payload = at + 8;
    switch (tunnel) {
      case "vxlan":
        return this.#has(payload, 8) && this.#ethernet(payload + 8);
      case "geneve": {
        // RFC 8926 §3.4: the length of options counts words of four bytes.
        if (!this.#has(payload, 8)) return false;
        return this.#etherType(this.#u16(payload + 2), payload + 8 + (this.#bytes[payload]! & 0x3f) * 4);
      }
      case "gtp":
        return this.#gtp(payload);
      case "teredo":
        return this.#teredo(payload);
      case "mpls":
        return this.#mpls(payload);
      default:
        return false;
    }
  }

  /** GTP-U (3GPP TS 29.281 §5): a G-PDU, with optional fields and extension headers. */
  #gtp(at: number): boolean {
    if (!this.#has(at, 8) || this.#bytes[at]! >> 5 !== 1 || this.#bytes[at + 1] !== 0xff) return false;
    const flags = this.#bytes[at]! & 0x07;
    let next = at + 8;
    if (flags !== 0) {
      if (!this.#has(at, 12)) return false;
      let extension = (flags & 0x04) === 0 ? 0 : this.#bytes[at + 11]!;
      next = at + 12;
      for (let i = 0; extension !== 0 && i < MAX_LAYERS; i++) {
        if (!this.#has(next, 4)) return false;
        const length = this.#bytes[next]! * 4;
        if (length === 0 || !this.#has(next, length)) return false;
        extension = this.#bytes[next + length - 1]!;
        next += length;
      }
    }
    return this.#anyIp(next);
  }

  /** RFC 4380 §5.1.1: origin and authentication indications may stand before the IPv6 packet. */
  #teredo(at: number): boolean {
    let next = at;
    if (this.#has(next, 4) && this.#u16(next) === 0x0001) next += 13 + this.#bytes[next + 2]! + this.#bytes[next + 3]!;
    if (this.#has(next, 8) && this.#u16(next) === 0x0000) next += 8;
    return this.#has(next, 40) && this.#bytes[next]! >> 4 === 6 && this.#ipv6(next);
  }

  /** RFC 2784, RFC 2890, and version 1 of RFC 2637 (PPTP). */
  #gre(at: number): boolean {
    if (!this.#has(at, 4)) return false;
    const flags = this.#u16(at);
    const type = this.#u16(at + 2);
    let next = at + 4;
    if ((flags & 0xc000) !== 0) next += 4; // checksum or routing
    if ((flags & 0x2000) !== 0) next += 4; // key
    const sequenced = (flags & 0x1000) !== 0;
    if (sequenced) next += 4;
    if ((flags & 0x0007) === 1 && (flags & 0x0080) !== 0) next += 4; // acknowledgement of version 1
    if (type === ETHER.erspan && !sequenced) return this.#ethernet(next); // ERSPAN type I has no header of its own
    return this.#etherType(type, next);
  }

  /** ERSPAN type II: eight bytes. */
  #erspan(at: number): boolean {
    return this.#has(at, 8) && this.#ethernet(at + 8);
  }

  /** ERSPAN type III: twelve bytes, and eight more with the O flag. */
  #erspan3(at: number): boolean {
    if (!this.#has(at, 12)) return false;
    return this.#ethernet(at + ((this.#bytes[at + 11]! & 1) === 1 ? 20 : 12));
  }

  // --- small pieces

  #has(at: number, length: number): boolean {
    if (at + length <= this.#end) return true;
    return this.#tooShort();
  }

  #tooShort(): false {
    if (this.#end < this.#wireEnd) this.#cut++;
    return false;
  }

  #bad(at: number): false {
    if (this.#malformed++ === 0) {
      this.#note({
        id: "packet-malformed",
        frame: this.#packet.frame,
        at: this.#packet.fileOffset + at - this.#packet.start,
      });
    }
    return false;
  }

  #u16(at: number): number {
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  #u32(at: number): number {
    const bytes = this.#bytes;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  /** Bytes as a key; fragments are rare. */
  #text(at: number, length: number): string {
    return String.fromCharCode(...this.#bytes.subarray(at, at + length));
  }
}

const NOTHING = new Uint8Array(0);

const NO_PACKET: PacketView = {
  frame: 0,
  seconds: 0,
  nanoseconds: 0,
  bytes: NOTHING,
  start: 0,
  end: 0,
  wireLength: 0,
  linkType: -1,
  fcsBytes: 0,
  interfaceId: 0,
  fileOffset: 0,
};

/** ICMP types that quote the packet they are about: RFC 792 (3, 4, 5, 11, 12). */
const QUOTING_ICMP = [3, 4, 5, 11, 12];
/** RFC 4443 (1 to 4). */
const QUOTING_ICMPV6 = [1, 2, 3, 4];
