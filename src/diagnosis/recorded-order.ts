// Connections whose two directions do not stand in the capture in the order in which they were sent.
import { EARLY_NS, type Timeline } from "../proxy/index.ts";
import { duration } from "./wording.ts";

/** Up to here answers find their requests all the same. */
const PAIRED_MS = Number(EARLY_NS) / 1e6;

/** That the order is lost. */
export interface OrderLost {
  /** What shows it, as a part of a sentence. */
  readonly what: string;
  /** How the capture is mended, in sentences. */
  readonly remedy: string;
}

/** Of a capture whose packets are not in the order of their times. */
export const SORT_FIRST =
  "Put the packets in order, and check that: reordercap CAPTURE SORTED (it comes with Wireshark).";

/** Whether bytes stand in the capture behind later packets that acknowledge them. */
export function isMisplaced({ fromClient, fromProxy }: Timeline): boolean {
  return (fromClient.early?.misplaced ?? false) || (fromProxy.early?.misplaced ?? false);
}

/** Whether what answers what can be told by the order of the packets: null if so. */
export function orderLost(timeline: Timeline): OrderLost | null {
  if (isMisplaced(timeline)) {
    const what = "bytes stand in the capture behind later packets that acknowledge them";
    return { what, remedy: SORT_FIRST };
  }
  const ms = Math.max(timeline.fromClient.early?.longestMs ?? 0, timeline.fromProxy.early?.longestMs ?? 0);
  if (ms <= PAIRED_MS) return null;
  return {
    what: `bytes were recorded ${duration(ms)} behind their acknowledgement, as by two clocks that differ`,
    remedy: "If two recordings were merged, set one of them right (editcap -t) before.",
  };
}
