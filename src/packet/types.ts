// A TCP segment as a reused view: all layers below undone.
import type { FrameNo } from "../bytes/index.ts";
import type { PacketView } from "../pcap-parser/index.ts";

/**
 * One TCP segment. The same object is overwritten for each; all offsets are into `bytes`, which is the packet's own
 * memory, or the fragment buffer's for a datagram that came in fragments.
 */
export interface Segment {
  /** The packet in which the segment became complete: its frame and time. */
  packet: PacketView;
  bytes: Uint8Array;
  /** 4 or 16: length of both addresses. */
  addressLength: 4 | 16;
  /** Offsets of the source and destination address of the innermost IP header. */
  source: number;
  destination: number;
  sourcePort: number;
  destinationPort: number;
  /** Unsigned 32 bit. */
  sequence: number;
  acknowledgement: number;
  /** The TCP flags byte (FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128). */
  flags: number;
  window: number;
  /** Captured payload is `bytes[payloadStart, payloadEnd)`. */
  payloadStart: number;
  payloadEnd: number;
  /** Payload length by the IP header, within the packet; more than was captured if the snap length cut it. */
  payloadLength: number;
  /**
   * A TCP header quoted in an ICMP error, or one whose length contradicts its datagram: Wireshark numbers its stream, but it
   * carries no data of the connection.
   */
  quoted: boolean;
}

/** What the packet room counted, for the report. */
export interface PacketCounts {
  readonly packets: number;
  readonly tcpSegments: number;
  /** Packets per link type that is not decoded. */
  readonly unknownLinkTypes: ReadonlyMap<number, number>;
  /** Packets with a header that was cut by the snap length or contradicts its specification. */
  readonly cut: number;
  readonly malformed: number;
  /** IP datagrams of which fragments are missing. */
  readonly incompleteDatagrams: number;
  /** Packets that begin QUIC connections to UDP port 443 (Initial packets, RFC 9000 §17.2.2), and the first one's frame. */
  readonly quicInitials: number;
  readonly firstQuic: FrameNo | null;
}

/** Undoes the layers of packets. */
export interface PacketDecoder {
  /** Whether `packet` completed a TCP segment; then `segment` holds it. */
  decode(packet: PacketView): boolean;
  /** No more packets will come: datagrams that are still open are noted. */
  end(): void;
  readonly segment: Segment;
  /** Counts so far. */
  counts(): PacketCounts;
}
