// Connections whose two directions were recorded by clocks that differ, as where the recordings of two ports are merged.
import { EARLY_NS, type Timeline } from "../proxy/index.ts";
import { duration } from "./wording.ts";

/** Up to here answers find their requests all the same. */
const PAIRED_MS = Number(EARLY_NS) / 1e6;

/** What shows that the clocks differ, as a part of a sentence; null where nothing does. */
export function clocksDiffer({ fromClient, fromProxy }: Timeline): string | null {
  const ms = Math.max(fromClient.earlyMs, fromProxy.earlyMs);
  return ms <= PAIRED_MS
    ? null
    : `bytes were recorded ${duration(ms)} behind their acknowledgement, as by two clocks that differ`;
}
