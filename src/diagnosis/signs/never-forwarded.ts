// Sign: both legs are in the capture, and nothing went to any origin between a request and its small answer.
import { gather } from "../../bytes/index.ts";
import type { ServerLeg, Timeline } from "../../proxy/index.ts";
import { allLegs, type Destination, hasOwnTimes, legsOf, sentOn } from "../legs.ts";
import { openedSince } from "../missing-legs.ts";
import { attributable } from "./near-answer.ts";
import type { OwnAnswer, Run, Sign, TunnelRecords, Turn } from "./types.ts";
import { isSmall } from "./way.ts";

/** Answers of `tunnel` that no origin was asked for. `legs`: those of its proxy; `beside`: connections through it to the same host. */
export function neverForwarded(
  tunnel: TunnelRecords,
  legs: readonly ServerLeg[],
  beside: readonly Timeline[],
): readonly OwnAnswer[] {
  const to = destinationOf(tunnel);
  const near = openedSince(tunnel.timeline, to, legs, beside).isOwn
    ? legsOf(legs, tunnel.timeline, null)
    : allLegs(legs, tunnel.timeline, to.port);
  if (near.length === 0) return [];
  return gather(attributable(tunnel), (turn, index) => {
    const { answer } = turn;
    if (!isSmall(answer) || !hasOwnTimes(tunnel.timeline, turn.request.firstTime, answer.time)) return [];
    if (sentOn(near, turn.request.firstTime, answer.firstTime) !== false) return [];
    return [{ tunnel, index, answer, sign: sign(turn, answer, near) }];
  });
}

/** Whether something went to this tunnel's origin between the request and its answer: then the origin may have given it. */
export function wasForwarded(tunnel: TunnelRecords, { request, answer }: Turn, legs: readonly ServerLeg[]): boolean {
  if (answer === null || legs.length === 0) return false;
  return sentOn(legsOf(legs, tunnel.timeline, destinationOf(tunnel)), request.firstTime, answer.firstTime) === true;
}

function destinationOf({ host, timeline }: TunnelRecords): Destination {
  return { host, port: timeline.tunnel?.target.port ?? null };
}

function sign({ request }: Turn, answer: Run, legs: readonly ServerLeg[]): Sign {
  return {
    id: "never-forwarded",
    frame: answer.frame,
    time: answer.time,
    frames: [request.frame, answer.frame],
    text: `the proxy's connections to origins are in the capture (stream ${legs[0]?.stream}), and none of them carried anything between the request (frame ${request.frame}) and its answer of ${answer.bytes} bytes (frame ${answer.frame})`,
  };
}
