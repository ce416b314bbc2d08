// pcapng: sections, interfaces and packets, from draft-ietf-opsawg-pcapng.
import { type FileOffset, Reader } from "../bytes/index.ts";
import { BLOCKS, type InterfaceState, readInterface, readNames, readSecrets, readStatistics } from "./blocks.ts";
import { readOptions } from "./options.ts";
import type { Tally } from "./tally.ts";
import { splitTime } from "./time.ts";
import type { CaptureInterface, CaptureSummary, NotACapture } from "./types.ts";
import { MAX_PACKET_BYTES, MAX_RECORD_BYTES, type Walker } from "./walker.ts";

/** Type, length, length again. */
const MIN_BLOCK = 12;
const HEAD = 8;
const TAIL = 4;
const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;

/** Section Header Block without options, §4.1. */
const MIN_SECTION = 28;
/** Fixed fields of a packet block in front of its data, §4.3 and appendix A. */
const PACKET_FIELDS = 20;
const SIMPLE_FIELDS = 4;
const MIN_PACKET = HEAD + PACKET_FIELDS + TAIL;

/** Blocks up to this length are looked at whole, as in libpcap (16 MiB); of longer ones only a packet's first bytes. */
const MAX_WHOLE_BLOCK = 16 * 1024 * 1024;

/** A block that claims more is damaged: the longest packet and a mebibyte of options. */
const MAX_BLOCK = MAX_RECORD_BYTES + 1024 * 1024;

/** Interfaces of a file; a capture on every port of a large switch stays far below. Packets of further ones are passed over. */
const MAX_INTERFACES = 16_384;

/** Byte order of the section header at `at`, of which 12 bytes are there; null if it is none. */
export function sectionByteOrder(view: DataView, at: number): "little" | "big" | null {
  if (view.getUint32(at) !== BLOCKS.SECTION) return null;
  if (view.getUint32(at + HEAD, true) === BYTE_ORDER_MAGIC) return "little";
  if (view.getUint32(at + HEAD, false) === BYTE_ORDER_MAGIC) return "big";
  return null;
}

