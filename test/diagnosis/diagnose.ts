// Findings of timelines made by hand.
import { Collector, type Diagnosis, type Finding, type FindingId, type Hole } from "../../src/diagnosis/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { atMs } from "./record-talk.ts";

export const QUALITY = {
  cutShort: false,
  truncatedPackets: 0,
  gaps: 0,
  missingBytes: 0,
  lateStarts: 0,
  oneSided: 0,
  duplicates: 0,
  overlapsDiffering: 0,
  droppedByCapture: 0,
  elsewhere: { streams: 0, named: false, carried: [], quic: null },
  holes: [] as readonly Hole[],
  start: atMs(0),
  end: atMs(60_000),
};
const KEYS = { sources: [] as readonly string[], sessions: 0, decrypted: 0, tlsConnections: 1 };

export type Setting = { readonly quality?: Partial<typeof QUALITY>; readonly keys?: Partial<typeof KEYS> };

export function diagnosisOf(timelines: readonly Timeline[], { quality = {}, keys = {} }: Setting = {}): Diagnosis {
  const collector = new Collector({ connections: 100 });
  for (const one of timelines) collector.add(one);
  return collector.finish({ ...QUALITY, ...quality }, { ...KEYS, ...keys });
}

export function diagnose(timelines: readonly Timeline[], setting?: Setting): readonly Finding[] {
  return diagnosisOf(timelines, setting).findings;
}

export function found(id: FindingId, timelines: readonly Timeline[], setting?: Setting): readonly Finding[] {
  return diagnose(timelines, setting).filter((finding) => finding.id === id);
}
