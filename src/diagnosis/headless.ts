// Connections whose first request is not in the capture: an answer to an earlier challenge may have been among it.
import { addTo, type Nanos } from "../bytes/index.ts";
import type { Timeline } from "../proxy/index.ts";
import { authSteps } from "./auth-steps.ts";
import { type Challenged, MAX_DELAY_NS } from "./challenges.ts";
import { secureFailure } from "./handshake.ts";

/** Connections remembered; a capture with more shows of no challenge that it was not answered. */
const MAX_HEADLESS = 5_000;

/** What tells a connection from others, and whose it is. */
export type ConnectionStub = Pick<Timeline, "client" | "namedClient" | "proxy" | "stream" | "firstFrame">;

interface Headless {
  readonly stream: number;
  readonly firstFrame: number;
  readonly namedIp: string | null;
  /** A frame behind which it did not begin. */
  readonly place: number;
  readonly start: Nanos;
}

/** Learns of all connections, also of those that are not kept. */
export class HeadlessConnections {
  readonly #byWay = new Map<string, Headless[]>();
  #count = 0;

  learn(timeline: Timeline): void {
    if (!isHeadless(timeline) || this.#count++ >= MAX_HEADLESS) return;
    const { stream, firstFrame, namedClient, start } = timeline;
    const one = { stream, firstFrame, namedIp: namedClient?.ip ?? null, place: placeOf(timeline), start };
    addTo(this.#byWay, wayOf(timeline), one);
  }

  /** Whether an answer to the last challenge of `members`, which belong together, may be among what another one lacks. */
  mayAnswer(members: readonly ConnectionStub[], { responseTime, responseFrame }: Challenged): boolean {
    const [challenged] = members;
    if (challenged === undefined || responseTime === null || responseFrame === null) return false;
    if (this.#count > MAX_HEADLESS) return true;
    const own = this.#byWay.get(wayOf(challenged)) ?? [];
    return own.some(
      (one) =>
        // Of one behind a balancer the header is not in the capture either.
        (one.namedIp === null || one.namedIp === challenged.namedClient?.ip) &&
        one.place > responseFrame &&
        one.start - responseTime <= MAX_DELAY_NS &&
        !members.some(({ stream, firstFrame }) => stream === one.stream && firstFrame === one.firstFrame),
    );
  }
}

function isHeadless(timeline: Timeline): boolean {
  const { gaps, tunnel, connects, lateStart, oneSided } = timeline;
  if (tunnel !== null && connects.length === 0) return true;
  const first = authSteps(timeline)[0];
  if (first === undefined) return lateStart || oneSided || mayHaveAsked(timeline) || gaps.length > 0;
  return gaps.some(({ from, where }) => from === "client" && where.frame <= first.frame);
}

/** Inside TLS to the proxy itself that could not be read, if there was an inside. */
function mayHaveAsked(timeline: Timeline): boolean {
  return timeline.secure !== null && secureFailure(timeline) === null;
}

/** A frame behind which it did not begin. */
function placeOf({ tunnel, lateStart, firstFrame, lastFrame }: Timeline): number {
  return lateStart ? firstFrame : (tunnel?.opened?.frame ?? tunnel?.firstClient?.frame ?? lastFrame);
}

/** From where to where: a client, or the balancer that it comes through. */
function wayOf({ client, proxy }: Pick<Timeline, "client" | "proxy">): string {
  return `${client.ip} ${proxy.ip} ${proxy.port}`;
}
