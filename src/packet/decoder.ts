// From a packet to its TCP segment: layer by layer, with a quick way for what nearly every packet is.
import type { NoteSink } from "../bytes/index.ts";
import { LINK_TYPES, type PacketView } from "../pcap-parser/index.ts";
import { type Cursor, fileOffset, type Step } from "./cursor.ts";
import { ETHER_TYPE } from "./ether-type.ts";
import { Fragments } from "./fragments.ts";
import { IP_PROTOCOL } from "./ip-protocol.ts";
import { LAYERS } from "./layers.ts";
import { linkLayer } from "./link-layers.ts";
import { tcp } from "./tcp-header.ts";
import type { PacketCounts, PacketDecoder, Segment } from "./types.ts";
import { isTunnelPort } from "./udp.ts";

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
    };
  }

  /** The quick way: Ethernet, tags, IPv4 without options or fragments, TCP; and what surely is none. Else layer by layer. */
  #ethernet(c: Cursor): boolean {
    const { bytes, end } = c;
    let p = c.at + ETHERNET_TYPE_AT;
    // Behind the last byte of the packet there is other memory, or nothing: what is read there is not used.
    let type = (bytes[p]! << 8) | bytes[p + 1]!;
    while (type === ETHER_TYPE.vlan || type === ETHER_TYPE.serviceVlan) {
      p += 4;
      if (p + 2 > end) return this.#walk(c, "ethernet");
      type = (bytes[p]! << 8) | bytes[p + 1]!;
    }
    const ip = p + 2;
    const transport = ip + PLAIN_IPV4_HEADER;
    if (type !== ETHER_TYPE.ipv4 || transport + PORTS > end || bytes[ip] !== PLAIN_IPV4) {
      return this.#walk(c, "ethernet");
    }
    const total = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;
    // Fragments, and lengths that need a second look.
    const fragmented = (bytes[ip + 6]! & 0x3f) !== 0 || bytes[ip + 7] !== 0;
    if (fragmented || total < PLAIN_IPV4_HEADER + PORTS) return this.#walk(c, "ethernet");
    const protocol = bytes[ip + 9]!;
    if (protocol === IP_PROTOCOL.udp) {
      const source = (bytes[transport]! << 8) | bytes[transport + 1]!;
      const destination = (bytes[transport + 2]! << 8) | bytes[transport + 3]!;
      return isTunnelPort(source, destination) && this.#walk(c, "ethernet");
    }
    if (protocol !== IP_PROTOCOL.tcp) return this.#walk(c, "ethernet");
    const limit = ip + total;
    if (limit < c.limit) c.limit = limit;
    if (limit < c.end) c.end = limit;
    c.addressLength = 4;
    c.source = ip + 12;
    c.destination = ip + 16;
    c.at = transport;
    const step = tcp(c);
    if (step !== "segment") return this.#finish(c, step);
    this.#segments++;
    return true;
  }

  #link(c: Cursor, linkType: number): boolean {
    const row = linkLayer(linkType);
    if (row === undefined) {
      const count = this.#unknownLinkTypes.get(linkType) ?? 0;
      if (count > 0 || this.#unknownLinkTypes.size < MAX_LINK_TYPES) this.#unknownLinkTypes.set(linkType, count + 1);
      return false;
    }
    c.at += row.skip;
    return this.#walk(c, row.next);
  }

  #walk(c: Cursor, first: Step): boolean {
    let step = first;
    for (let layers = 0; layers < MAX_LAYERS; layers++) {
      switch (step) {
        case "segment":
        case "brokenSegment":
        case "nothing":
        case "cut":
        case "malformed":
          return this.#finish(c, step);
        default:
          step = LAYERS[step](c);
      }
    }
    return this.#finish(c, "malformed");
  }

  #finish(c: Cursor, step: Step): boolean {
    switch (step) {
      case "segment":
        this.#segments++;
        return true;
      case "brokenSegment":
        this.#segments++;
        this.#noteMalformed(c);
        return true;
      case "malformed":
        this.#noteMalformed(c);
        return false;
      case "cut":
        this.#cut++;
        this.#note({ id: "packet-cut", frame: this.segment.packet.frame, at: fileOffset(c) });
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
/** Version 4, five words: no options. */
const PLAIN_IPV4 = 0x45;
const PLAIN_IPV4_HEADER = 20;
/** The two ports at the beginning of TCP and UDP. */
const PORTS = 4;

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