/** Walks the blocks of a pcapng. */
export class PcapngWalker implements Walker {
  readonly format = "pcapng";
  need = MIN_BLOCK;
  skip = 0;
  refused: NotACapture | null = null;
  opened = false;
  sections = 0;
  byteOrder: CaptureSummary["byteOrder"] = "little";
  readonly #tally: Tally;
  #little = true;
  /** Of the open section. */
  #interfaces: InterfaceState[] = [];
  /** Of all sections. */
  readonly #all: InterfaceState[] = [];

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#all.map(({ linkType, snapLength, name, dropped }) => ({ linkType, snapLength, name, dropped }));
  }

  walk(bytes: Uint8Array, view: DataView, start: number, end: number, base: FileOffset): number {
    const tally = this.#tally;
    const packet = tally.packet;
    packet.bytes = bytes;
    let little = this.#little;
    let p = start;
    while (end - p >= MIN_BLOCK) {
      const type = view.getUint32(p, little);
      if (type === BLOCKS.SECTION) {
        const byteOrder = sectionByteOrder(view, p);
        if (byteOrder === null) {
          tally.stop("a section header has no byte order", base + p);
          return p;
        }
        little = byteOrder === "little";
      }
      const length = view.getUint32(p + 4, little);
      if (length < MIN_BLOCK || length % 4 !== 0 || length > (type === BLOCKS.SECTION ? MAX_WHOLE_BLOCK : MAX_BLOCK)) {
        tally.stop(`a block claims a length of ${length} bytes`, base + p);
        return p;
      }
      if (length > MAX_WHOLE_BLOCK) return this.#longBlock(type, length, view, p, end, base);
      const next = p + length;
      if (next > end) {
        this.need = length;
        return p;
      }
      if (view.getUint32(next - TAIL, little) !== length) this.#odd("the two lengths of a block differ", base + p);
      if (type !== BLOCKS.ENHANCED_PACKET) {
        this.#block(type, little, bytes, view, p, next, base);
        if (tally.stopped !== null || this.refused !== null) return p;
      } else if (length >= MIN_PACKET) {
        this.#packet(view.getUint32(p + 8, little), view, p, length - MIN_PACKET, base);
      } else {
        this.#odd("a packet block is too short", base + p);
      }
      p = next;
    }
    this.need = MIN_BLOCK;
    return p;
  }

  finish(): void {}

  /** Hands on the packet of an Enhanced or old Packet Block at `p` with `room` bytes for data and options. */
  #packet(interfaceId: number, view: DataView, p: number, room: number, base: FileOffset): void {
    const little = this.#little;
    const captured = view.getUint32(p + 20, little);
    if (interfaceId >= this.#interfaces.length || captured > room) {
      this.#odd(
        captured > room ? "a packet is longer than its block" : "a packet names an interface that was not described",
        base + p,
      );
      return;
    }
    const from = this.#interfaces[interfaceId]!;
    const packet = this.#tally.packet;
    splitTime(from.unit, view.getUint32(p + 12, little), view.getUint32(p + 16, little), packet);
    const data = p + HEAD + PACKET_FIELDS;
    packet.start = data;
    packet.end = data + Math.min(captured, MAX_PACKET_BYTES);
    packet.wireLength = view.getUint32(p + 24, little);
    packet.linkType = from.linkType;
    packet.fcsBytes = from.fcsBytes;
    packet.interfaceId = from.id;
    packet.fileOffset = base + data;
    this.#tally.deliver();
  }

  /** A Simple Packet Block, §4.4: no time, first interface; how much was captured follows from the snap length. */
  #simplePacket(view: DataView, p: number, length: number, base: FileOffset): void {
    const from = this.#interfaces[0];
    const room = length - HEAD - SIMPLE_FIELDS - TAIL;
    if (from === undefined || room < 0) {
      this.#odd(
        room < 0 ? "a packet block is too short" : "a packet names an interface that was not described",
        base + p,
      );
      return;
    }
    const wire = view.getUint32(p + 8, this.#little);
    const snapped = from.snapLength > 0 && wire > from.snapLength ? from.snapLength : wire;
    if (snapped > room) this.#odd("a packet is longer than its block", base + p);
    const packet = this.#tally.packet;
    packet.seconds = packet.nanoseconds = 0;
    packet.start = p + HEAD + SIMPLE_FIELDS;
    packet.end = packet.start + Math.min(snapped, room, MAX_PACKET_BYTES);
    packet.wireLength = wire;
    packet.linkType = from.linkType;
    packet.fcsBytes = from.fcsBytes;
    packet.interfaceId = from.id;
    packet.fileOffset = base + packet.start;
    this.#tally.deliverUntimed();
  }

  /** Any block but the Enhanced Packet Block, whole at `bytes[p, next)`. */
  #block(
    type: number,
    little: boolean,
    bytes: Uint8Array,
    view: DataView,
    p: number,
    next: number,
    base: number,
  ): void {
    const at = base + p;
    const length = next - p;
    const r = new Reader(bytes, p + HEAD, next - TAIL);
    switch (type) {
      case BLOCKS.SECTION:
        this.#section(r, little, view, p, length, base);
        break;
      case BLOCKS.INTERFACE: {
        const described = readInterface(r, little, this.#all.length);
        if (this.#all.length >= MAX_INTERFACES) {
          this.#odd(`more than ${MAX_INTERFACES} interfaces`, at);
          return;
        }
        this.#interfaces.push(described);
        this.#all.push(described);
        break;
      }
      case BLOCKS.SIMPLE_PACKET:
        this.#simplePacket(view, p, length, base);
        return;
      case BLOCKS.OLD_PACKET:
        if (length < MIN_PACKET) this.#odd("a packet block is too short", at);
        else this.#packet(view.getUint16(p + 8, little), view, p, length - MIN_PACKET, base);
        return;
      case BLOCKS.NAMES:
        readNames(r, little, this.#tally.sink);
        break;
      case BLOCKS.STATISTICS:
        readStatistics(r, little, this.#interfaces);
        break;
      case BLOCKS.SECRETS:
        readSecrets(r, little, this.#tally.sink);
        break;
      default:
        // Wireshark numbers custom blocks (and system events) as frames; capinfos and we do not: they are no packets.
        this.#tally.odd("capture-block-unsupported", `block type 0x${type.toString(16)}`, at);
        return;
    }
    if (r.failed !== null) this.#odd("a field or option is longer than its block", at);
  }

  #section(r: Reader, little: boolean, view: DataView, p: number, length: number, base: FileOffset): void {
    if (length < MIN_SECTION) {
      this.#tally.stop("a section header is too short", base + p);
      return;
    }
    const major = view.getUint16(p + 12, little);
    const minor = view.getUint16(p + 14, little);
    // §4.1: 1.2 is what some writers put there and means 1.0; another version may have another layout.
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      const what = `version ${major}.${minor}`;
      if (this.opened) this.#tally.stop(`a section of the unknown ${what}`, base + p);
      else this.refused = { kind: "not-a-capture", seemsToBe: `a pcapng file of the unknown ${what}`, advice: null };
      return;
    }
    r.skip(MIN_SECTION - HEAD - TAIL);
    readOptions(r, little, () => {});
    const byteOrder = little ? "little" : "big";
    this.byteOrder = this.opened && this.byteOrder !== byteOrder ? "mixed" : byteOrder;
    this.#little = little;
    this.#interfaces = [];
    this.sections++;
    this.opened = true;
  }

  /** A block too long to be carried whole: a packet's first bytes are handed on, everything else is passed over. */
  #longBlock(type: number, length: number, view: DataView, p: number, end: number, base: FileOffset): number {
    let taken = MIN_BLOCK;
    if (type === BLOCKS.ENHANCED_PACKET) {
      const fields = HEAD + PACKET_FIELDS;
      const captured = end - p < fields ? 0 : view.getUint32(p + 20, this.#little);
      taken = fields + Math.min(captured, MAX_PACKET_BYTES);
      this.need = taken;
      if (end - p < taken) return p;
      this.#packet(view.getUint32(p + 8, this.#little), view, p, length - MIN_PACKET, base);
    } else {
      this.#tally.odd("capture-block-unsupported", `block type 0x${type.toString(16)}, too long`, base + p);
    }
    this.need = MIN_BLOCK;
    this.skip = length - taken;
    return p + taken;
  }

  #odd(why: string, at: FileOffset): void {
    this.#tally.odd("capture-block-malformed", why, at);
  }
}
