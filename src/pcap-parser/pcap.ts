// The classic capture file: draft-ietf-opsawg-pcap, its nanosecond and modified variants, and the quirks of old writers.
import type { FileOffset } from "../bytes/index.ts";
import { LINK_TYPES } from "./link-types.ts";
import type { Tally } from "./tally.ts";
import type { CaptureInterface, NotACapture } from "./types.ts";
import { MAX_PACKET_BYTES, MAX_RECORD_BYTES, type Walker } from "./walker.ts";

interface Variant {
  readonly nanosPerTick: number;
  readonly fileHeader: number;
  readonly recordHeader: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MICRO = 1000;
const NANO = 1;

/** Magic numbers as a reader in the writer's byte order sees them. */
const VARIANTS: ReadonlyMap<number, Variant> = new Map([
  [0xa1b2c3d4, { nanosPerTick: MICRO, fileHeader: FILE_HEADER, recordHeader: RECORD_HEADER }],
  [0xa1b23c4d, { nanosPerTick: NANO, fileHeader: FILE_HEADER, recordHeader: RECORD_HEADER }],
  // Kuznetzov's patches to libpcap of 1999: interface index, protocol and packet type follow each record's lengths.
  [0xa1b2cd34, { nanosPerTick: MICRO, fileHeader: FILE_HEADER, recordHeader: RECORD_HEADER + 8 }],
  // Ixia "lcap", hardware and software capture: the file header ends with the sum of all records' lengths.
  [0x1c0001ac, { nanosPerTick: NANO, fileHeader: FILE_HEADER + 4, recordHeader: RECORD_HEADER }],
  [0x1c0001ab, { nanosPerTick: MICRO, fileHeader: FILE_HEADER + 4, recordHeader: RECORD_HEADER }],
]);

/** AIX writes version 2.2, nanoseconds and ifType values (RFC 1573); Wireshark tells it from old libpcap by these four. */
const AIX_LINK_TYPES: ReadonlyMap<number, number> = new Map([
  [6, LINK_TYPES.EN10MB],
  [9, LINK_TYPES.IEEE802_5],
  [15, LINK_TYPES.FDDI],
  [24, LINK_TYPES.NULL],
]);

/** draft-ietf-opsawg-pcap §4: the upper half of the link-type word. */
const FCS_PRESENT = 0x0400_0000;
const RESERVED = 0x0bff_0000;

/** Version 543.0 is DG/UX's tcpdump. */
const DGUX_MAJOR = 543;

/** Link types whose packets may be longer than MAX_PACKET_BYTES (Wireshark 4.0 wtap_max_snaplen_for_encap). */
const LONG_PACKETS: ReadonlySet<number> = new Set([LINK_TYPES.DBUS, LINK_TYPES.USBPCAP, LINK_TYPES.EBHSCR]);

/** Records of nothing but zeros that are held back before the rest of the file is taken for unwritten: 1 KiB. */
const MAX_ZERO_RECORDS = 64;

type LengthOrder = "captured-first" | "wire-first" | "larger-second";

/** Whether the first four bytes are those of a pcap, and in which byte order. */
export function pcapByteOrder(view: DataView, at: number): "little" | "big" | null {
  if (VARIANTS.has(view.getUint32(at, true))) return "little";
  if (VARIANTS.has(view.getUint32(at, false))) return "big";
  return null;
}

/** Walks the records of a pcap. */
export class PcapWalker implements Walker {
  readonly format = "pcap";
  readonly sections = 1;
  readonly byteOrder: "little" | "big";
  need = FILE_HEADER;
  skip = 0;
  refused: NotACapture | null = null;
  opened = false;
  interfaces: readonly CaptureInterface[] = [];
  readonly #tally: Tally;
  readonly #little: boolean;
  #recordHeader = RECORD_HEADER;
  #nanosPerTick = MICRO;
  #ticksPerSecond = 1_000_000;
  #lengths: LengthOrder = "captured-first";
  #maxRecord = MAX_PACKET_BYTES;
  #zeroRecords = 0;
  #zerosAt: FileOffset = 0;

  constructor(tally: Tally, byteOrder: "little" | "big") {
    this.#tally = tally;
    this.byteOrder = byteOrder;
    this.#little = byteOrder === "little";
  }

