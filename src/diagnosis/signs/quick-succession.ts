// Sign: tunnel after tunnel to one target, each over after its first small answer.
import { millisBetween } from "../../bytes/index.ts";
import { count, duration } from "../wording.ts";
import { SAME_SIZE } from "./near-answer.ts";
import type { Sign, TunnelRecords } from "./types.ts";
import { isSmall } from "./way.ts";

/** A browser opens two by itself; a third one follows upon what came back. */
const MIN_TUNNELS = 3;
/** From the end of one to the beginning of the next. */
const SOON_MS = 5_000;
const MAX_CITED = 10;

/** For tunnels of one proxy, client and target, by their start: the sign of each that belongs to such a row. */
export function quickSuccession(tunnels: readonly TunnelRecords[]): ReadonlyMap<TunnelRecords, Sign> {
  if (tunnels.length < MIN_TUNNELS) return NONE;
  const found = new Map<TunnelRecords, Sign>();
  let row: TunnelRecords[] = [];
  const close = (): void => {
    if (row.length >= MIN_TUNNELS) for (const tunnel of row) found.set(tunnel, sign(tunnel, row));
    row = [];
  };
  for (const tunnel of tunnels) {
    if (!isBrief(tunnel)) close();
    else {
      const before = row.at(-1);
      if (before !== undefined && !follows(before, tunnel)) close();
      row.push(tunnel);
    }
  }
  close();
  return found;
}

const NONE: ReadonlyMap<TunnelRecords, Sign> = new Map();

function isBrief({ turns, timeline, cut }: TunnelRecords): boolean {
  return turns.length === 1 && isSmall(turns[0]!.answer) && timeline.closedBy !== "open" && !cut;
}

function follows(before: TunnelRecords, next: TunnelRecords): boolean {
  const pause = millisBetween(before.timeline.end, next.timeline.start);
  const answer = before.turns[0]!.answer!;
  return pause >= 0 && pause <= SOON_MS && Math.abs(next.turns[0]!.answer!.bytes - answer.bytes) <= SAME_SIZE;
}

function sign(tunnel: TunnelRecords, row: readonly TunnelRecords[]): Sign {
  const answer = tunnel.turns[0]!.answer!;
  const span = millisBetween(row[0]!.timeline.start, row.at(-1)!.timeline.end);
  const streams = row.slice(0, MAX_CITED).map(({ timeline }) => timeline.stream);
  const more = row.length > MAX_CITED ? " ..." : "";
  return {
    id: "quick-succession",
    frame: answer.frame,
    time: answer.time,
    frames: [answer.frame],
    text: `${count(row.length, "tunnel")} to ${tunnel.target} in ${duration(span)}, each over after one small answer (streams ${streams.join(", ")}${more})`,
  };
}
