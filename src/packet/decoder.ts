// From a packet to its TCP segment: layer by layer, with a quick way for what nearly every packet is.
import type { FrameNo, NoteSink } from "../bytes/index.ts";
import { LINK_TYPES, type PacketView } from "../pcap-parser/index.ts";
import { behind, type Cursor, FIRST_LAYER, fileOffset, has, narrow, STEP, type Step, u16 } from "./cursor.ts";
import { ETHER_TYPE } from "./ether-type.ts";
import { Fragments } from "./fragments.ts";
import { IP_PROTOCOL } from "./ip-protocol.ts";
import { LAYERS } from "./layers.ts";
import { linkLayer } from "./link-layers.ts";
import { tcp } from "./tcp-header.ts";
import type { PacketCounts, PacketDecoder, Segment } from "./types.ts";
import { isTunnelPort, mayBeginQuic } from "./udp.ts";

/** Headers undone in one packet. Mirrored traffic of tunnels in tunnels has about 20; more is made to nest without end. */
const MAX_LAYERS = 64;
/** Link types that are counted one by one; each further one is not in the report. A capture has one, seldom a few. */
const MAX_LINK_TYPES = 64;

/** A decoder for one capture. Nothing throws; what is odd goes to `note`. */
export function createPacketDecoder(note: NoteSink = () => {}): PacketDecoder {
  return new Decoder(note);
}

class Decoder implements PacketDecoder {
  readonly segment: Segment = createSegment();
  readonly #note: NoteSink;
  readonly #fragments: Fragments;
  readonly #cursor: Cursor;
  readonly #unknownLinkTypes = new Map<number, number>();
  #packets = 0;
  #segments = 0;
  #cut = 0;
  #malformed = 0;
  #quic = 0;
  #firstQuic: FrameNo | null = null;

