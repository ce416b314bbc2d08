// A recorded capture as another capture point might have recorded it: packets lost, in another order, the beginning or the end missing.
import { readFileSync } from "node:fs";
import { checkCapture } from "../../src/audit/index.ts";
import type { Report } from "../../src/report/index.ts";
import { optionsOf } from "./recorded-reports.ts";
import { loadTruth } from "./truth.ts";

/** What becomes of the packets, each with its record header. Frames count from 1. */
export type Damage = (packets: readonly Uint8Array[]) => readonly Uint8Array[];

/** `count` packets from frame `first` on are lost. */
export const without =
  (first: number, count = 1): Damage =>
  (packets) => [...packets.slice(0, first - 1), ...packets.slice(first - 1 + count)];

/** Only the frames from `first` to `last` were recorded. */
export const only =
  (first: number, last = Number.POSITIVE_INFINITY): Damage =>
  (packets) =>
    packets.slice(first - 1, last);

const recorded = new Map(loadTruth().map((capture) => [capture.name, capture]));
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** The report on a recorded capture (classic pcap) with this damage. `keys`: with its key log. */
export async function damagedReport(name: string, damage: Damage, keys = false): Promise<Report> {
  const capture = recorded.get(name);
  if (capture === undefined) throw new Error(`there is no capture ${name}`);
  const bytes = Uint8Array.from(readFileSync(capture.path));
  const packets = damage(packetsOf(bytes));
  const report = await checkCapture(Buffer.concat([bytes.subarray(0, FILE_HEADER), ...packets]), {
    ...optionsOf(capture),
    keylogs: keys && capture.keysPath !== null ? [capture.keysPath] : [],
  });
  if ("kind" in report) throw new Error(report.message);
  return report;
}

function packetsOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets: Uint8Array[] = [];
  for (let at = FILE_HEADER; at < bytes.length; ) {
    const length = RECORD_HEADER + view.getUint32(at + 8, true);
    packets.push(bytes.subarray(at, at + length));
    at += length;
  }
  return packets;
}
