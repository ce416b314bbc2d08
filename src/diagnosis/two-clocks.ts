// Connections whose two directions were recorded by clocks that differ, as where the recordings of two ports are merged.
import type { Timeline } from "../proxy/index.ts";
import { duration } from "./wording.ts";

/** A card with several queues records what it receives and what it sends in either order, but less than this apart. */
const MIN_MS = 2;

/** What shows that the clocks differ, as a part of a sentence; null where nothing does. */
export function clocksDiffer({ fromClient, fromProxy }: Timeline): string | null {
  const ms = Math.max(fromClient.earlyMs, fromProxy.earlyMs);
  return ms < MIN_MS
    ? null
    : `bytes were recorded ${duration(ms)} behind their acknowledgement, as by two clocks that differ`;
}
