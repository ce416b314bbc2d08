// Damage to a capture file: bytes flipped, cut and spliced anywhere, and whole packets dropped, doubled, swapped, snapped or spoiled.
import fc from "fast-check";

/** One wound. Places are parts of the whole, from 0 to 1, so that they fit files of any size. */
export type Wound =
  | { readonly kind: "flip"; readonly at: number; readonly mask: number }
  | { readonly kind: "overwrite"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "cut-out"; readonly at: number; readonly length: number }
  | { readonly kind: "truncate"; readonly at: number }
  | { readonly kind: "splice"; readonly at: number; readonly from: number; readonly length: number }
  | { readonly kind: "drop-packet"; readonly at: number; readonly count: number }
  | { readonly kind: "double-packet"; readonly at: number }
  | { readonly kind: "swap-packets"; readonly at: number; readonly with: number }
  | { readonly kind: "snap-packet"; readonly at: number; readonly keep: number }
  | { readonly kind: "flip-payload"; readonly at: number; readonly back: number; readonly mask: number }
  | { readonly kind: "foreign-packet"; readonly at: number; readonly from: number };

const PARTS = 1_000_000;
/** Even: small values, which generators prefer, would spoil the file's header nearly always, and reach little else. */
const part = fc.noBias(fc.nat(PARTS - 1)).map((n) => n / PARTS);
const mask = fc.integer({ min: 1, max: 255 });

/** A wound of any kind, those inside packets more often: they get further than damage to the file's own frame. */
export const wound: fc.Arbitrary<Wound> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: part, mask }),
  fc.record({
    kind: fc.constant("overwrite" as const),
    at: part,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 24 }),
  }),
  fc.record({ kind: fc.constant("cut-out" as const), at: part, length: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant("truncate" as const), at: part }),
  fc.record({ kind: fc.constant("splice" as const), at: part, from: part, length: fc.integer({ min: 1, max: 400 }) }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("drop-packet" as const),
      at: part,
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  fc.record({ kind: fc.constant("double-packet" as const), at: part }),
  fc.record({ kind: fc.constant("swap-packets" as const), at: part, with: part }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("snap-packet" as const), at: part, keep: part }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("flip-payload" as const), at: part, back: part, mask }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("foreign-packet" as const), at: part, from: part }) },
);

const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** A copy of `capture` with all wounds; packets of `other` may be put into it. */
export function wounded(capture: Uint8Array, wounds: readonly Wound[], other: Uint8Array): Uint8Array {
  return wounds.reduce<Uint8Array>((bytes, one) => apply(bytes, one, other), Uint8Array.from(capture));
}

function apply(bytes: Uint8Array, one: Wound, other: Uint8Array): Uint8Array {
  const at = Math.floor(one.at * bytes.length);
  switch (one.kind) {
    case "flip":
      bytes[at] = (bytes[at] ?? 0) ^ one.mask;
      return bytes;
    case "overwrite":
      bytes.set(one.bytes.subarray(0, bytes.length - at), at);
      return bytes;
    case "cut-out":
      return join(bytes.subarray(0, at), bytes.subarray(at + one.length));
    case "truncate":
      return bytes.slice(0, at);
    case "splice": {
      const from = Math.floor(one.from * bytes.length);
      return join(bytes.subarray(0, at), bytes.subarray(from, from + one.length), bytes.subarray(at));
    }
    default:
      return toPackets(bytes, one, other);
  }
}

type PacketWound = Exclude<Wound, { kind: "flip" | "overwrite" | "cut-out" | "truncate" | "splice" }>;

/** Works on classic pcap in little-endian order, as all recordings are; others are left alone. */
function toPackets(bytes: Uint8Array, one: PacketWound, other: Uint8Array): Uint8Array {
  const packets = packetsOf(bytes);
  const at = Math.floor(one.at * packets.length);
  const packet = packets[at];
  if (packet === undefined) return bytes;
  switch (one.kind) {
    case "drop-packet":
      packets.splice(at, one.count);
      break;
    case "double-packet":
      packets.splice(at, 0, packet);
      break;
    case "swap-packets": {
      const to = Math.floor(one.with * packets.length);
      packets[at] = packets[to]!;
      packets[to] = packet;
      break;
    }
    case "snap-packet":
      packets[at] = snapped(packet, Math.floor(one.keep * (packet.length - RECORD_HEADER)));
      break;
    case "flip-payload": {
      const place = packet.length - 1 - Math.floor(one.back * (packet.length - RECORD_HEADER));
      packet[place] = packet[place]! ^ one.mask;
      break;
    }
    case "foreign-packet": {
      const foreign = packetsOf(Uint8Array.from(other));
      const guest = foreign[Math.floor(one.from * foreign.length)];
      if (guest !== undefined) packets.splice(at, 0, guest);
      break;
    }
  }
  return join(bytes.subarray(0, FILE_HEADER), ...packets);
}

/** Record header and data of each packet; a tail that is no whole packet is one, too. */
function packetsOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FILE_HEADER || ![0xa1b2c3d4, 0xa1b23c4d].includes(view.getUint32(0, true))) return [];
  const packets: Uint8Array[] = [];
  for (let at = FILE_HEADER; at < bytes.length; ) {
    const length = at + RECORD_HEADER <= bytes.length ? RECORD_HEADER + view.getUint32(at + 8, true) : bytes.length;
    packets.push(bytes.subarray(at, Math.min(at + length, bytes.length)));
    at += length;
  }
  return packets;
}

/** As a capture with a short snap length has it: the length on the wire stays. */
function snapped(packet: Uint8Array, keep: number): Uint8Array {
  const short = packet.slice(0, RECORD_HEADER + keep);
  if (short.length >= RECORD_HEADER) new DataView(short.buffer).setUint32(8, keep, true);
  return short;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of parts) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}
