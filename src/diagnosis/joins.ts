// Joins a connection that was challenged with the later one on which the client came back with credentials.
import { gather } from "../bytes/index.ts";
import type { Timeline } from "../proxy/index.ts";
import { type AuthStep, authSteps, isRefusal } from "./auth-steps.ts";
import { answers, keyOf } from "./challenges.ts";
import type { HeadlessConnections } from "./headless.ts";

/** Connections that belong together, in the order in which they asked. */
export interface AuthChain {
  readonly members: readonly Timeline[];
  /** All steps of all members, in order. */
  readonly steps: readonly AuthStep[];
  /** Those of the steps in which complete credentials were refused: asked for by each member, and a chain may have thousands. */
  readonly refusals: readonly AuthStep[];
  /** A later connection of the client to the proxy lacks its beginning: an answer to the last challenge may be among it. */
  readonly unseen: boolean;
}

/** The chain of a connection that nothing joins. */
export function alone(timeline: Timeline, steps: readonly AuthStep[]): AuthChain {
  return { members: [timeline], steps, refusals: steps.filter(isRefusal), unseen: false };
}

/** A connection whose last word was a 407. */
interface Waiting {
  readonly timeline: Timeline;
  readonly last: AuthStep;
  /** Bytes of the client are missing behind it: it may have been answered on its own connection. */
  readonly unseen: boolean;
}

/** Those of one client for one target. */
interface Open {
  readonly waiting: Waiting[];
  /** Frame in which it last asked without credentials: what it had been asked before, it may have given up. */
  askedAnew: number;
}

/** The chain of every timeline; alone, if nothing joins. `headless`: of all connections, also of those that are not kept. */
export function authChains(
  timelines: readonly Timeline[],
  headless: HeadlessConnections,
): ReadonlyMap<Timeline, AuthChain> {
  const open = new Map<string, Open>();
  const following = new Map<Timeline, Timeline>();
  const preceding = new Map<Timeline, Timeline>();
  const asking: { readonly timeline: Timeline; readonly steps: readonly AuthStep[] }[] = [];
  for (const timeline of timelines) {
    const steps = authSteps(timeline);
    if (steps.length > 0) asking.push({ timeline, steps });
  }
  // By frames: clocks are set while a capture runs.
  const byFirstAsk = asking.sort((a, b) => a.steps[0]!.frame - b.steps[0]!.frame);
  for (const { timeline, steps } of byFirstAsk) {
    const first = steps[0]!;
    const before = open.get(keyOf(timeline, first));
    if (before !== undefined && first.credentials === null) before.askedAnew = first.frame;
    if (before !== undefined && first.credentials !== null) {
      const index = answeredBy(first, before, false) ?? answeredBy(first, before, true) ?? -1;
      if (index >= 0) {
        const [challenged] = before.waiting.splice(index, 1);
        following.set(challenged!.timeline, timeline);
        preceding.set(timeline, challenged!.timeline);
      }
    }
    const last = steps.at(-1)!;
    // With a tunnel behind it that is not its own the answer came on the same connection, and is lost.
    if (last.status === 407 && timeline.tunnel === null) {
      const key = keyOf(timeline, last);
      const list = open.get(key);
      const unseen = timeline.gaps.some(({ from, where }) => from === "client" && where.frame > last.frame);
      if (list === undefined) open.set(key, { waiting: [{ timeline, last, unseen }], askedAnew: 0 });
      else list.waiting.push({ timeline, last, unseen });
    }
  }
  return chainsFrom(timelines, following, preceding, headless);
}

function chainsFrom(
  timelines: readonly Timeline[],
  following: ReadonlyMap<Timeline, Timeline>,
  preceding: ReadonlyMap<Timeline, Timeline>,
  headless: HeadlessConnections,
): ReadonlyMap<Timeline, AuthChain> {
  const chains = new Map<Timeline, AuthChain>();
  for (const timeline of timelines) {
    if (preceding.has(timeline)) continue;
    const members: Timeline[] = [];
    for (let member: Timeline | undefined = timeline; member !== undefined; member = following.get(member))
      members.push(member);
    const steps = members.length === 1 ? authSteps(timeline) : gather(members, authSteps);
    const last = steps.at(-1);
    const unseen = last?.status === 407 && headless.mayAnswer(members, last);
    const chain = { members, steps, refusals: steps.filter(isRefusal), unseen };
    for (const member of members) chains.set(member, chain);
  }
  return chains;
}

/**
 * Which one these credentials answer: the first since the client last asked without any, or else the last before; null if none.
 * `unseen`: of those that may have been answered where they were asked.
 */
function answeredBy(answer: AuthStep, { waiting, askedAnew }: Open, unseen: boolean): number | null {
  let found: number | null = null;
  for (let i = waiting.length - 1; i >= 0; i--) {
    const { last, unseen: isUnseen } = waiting[i]!;
    const isOlder = (last.responseFrame ?? 0) < askedAnew;
    if (isOlder && found !== null) break;
    if (isUnseen !== unseen || !answers(last, answer)) continue;
    found = i;
    if (isOlder) break;
  }
  return found;
}
