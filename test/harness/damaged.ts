// A recorded capture as another capture point might have recorded it: packets lost, cut otherwise, in another order, or not yet there.
import { readFileSync } from "node:fs";
import { checkCapture } from "../../src/audit/index.ts";
import type { Report } from "../../src/report/index.ts";
import { optionsOf } from "./recorded-reports.ts";
import { loadTruth } from "./truth.ts";

/** One packet: what stands before its bytes in the file (and behind them), and its bytes, of Ethernet. */
interface FilePacket {
  readonly bytes: Uint8Array;
  write(bytes: Uint8Array): Uint8Array;
}

/** What becomes of the packets. Frames count from 1. */
export type Damage = (packets: readonly FilePacket[]) => readonly FilePacket[];

/** `count` packets from frame `first` on are lost. */
export const without =
  (first: number, count = 1): Damage =>
  (packets) => [...packets.slice(0, first - 1), ...packets.slice(first - 1 + count)];

/** Two packets were recorded in each other's place. */
export const swapped =
  (first: number, second = first + 1): Damage =>
  (packets) =>
    packets.map((packet, i) => packets[i === first - 1 ? second - 1 : i === second - 1 ? first - 1 : i] ?? packet);

/** A packet was written so many places too late, with its own time. */
export const delayed =
  (frame: number, places: number): Damage =>
  (packets) => [
    ...packets.slice(0, frame - 1),
    ...packets.slice(frame, frame + places),
    ...packets.slice(frame - 1, frame),
    ...packets.slice(frame + places),
  ];

/** A packet's payload was sent in two: `length` bytes first. */
export const split =
  (frame: number, length: number): Damage =>
  (packets) =>
    packets.flatMap((packet, i) => (i === frame - 1 ? halves(packet, length) : [packet]));

/** Only the frames from `first` to `last` were recorded. */
export const only =
  (first: number, last = Number.POSITIVE_INFINITY): Damage =>
  (packets) =>
    packets.slice(first - 1, last);

const recorded = new Map(loadTruth().map((capture) => [capture.name, capture]));

/** The report on a recorded capture with this damage, without keys. `keys`: with its key log. */
export async function damagedReport(name: string, damage: Damage, keys = false): Promise<Report> {
  const capture = recorded.get(name);
  if (capture === undefined) throw new Error(`there is no capture ${name}`);
  const { head, packets } = read(Uint8Array.from(readFileSync(capture.path)));
  const written = damage(packets).map((packet) => packet.write(packet.bytes));
  const report = await checkCapture(Buffer.concat([...head, ...written]), {
    ...optionsOf(capture),
    keylogs: keys && capture.keysPath !== null ? [capture.keysPath] : [],
  });
  if ("kind" in report) throw new Error(report.message);
  return report;
}

const PCAPNG = 0x0a0d0d0a;
const ENHANCED_PACKET = 6;
const ETHERNET = 14;

/** All that is no packet, and the packets. pcap and pcapng in little-endian order, as all recordings are. */
function read(file: Uint8Array): { head: readonly Uint8Array[]; packets: readonly FilePacket[] } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const packets: FilePacket[] = [];
  const [head, isBlocks] = view.getUint32(0, true) === PCAPNG ? [[], true] : [[file.subarray(0, 24)], false];
  const blocks: Uint8Array[] = head;
  for (let at = isBlocks ? 0 : 24; at < file.length; ) {
    const length = isBlocks ? view.getUint32(at + 4, true) : 16 + view.getUint32(at + 8, true);
    const block = file.subarray(at, at + length);
    if (!isBlocks) packets.push(packetOf(block, 16, 8));
    else if (view.getUint32(at, true) === ENHANCED_PACKET) packets.push(packetOf(block, 28, 20));
    else blocks.push(block);
    at += length;
  }
  return { head: blocks, packets };
}

/** `header`: bytes before the packet's own; its captured length stands at `lengthAt`, the one on the wire behind it. */
function packetOf(block: Uint8Array, header: number, lengthAt: number): FilePacket {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const isBlock = header === 28;
  return {
    bytes: block.subarray(header, header + view.getUint32(lengthAt, true)),
    write(bytes) {
      const padded = isBlock ? Math.ceil(bytes.length / 4) * 4 + 4 : bytes.length;
      const whole = new Uint8Array(header + padded);
      whole.set(block.subarray(0, header));
      whole.set(bytes, header);
      const own = new DataView(whole.buffer);
      own.setUint32(lengthAt, bytes.length, true);
      own.setUint32(lengthAt + 4, bytes.length, true);
      if (isBlock) for (const place of [4, whole.length - 4]) own.setUint32(place, whole.length, true);
      return whole;
    },
  };
}

/** The payload of a TCP segment (IPv4, RFC 791 §3.1, RFC 9293 §3.1) in two packets. */
function halves({ bytes, write }: FilePacket, length: number): readonly FilePacket[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tcp = ETHERNET + (bytes[ETHERNET]! & 15) * 4;
  const payload = tcp + (bytes[tcp + 12]! >> 4) * 4;
  const end = ETHERNET + view.getUint16(ETHERNET + 2);
  const part = (from: number, to: number): FilePacket => {
    const own = Uint8Array.from([...bytes.subarray(0, payload), ...bytes.subarray(payload + from, payload + to)]);
    const fields = new DataView(own.buffer);
    fields.setUint16(ETHERNET + 2, own.length - ETHERNET);
    fields.setUint32(tcp + 4, view.getUint32(tcp + 4) + from);
    return { bytes: own, write };
  };
  return [part(0, length), part(length, end - payload)];
}
