// Sign: a small answer that came back much faster than the way to the origin takes.
import { countBefore, gather, millisBetween } from "../../bytes/index.ts";
import { duration } from "../wording.ts";
import type { OwnAnswer, Run, Sign, TunnelRecords, Turn } from "./types.ts";
import { isNear, isSmall, MAX_SMALL, type Way } from "./way.ts";

/** Sizes that differ by no more are one answer: a date, a number, a path in it. */
export const SAME_SIZE = 32;
/** One request is sent in one go, its head and a small body. */
const AT_ONCE_NS = 5_000_000n;
/** Near answers of other sizes: so many, and the proxy answers from its cache, or the origin is near after all. */
const MAX_OTHERS = 2;

/** Near answers of `tunnels`, all of one proxy to one target, whose way is known. */
export function nearTurns(tunnels: readonly TunnelRecords[], way: Way): readonly OwnAnswer[] {
  const near = gather(tunnels, (tunnel) =>
    gather(attributable(tunnel), (turn, index) => {
      const { answer } = turn;
      return answer !== null && isNear(tunnel, { ...turn, answer }, way) ? [{ tunnel, index, turn, answer }] : [];
    }),
  );
  const sizes = near.map(({ answer }) => answer.bytes).sort((a, b) => a - b);
  return gather(near, ({ tunnel, index, turn, answer }, i) => {
    if (!isSmall(answer)) return [];
    // The answer to the first step of NTLM is near, too, and longer.
    const next = near[i + 1];
    const step = next !== undefined && next.tunnel === tunnel && next.index === index + 1 ? next.answer.bytes : null;
    const outside = (from: number, to: number): number =>
      below(sizes, from) + sizes.length - below(sizes, to + 1) - (step !== null && (step < from || step > to) ? 1 : 0);
    const others = outside(answer.bytes - SAME_SIZE, answer.bytes + SAME_SIZE);
    if (others >= MAX_OTHERS || outside(0, MAX_SMALL) > 0) return [];
    return [{ tunnel, index, answer, sign: sign(turn, answer, way) }];
  });
}

/** How many of the sorted `sizes` are smaller than `limit`. */
function below(sizes: readonly number[], limit: number): number {
  return countBefore(sizes, (size) => size < limit);
}

/**
 * The turns of which it is clear what the answer belongs to. In HTTP/2 an answer to an earlier request may come behind a
 * later one, and so it may wherever a client spoke again before it was answered (pipelining, WebSocket).
 */
export function attributable({ turns, http2 }: TunnelRecords): readonly Turn[] {
  if (http2) return turns.slice(0, 1);
  const spokeAgain = turns.findIndex(({ request }) => request.time - request.firstTime > AT_ONCE_NS);
  return spokeAgain < 0 ? turns : turns.slice(0, spokeAgain);
}

function sign(turn: Turn, answer: Run, way: Way): Sign {
  const { request } = turn;
  const took = millisBetween(request.firstTime, answer.time);
  return {
    id: "near-answer",
    frame: answer.frame,
    time: answer.time,
    frames: [request.frame, answer.firstFrame, answer.frame],
    text: `the answer of ${answer.bytes} bytes (frame ${answer.frame}) was there ${duration(took)} after the request (frame ${request.frame}): the proxy's way to the site takes ${duration(way.ms)} (${way.text})`,
  };
}
