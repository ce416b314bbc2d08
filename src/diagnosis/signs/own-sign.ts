// Whether a tunnel shows by itself that the proxy gave an answer: then it is worth keeping where not all are kept.
import type { Timeline } from "../../proxy/index.ts";
import type { TunnelsBeyond } from "./beyond.ts";
import { nearTurns } from "./near-answer.ts";
import { isLong, setUpOf } from "./set-up.ts";
import { tunnelRecords } from "./turns.ts";
import { wayTo } from "./way.ts";

/** `beyond`: tunnels that are not kept, so far. */
export function hasOwnSign(timeline: Timeline, beyond: TunnelsBeyond): boolean {
  // Most tunnels are told by their target at once, or by the way that their own set-up shows.
  if (timeline.tunnel?.inside !== "none" || beyond.shortestTo(timeline) === "short") return false;
  if (!isLong(setUpOf(timeline))) return false;
  const records = tunnelRecords(timeline);
  const way = records === null ? null : wayTo([records], beyond);
  return records !== null && way !== null && nearTurns([records], way).length > 0;
}
