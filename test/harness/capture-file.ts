// Writes small capture files in memory, every variant of them, for tests: pcap (draft-ietf-opsawg-pcap) and pcapng blocks.

/** One packet of a capture that is written. */
export interface PacketRow {
  readonly data: Uint8Array;
  readonly seconds?: number;
  /** Microseconds, or nanoseconds where the file counts them. */
  readonly fraction?: number;
  /** Bytes on the wire; default: those captured. */
  readonly wireLength?: number;
}

export interface PcapShape {
  readonly bigEndian?: boolean;
  /** Default the classic 0xa1b2c3d4. */
  readonly magic?: number;
  readonly version?: readonly [major: number, minor: number];
  readonly snapLength?: number;
  /** The whole 32-bit word, upper bits included. Default Ethernet. */
  readonly linkType?: number;
  /** Bytes behind the file header and behind each record header, as the variant has them. */
  readonly extraHeader?: number;
  readonly extraRecord?: number;
  /** Wire length before captured length, as before version 2.3. */
  readonly wireFirst?: boolean;
}

/** A pcap file. */
export function pcapFile(packets: readonly PacketRow[], shape: PcapShape = {}): Uint8Array {
  const little = shape.bigEndian !== true;
  const [major, minor] = shape.version ?? [2, 4];
  const parts = [
    u32(little, shape.magic ?? 0xa1b2c3d4),
    u16(little, major, minor),
    u32(little, 0, 0, shape.snapLength ?? 262_144, shape.linkType ?? 1),
    new Uint8Array(shape.extraHeader ?? 0),
  ];
  for (const { data, seconds = 1_700_000_000, fraction = 0, wireLength = data.length } of packets) {
    const lengths = shape.wireFirst === true ? [wireLength, data.length] : [data.length, wireLength];
    parts.push(u32(little, seconds, fraction, ...lengths), new Uint8Array(shape.extraRecord ?? 0), data);
  }
  return concat(...parts);
}

/** Writes blocks of one byte order. */
export class PcapngBlocks {
  readonly #little: boolean;

  constructor(bigEndian = false) {
    this.#little = !bigEndian;
  }

  /** Any block. `length` overrides what both length fields say, `lastLength` the second one. */
  block(type: number, body: Uint8Array, length?: number, lastLength?: number): Uint8Array {
    const padded = pad(body);
    const total = length ?? padded.length + 12;
    return concat(u32(this.#little, type, total), padded, u32(this.#little, lastLength ?? total));
  }

  section(version: readonly [number, number] = [1, 0], options: Uint8Array = new Uint8Array(0)): Uint8Array {
    const fixed = concat(u32(this.#little, 0x1a2b3c4d), u16(this.#little, ...version), new Uint8Array(8).fill(0xff));
    return this.block(0x0a0d0d0a, concat(fixed, options));
  }

  interface(linkType = 1, snapLength = 0, options: Uint8Array = new Uint8Array(0)): Uint8Array {
    return this.block(1, concat(u16(this.#little, linkType, 0), u32(this.#little, snapLength), options));
  }

  option(code: number, value: Uint8Array): Uint8Array {
    return concat(u16(this.#little, code, value.length), pad(value));
  }

  /** An Enhanced Packet Block; `stamp` counts ticks of the interface. */
  packet(
    data: Uint8Array,
    stamp = 0n,
    interfaceId = 0,
    wireLength = data.length,
    options: Uint8Array = new Uint8Array(0),
  ): Uint8Array {
    const fields = u32(
      this.#little,
      interfaceId,
      Number(stamp >> 32n),
      Number(stamp & 0xffffffffn),
      data.length,
      wireLength,
    );
    return this.block(6, concat(fields, pad(data), options));
  }

  simplePacket(data: Uint8Array, wireLength = data.length): Uint8Array {
    return this.block(3, concat(u32(this.#little, wireLength), data));
  }

  /** The obsolete Packet Block. */
  oldPacket(data: Uint8Array, stamp = 0n, interfaceId = 0, drops = 0): Uint8Array {
    const times = u32(this.#little, Number(stamp >> 32n), Number(stamp & 0xffffffffn), data.length, data.length);
    return this.block(2, concat(u16(this.#little, interfaceId, drops), times, data));
  }

  u16(...values: number[]): Uint8Array {
    return u16(this.#little, ...values);
  }

  u32(...values: number[]): Uint8Array {
    return u32(this.#little, ...values);
  }

  u64(value: bigint): Uint8Array {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), this.#little);
    return bytes;
  }
}

/** The parts one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** One byte per character. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function u16(little: boolean, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setUint16(2 * i, value, little);
  });
  return bytes;
}

function u32(little: boolean, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setUint32(4 * i, value, little);
  });
  return bytes;
}

function pad(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
}