  constructor(note: NoteSink) {
    this.#note = note;
    this.#fragments = new Fragments(note);
    this.#cursor = {
      bytes: this.segment.bytes,
      at: 0,
      end: 0,
      limit: 0,
      addressLength: 4,
      source: 0,
      destination: 0,
      quoted: false,
      segment: this.segment,
      fragments: this.#fragments,
    };
  }

  decode(packet: PacketView): boolean {
    this.#packets++;
    const { start, end, wireLength } = packet;
    const c = this.#cursor;
    const captured = end - start;
    this.segment.packet = packet;
    c.bytes = packet.bytes;
    c.at = start;
    c.limit = start + Math.max(wireLength, captured) - packet.fcsBytes;
    c.end = Math.min(end, c.limit);
    c.quoted = false;
    return packet.linkType === LINK_TYPES.EN10MB ? this.#ethernet(c) : this.#link(c, packet.linkType);
  }

  end(): void {
    this.#fragments.end();
  }

  counts(): PacketCounts {
    return {
      packets: this.#packets,
      tcpSegments: this.#segments,
      unknownLinkTypes: this.#unknownLinkTypes,
      cut: this.#cut,
      malformed: this.#malformed,
      incompleteDatagrams: this.#fragments.incomplete,
      quicInitials: this.#quic,
      firstQuic: this.#firstQuic,
    };
  }

  /** Two addresses, tags, EtherType. */
  #ethernet(c: Cursor): boolean {
    const { bytes, end } = c;
    let p = c.at + ETHERNET_TYPE_AT;
    if (p + 2 > end) return this.#walk(c, STEP.ethernet);
    let type = (bytes[p]! << 8) | bytes[p + 1]!;
    while (type === ETHER_TYPE.vlan || type === ETHER_TYPE.serviceVlan) {
      p += 4;
      if (p + 2 > end) return this.#walk(c, STEP.ethernet);
      type = (bytes[p]! << 8) | bytes[p + 1]!;
    }
    return this.#network(c, type, p + 2, STEP.ethernet);
  }

  #link(c: Cursor, linkType: number): boolean {
    const row = linkLayer(linkType);
    if (row === undefined) {
      const count = this.#unknownLinkTypes.get(linkType) ?? 0;
      if (count > 0 || this.#unknownLinkTypes.size < MAX_LINK_TYPES) this.#unknownLinkTypes.set(linkType, count + 1);
      return false;
    }
    if (row.next === STEP.cooked && has(c, COOKED_HEADER)) {
      return this.#network(c, u16(c, COOKED_TYPE_AT), c.at + COOKED_HEADER, STEP.cooked);
    }
    return this.#walk(c, behind(c, row.skip, row.next));
  }

  /**
   * The quick way: IPv4 without options or fragments at index `ip`, with TCP, or with UDP that is no tunnel and does not begin QUIC. What is anything
   * else goes layer by layer, from IP on, or from `outer` on if `type` is not IP's.
   */
  #network(c: Cursor, type: number, ip: number, outer: Step): boolean {
    if (type !== ETHER_TYPE.ipv4 && type !== ETHER_TYPE.ipv6) return this.#walk(c, outer);
    c.at = ip;
    if (type === ETHER_TYPE.ipv6) return this.#walk(c, STEP.ipv6);
    const { bytes } = c;
    const transport = ip + PLAIN_IPV4_HEADER;
    if (transport + PORTS > c.end || bytes[ip] !== PLAIN_IPV4) return this.#walk(c, STEP.ipv4);
    const total = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;
    const fragmented = (bytes[ip + 6]! & 0x3f) !== 0 || bytes[ip + 7] !== 0;
    if (fragmented || total < PLAIN_IPV4_HEADER + PORTS) return this.#walk(c, STEP.ipv4);
    const protocol = bytes[ip + 9]!;
    if (protocol !== IP_PROTOCOL.tcp) {
      const source = (bytes[transport]! << 8) | bytes[transport + 1]!;
      const destination = (bytes[transport + 2]! << 8) | bytes[transport + 3]!;
      const first = transport + UDP_HEADER < c.end ? bytes[transport + UDP_HEADER]! : 0;
      const wanted = isTunnelPort(source, destination) || mayBeginQuic(destination, first);
      if (protocol === IP_PROTOCOL.udp && !wanted) return false;
      return this.#walk(c, STEP.ipv4);
    }
    narrow(c, total);
    c.addressLength = 4;
    c.source = ip + 12;
    c.destination = ip + 16;
    c.at = transport;
    return this.#finish(c, tcp(c));
  }

  #walk(c: Cursor, first: Step): boolean {
    let step = first;
    for (let layers = 0; step >= FIRST_LAYER; layers++) {
      if (layers === MAX_LAYERS) return this.#finish(c, STEP.malformed);
      step = LAYERS[step]!(c);
    }
    return this.#finish(c, step);
  }

  #finish(c: Cursor, step: Step): boolean {
    switch (step) {
      case STEP.segment:
        this.#segments++;
        return true;
      case STEP.brokenSegment:
        this.#segments++;
        this.#noteMalformed(c);
        return true;
      case STEP.malformed:
        this.#noteMalformed(c);
        return false;
      case STEP.cut:
        this.#cut++;
        this.#note({ id: "packet-cut", frame: this.segment.packet.frame, at: fileOffset(c) });
        return false;
      case STEP.quic:
        this.#quic++;
        this.#firstQuic ??= this.segment.packet.frame;
        return false;
      default:
        return false;
    }
  }

  #noteMalformed(c: Cursor): void {
    this.#malformed++;
    this.#note({ id: "packet-malformed", frame: this.segment.packet.frame, at: fileOffset(c) });
  }
}

/** Behind two addresses of six bytes. */
const ETHERNET_TYPE_AT = 12;
/** LINKTYPE_LINUX_SLL: the protocol is the last field. */
const COOKED_HEADER = 16;
const COOKED_TYPE_AT = 14;
/** Version 4, five words: no options. */
const PLAIN_IPV4 = 0x45;
const PLAIN_IPV4_HEADER = 20;
/** The two ports at the beginning of TCP and UDP. */
const PORTS = 4;
const UDP_HEADER = 8;

function createSegment(): Segment {
  const bytes = new Uint8Array(0);
  return {
    packet: {
      frame: 0,
      seconds: 0,
      nanoseconds: 0,
      bytes,
      start: 0,
      end: 0,
      wireLength: 0,
      linkType: -1,
      fcsBytes: 0,
      interfaceId: 0,
      fileOffset: 0,
    },
    bytes,
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