  walk(bytes: Uint8Array, view: DataView, start: number, end: number, base: FileOffset): number {
    let p = start;
    if (!this.opened) {
      p = this.#open(view, start, end, base);
      if (!this.opened) return p;
    }
    const little = this.#little;
    const header = this.#recordHeader;
    const tally = this.#tally;
    const packet = tally.packet;
    packet.bytes = bytes;
    while (p + header <= end) {
      let captured = view.getUint32(p + 8, little);
      let wire = view.getUint32(p + 12, little);
      if (this.#lengths !== "captured-first" && (this.#lengths === "wire-first" || captured > wire)) {
        const first = captured;
        captured = wire;
        wire = first;
      }
      if (captured > this.#maxRecord) {
        this.#releaseZeros();
        tally.stop(`a packet record claims ${captured} bytes, more than the maximum of ${this.#maxRecord}`, base + p);
        return p;
      }
      const data = p + header;
      const kept = Math.min(captured, MAX_PACKET_BYTES);
      if (data + kept > end) {
        this.need = header + kept;
        return p;
      }
      const seconds = view.getUint32(p, little);
      const ticks = view.getUint32(p + 4, little);
      if (captured === 0 && seconds === 0 && ticks === 0 && wire === 0) {
        if (this.#holdZeros(base + p)) return p;
        p = data;
        continue;
      }
      if (this.#zeroRecords > 0) this.#releaseZeros();
      packet.seconds = seconds;
      packet.nanoseconds = ticks * this.#nanosPerTick;
      if (ticks >= this.#ticksPerSecond) this.#carrySeconds(ticks);
      packet.start = data;
      packet.end = data + kept;
      packet.wireLength = wire;
      packet.fileOffset = base + data;
      tally.deliver();
      p = data + kept;
      if (kept < captured) {
        this.skip = captured - kept;
        this.need = header;
        return p;
      }
    }
    this.need = header;
    return p;
  }

  finish(): void {
    if (this.#tally.stopped === null) this.#releaseZeros();
  }

  #open(view: DataView, start: number, end: number, base: FileOffset): number {
    if (end - start < FILE_HEADER) return start;
    const little = this.#little;
    const magic = view.getUint32(start, little);
    const variant = VARIANTS.get(magic)!;
    this.need = variant.fileHeader;
    if (end - start < variant.fileHeader) return start;
    const major = view.getUint16(start + 4, little);
    const minor = view.getUint16(start + 6, little);
    const snapLength = view.getUint32(start + 16, little);
    const link = view.getUint32(start + 20, little);
    // libpcap and Wireshark refuse version 1 as well: its records looked different, and no description of them is left.
    if (major < 2) {
      this.refused = {
        kind: "not-a-capture",
        seemsToBe: `a pcap file of the unknown version ${major}.${minor}`,
        advice: null,
      };
      return start;
    }
    let linkType = link & 0xffff;
    let nanosPerTick = variant.nanosPerTick;
    const aix = major === 2 && minor === 2 && nanosPerTick === MICRO ? AIX_LINK_TYPES.get(link) : undefined;
    if (aix !== undefined) {
      linkType = aix;
      nanosPerTick = NANO;
    }
    this.#nanosPerTick = nanosPerTick;
    this.#ticksPerSecond = 1_000_000_000 / nanosPerTick;
    this.#lengths = lengthOrder(major, minor);
    this.#recordHeader = variant.recordHeader;
    if (LONG_PACKETS.has(linkType)) this.#maxRecord = MAX_RECORD_BYTES;
    if ((link & RESERVED) !== 0) {
      this.#tally.odd("capture-block-malformed", "reserved bits of the link type are set", base + start + 20);
    }
    const packet = this.#tally.packet;
    packet.linkType = linkType;
    packet.fcsBytes = (link & FCS_PRESENT) !== 0 ? (link >>> 28) * 2 : 0;
    packet.interfaceId = 0;
    this.interfaces = [{ linkType, snapLength, name: null, dropped: null }];
    this.opened = true;
    return start + variant.fileHeader;
  }

  /** Counts an all-zero record; true once they are too many to be packets, with the tally stopped. */
  #holdZeros(at: FileOffset): boolean {
    if (this.#zeroRecords === 0) this.#zerosAt = at;
    this.#zeroRecords++;
    if (this.#zeroRecords <= MAX_ZERO_RECORDS) return false;
    this.#tally.stop("nothing but zeros from here on", this.#zerosAt);
    return true;
  }

  /** A few zeros count as empty packets, as all do for Wireshark: frame numbers have to agree. */
  #releaseZeros(): void {
    const packet = this.#tally.packet;
    for (let i = 0; i < this.#zeroRecords; i++) {
      packet.seconds = packet.nanoseconds = packet.wireLength = 0;
      packet.start = packet.end = 0;
      packet.fileOffset = this.#zerosAt + (i + 1) * this.#recordHeader;
      this.#tally.deliverUntimed();
    }
    this.#zeroRecords = 0;
  }

  /** A fraction of a second and more: an odd writer, but the time is clear. */
  #carrySeconds(ticks: number): void {
    const packet = this.#tally.packet;
    const whole = Math.floor(ticks / this.#ticksPerSecond);
    packet.seconds += whole;
    packet.nanoseconds = (ticks - whole * this.#ticksPerSecond) * this.#nanosPerTick;
  }
}

/**
 * Before version 2.3 the wire length came first. Some writers said 2.3 and kept the old order, so there the larger one is the
 * wire length (libpcap sf-pcap.c; Wireshark does the same).
 */
function lengthOrder(major: number, minor: number): LengthOrder {
  if (major === DGUX_MAJOR || (major === 2 && minor < 3)) return "wire-first";
  return major === 2 && minor === 3 ? "larger-second" : "captured-first";
}
