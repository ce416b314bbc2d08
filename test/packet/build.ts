// Makes packets layer by layer for tests, and decodes them; written from the specifications, with none of the room's code.
import { hex, type Note } from "../../src/bytes/index.ts";
import { createPacketDecoder, type PacketDecoder } from "../../src/packet/index.ts";
import type { PacketView } from "../../src/pcap-parser/index.ts";
import { ascii, concat } from "../harness/capture-file.ts";

export { ascii, concat };

/** Bytes from hexadecimal text; spaces are ignored. */
export function bytes(text: string): Uint8Array {
  const digits = text.replaceAll(" ", "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

export const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);
export const u16le = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);
export const u32 = (value: number): Uint8Array => concat(u16(value >>> 16), u16(value & 0xffff));
export const zeros = (length: number): Uint8Array => new Uint8Array(length);

const SOURCE = bytes("0a000001");
const DESTINATION = bytes("0a000002");
const SOURCE6 = bytes("fd000000000000000000000000000001");
const DESTINATION6 = bytes("fd000000000000000000000000000002");
export const HELLO = ascii("hello");

export interface TcpShape {
  readonly flags?: number;
  readonly options?: Uint8Array;
  /** In words of four bytes; default: what the options need. */
  readonly offset?: number;
  readonly sequence?: number;
  readonly acknowledged?: number;
  readonly ports?: readonly [source: number, destination: number];
}

/** A segment from port 40000 to 8080, where nothing else is said. */
export function tcp(payload: Uint8Array = HELLO, shape: TcpShape = {}): Uint8Array {
  const { flags = 0x18, options = zeros(0), sequence = 0xfffffff0, acknowledged = 0x80000001 } = shape;
  const [source, destination] = shape.ports ?? [40_000, 8_080];
  const offset = shape.offset ?? 5 + options.length / 4;
  const numbers = concat(u16(source), u16(destination), u32(sequence), u32(acknowledged));
  return concat(numbers, Uint8Array.of(offset << 4, flags), u16(0xfedc), u16(0), u16(0), options, payload);
}

/** The source port depends on the destination, because tshark remembers between which ports it saw a tunnel. */
export function udp(
  port: number,
  payload: Uint8Array,
  length = payload.length + 8,
  from = 60_000 - (port % 9_999),
): Uint8Array {
  return concat(u16(from), u16(port), u16(length), u16(0), payload);
}

export interface Ipv4Shape {
  readonly id?: number;
  readonly options?: Uint8Array;
  readonly total?: number;
  /** In bytes. */
  readonly offset?: number;
  readonly more?: boolean;
  readonly source?: Uint8Array;
  readonly destination?: Uint8Array;
  readonly version?: number;
}

export function ipv4(protocol: number, payload: Uint8Array, shape: Ipv4Shape = {}): Uint8Array {
  const { id = 1, options = zeros(0), offset = 0, more = false, source = SOURCE, destination = DESTINATION } = shape;
  const headerLength = 20 + options.length;
  const first = ((shape.version ?? 4) << 4) | (headerLength / 4);
  const total = shape.total ?? headerLength + payload.length;
  const fragment = (more ? 0x2000 : 0) | (offset / 8);
  const fields = concat(Uint8Array.of(first, 0), u16(total), u16(id), u16(fragment), Uint8Array.of(64, protocol));
  return concat(fields, u16(0), source, destination, options, payload);
}

export function ipv6(next: number, payload: Uint8Array, length = payload.length): Uint8Array {
  return concat(bytes("60000000"), u16(length), Uint8Array.of(next, 64), SOURCE6, DESTINATION6, payload);
}

const MAC = bytes("02000000000b 02000000000a");

/** An Ethernet frame: type and what it names. */
export function ethernet(type: number, payload: Uint8Array): Uint8Array {
  return concat(MAC, u16(type), payload);
}

/** A tag in front of a type: value of the tag, then the inner type. */
export function tagged(tag: string, type: number, payload: Uint8Array): Uint8Array {
  return concat(bytes(tag), u16(type), payload);
}

/** LLC and SNAP with an EtherType. */
export function snap(type: number, payload: Uint8Array): Uint8Array {
  return concat(bytes("aaaa03 000000"), u16(type), payload);
}

/** The packet that every encapsulation is tried with. */
export const IP_TCP = ipv4(6, tcp());
export const IP6_TCP = ipv6(6, tcp());
export const ETH_TCP = ethernet(0x0800, IP_TCP);

/** What a decoder made of a packet. */
export interface Seen {
  readonly from: string;
  readonly to: string;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  readonly payload: string;
  readonly length: number;
  readonly quoted: boolean;
}

export interface PacketShape {
  readonly linkType?: number;
  readonly wireLength?: number;
  readonly fcsBytes?: number;
  readonly frame?: number;
  /** What lies around the packet in memory. */
  readonly around?: number;
}

const BEFORE = 48;

/** A view of the packet in the middle of other memory. */
export function view(data: Uint8Array, shape: PacketShape = {}): PacketView {
  const memory = new Uint8Array(BEFORE + data.length + 96).fill(shape.around ?? 0xa5);
  memory.set(data, BEFORE);
  return {
    frame: shape.frame ?? 1,
    seconds: 0,
    nanoseconds: 0,
    bytes: memory,
    start: BEFORE,
    end: BEFORE + data.length,
    wireLength: shape.wireLength ?? data.length,
    linkType: shape.linkType ?? 1,
    fcsBytes: shape.fcsBytes ?? 0,
    interfaceId: 0,
    fileOffset: 1_000,
  };
}

/** Decodes one packet; null where it completed no segment. */
export function see(decoder: PacketDecoder, data: Uint8Array, shape: PacketShape = {}): Seen | null {
  if (!decoder.decode(view(data, shape))) return null;
  const { segment } = decoder;
  const address = (at: number) => hex(segment.bytes.subarray(at, at + segment.addressLength));
  return {
    from: `${address(segment.source)}:${segment.sourcePort}`,
    to: `${address(segment.destination)}:${segment.destinationPort}`,
    sequence: segment.sequence,
    acknowledgement: segment.acknowledgement,
    flags: segment.flags,
    window: segment.window,
    payload: String.fromCharCode(...segment.bytes.subarray(segment.payloadStart, segment.payloadEnd)),
    length: segment.payloadLength,
    quoted: segment.quoted,
  };
}

/** A decoder and the ids of its notes. */
export function noting(): { decoder: PacketDecoder; notes: Note[] } {
  const notes: Note[] = [];
  return { decoder: createPacketDecoder((note) => notes.push(note)), notes };
}

/** Decodes one packet with a decoder of its own. */
export function seeAlone(data: Uint8Array, shape: PacketShape = {}): Seen | null {
  return see(createPacketDecoder(), data, shape);
}

/** What `IP_TCP` and `IP6_TCP` give. */
export const SEEN: Seen = {
  from: `${hex(SOURCE)}:40000`,
  to: `${hex(DESTINATION)}:8080`,
  sequence: 0xfffffff0,
  acknowledgement: 0x80000001,
  flags: 0x18,
  window: 0xfedc,
  payload: "hello",
  length: 5,
  quoted: false,
};
export const SEEN6: Seen = { ...SEEN, from: `${hex(SOURCE6)}:40000`, to: `${hex(DESTINATION6)}:8080` };
