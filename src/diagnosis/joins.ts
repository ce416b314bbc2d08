// Joins a connection that was challenged with the later one on which the client came back with credentials.
import { gather } from "../bytes/index.ts";
import type { Timeline } from "../proxy/index.ts";
import { type AuthStep, authSteps } from "./auth-steps.ts";
import { clientKey } from "./client.ts";
import { secureFailure } from "./handshake.ts";

/** How long after the challenge: browsers come back at once, people need time to type a password into the dialog. */
const MAX_DELAY_NS = 120n * 1_000_000_000n;

/** Connections that belong together, in the order in which they asked. */
export interface AuthChain {
  readonly members: readonly Timeline[];
  /** All steps of all members, in order. */
  readonly steps: readonly AuthStep[];
  /** A later connection of the client to the proxy lacks its beginning: an answer to the last challenge may be among it. */
  readonly unseen: boolean;
}

/** A connection whose last word was a 407. */
interface Waiting {
  readonly timeline: Timeline;
  readonly last: AuthStep;
}

/** Those of one client for one target. */
interface Open {
  readonly waiting: Waiting[];
  /** Frame in which it last asked without credentials: what it had been asked before, it may have given up. */
  askedAnew: number;
}

/** The chain of every timeline; alone, if nothing joins. */
export function authChains(timelines: readonly Timeline[]): ReadonlyMap<Timeline, AuthChain> {
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
      const index = answeredBy(first, before);
      if (index >= 0) {
        const [challenged] = before.waiting.splice(index, 1);
        following.set(challenged!.timeline, timeline);
        preceding.set(timeline, challenged!.timeline);
      }
    }
    const last = steps.at(-1)!;
    if (last.status === 407) {
      const key = keyOf(timeline, last);
      const list = open.get(key);
      if (list === undefined) open.set(key, { waiting: [{ timeline, last }], askedAnew: 0 });
      else list.waiting.push({ timeline, last });
    }
  }
  return chainsFrom(timelines, following, preceding);
}

function chainsFrom(
  timelines: readonly Timeline[],
  following: ReadonlyMap<Timeline, Timeline>,
  preceding: ReadonlyMap<Timeline, Timeline>,
): ReadonlyMap<Timeline, AuthChain> {
  const chains = new Map<Timeline, AuthChain>();
  const headless = headlessByClient(timelines);
  for (const timeline of timelines) {
    if (preceding.has(timeline)) continue;
    const members: Timeline[] = [];
    for (let member: Timeline | undefined = timeline; member !== undefined; member = following.get(member))
      members.push(member);
    const steps = members.length === 1 ? authSteps(timeline) : gather(members, authSteps);
    const chain = {
      members,
      steps,
      unseen: mayGoOnUnseen(steps.at(-1), headless.get(wayOf(timeline)) ?? [], members),
    };
    for (const member of members) chains.set(member, chain);
  }
  return chains;
}

/** Connections by each way whose first request is not in the capture. */
function headlessByClient(timelines: readonly Timeline[]): ReadonlyMap<string, readonly Timeline[]> {
  const found = new Map<string, Timeline[]>();
  for (const timeline of timelines) {
    if (!isHeadless(timeline)) continue;
    const list = found.get(wayOf(timeline));
    if (list === undefined) found.set(wayOf(timeline), [timeline]);
    else list.push(timeline);
  }
  return found;
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

function mayGoOnUnseen(
  last: AuthStep | undefined,
  headless: readonly Timeline[],
  members: readonly Timeline[],
): boolean {
  if (last?.status !== 407 || last.responseTime === null || last.responseFrame === null) return false;
  const { responseTime, responseFrame } = last;
  const [{ namedClient } = { namedClient: null }] = members;
  return headless.some(
    (timeline) =>
      // Of one behind a balancer the header is not in the capture either.
      (timeline.namedClient === null || timeline.namedClient.ip === namedClient?.ip) &&
      placeOf(timeline) > responseFrame &&
      timeline.start - responseTime <= MAX_DELAY_NS &&
      !members.includes(timeline),
  );
}

/** A frame behind which it did not begin. */
function placeOf({ tunnel, lateStart, firstFrame, lastFrame }: Timeline): number {
  return lateStart ? firstFrame : (tunnel?.opened?.frame ?? tunnel?.firstClient?.frame ?? lastFrame);
}

/** From where to where: a client, or the balancer that it comes through. */
function wayOf({ client, proxy }: Timeline): string {
  return `${client.ip} ${proxy.ip} ${proxy.port}`;
}

/** Which one these credentials answer: the first since the client last asked without any, or else the last before; -1 if none. */
function answeredBy(answer: AuthStep, { waiting, askedAnew }: Open): number {
  let found = -1;
  for (let i = waiting.length - 1; i >= 0; i--) {
    const { last } = waiting[i]!;
    const isOlder = (last.responseFrame ?? 0) < askedAnew;
    if (isOlder && found >= 0) break;
    if (!answers(last, answer)) continue;
    found = i;
    if (isOlder) break;
  }
  return found;
}

function answers(challenge: AuthStep, answer: AuthStep): boolean {
  if (challenge.responseTime === null || answer.frame < (challenge.responseFrame ?? 0)) return false;
  // Behind one address there may be many people: who was refused is not answered for by somebody else.
  const users = [challenge.credentials?.user, answer.credentials?.user];
  if (users[0] != null && users[1] != null && users[0] !== users[1]) return false;
  return answer.time - challenge.responseTime <= MAX_DELAY_NS;
}

/** Same client, proxy and target. */
function keyOf(timeline: Timeline, step: AuthStep): string {
  return `${clientKey(timeline)} ${timeline.proxy.ip} ${timeline.proxy.port} ${step.connect} ${step.target}`;
}
