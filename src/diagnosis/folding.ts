// Sums of connections that are not kept: by client, proxy, target and verdict. Challenges still wait for their answer.
import type { Timeline } from "../proxy/index.ts";
import { type AuthStep, isRefusal } from "./auth-steps.ts";
import { endsTooSoon } from "./auth-verdicts.ts";
import { type Challenged, keyOf } from "./challenges.ts";
import { clientOf } from "./client.ts";
import type { FoldedConnections } from "./facts.ts";
import type { ConnectionStub, HeadlessConnections } from "./headless.ts";
import type { Extent } from "./judgement.ts";
import { type LastAnswer, LastAnswers } from "./last-answers.ts";
import { OpenChallenges } from "./open-challenges.ts";
import type { Verdict } from "./types.ts";
import { endpointText, targetOf } from "./wording.ts";

/** Groups told apart; beyond that, targets are not told apart any more. */
const MAX_GROUPS = 2_000;
/** The client of a sum beyond that, of however many. */
export const SEVERAL = "several";
/** Challenges that wait for the connection on which they are answered, about 200 bytes each. */
const MAX_WAITING = 20_000;

interface Member extends ConnectionStub {
  readonly target: string | null;
}

/** Connections that were challenged one after the other. */
interface Waiting {
  readonly members: readonly Member[];
  /** Complete credentials that were refused on them. */
  readonly refusals: number;
  readonly last: Challenged & Pick<Timeline, "clientEnd">;
}

type Group = { -readonly [K in keyof FoldedConnections]: FoldedConnections[K] };

/** Folds connections as they come. */
export class Folding {
  readonly #groups = new Map<string, Group>();
  /** Those of the groups: most clients of a large capture are beyond the limit, and found out at once. */
  readonly #clients = new Set<string>();
  /** Those of the groups in words, one string for each. */
  readonly #proxies = new Map<string, string>();
  /** Beyond the limit: by verdict and proxy. */
  readonly #others = new Map<string, Group>();
  /** The one of them that was counted last, with its proxy: nearly always that of the next connection, too. */
  #lastOther: { readonly ip: string; readonly port: number; readonly group: Group } | null = null;
  readonly #waiting = new OpenChallenges<Waiting>();
  #waitingCount = 0;
  readonly #answers = new LastAnswers();

  /** Of every connection, also of those that are kept: what credentials it brought. */
  learn(timeline: Timeline, first: AuthStep | undefined): void {
    this.#answers.learn(timeline, first);
  }

  /** `verdict`: of the connection by itself. */
  add(timeline: Timeline, verdict: Verdict, steps: readonly AuthStep[]): void {
    const first = steps[0];
    const last = steps.at(-1);
    const before = first === undefined ? null : this.#answered(timeline, first);
    const isOpen = last?.status === 407 && (verdict === "auth-abandoned" || verdict === "auth-loop");
    if (last === undefined || !isOpen || this.#waitingCount >= MAX_WAITING) {
      if (before !== null) this.#countAll(before.members, outcome(last, verdict));
      // As with those that are kept: what answered a challenge and was let through is no connection without one.
      this.#count(timeline, before !== null && verdict === "ok" ? outcome(last, verdict) : verdict, targetOf(timeline));
      return;
    }
    const { client, namedClient, proxy, stream, firstFrame, clientEnd } = timeline;
    const own: Member = { client, namedClient, proxy, stream, firstFrame, target: targetOf(timeline) };
    const members = before === null ? [own] : [...before.members, own];
    const given = this.#answers.to(timeline, last);
    if (given !== null) {
      this.#countAll(members, outcome(given, verdict));
      return;
    }
    const { responseTime, responseFrame, credentials, agent } = last;
    this.#waitingCount += members.length;
    this.#waiting.add(keyOf(timeline, last), {
      members,
      refusals: (before?.refusals ?? 0) + steps.filter(isRefusal).length,
      last: { responseTime, responseFrame, agent, clientEnd, credentials: credentials && { user: credentials.user } },
    });
  }

  /** `headless`: of all connections; `extent`: how far the capture goes. */
  finish(headless: HeadlessConnections, extent: Extent): readonly FoldedConnections[] {
    for (const waiting of this.#waiting.all()) {
      this.#countAll(waiting.members, unanswered(waiting, headless, extent));
    }
    return [...this.#groups.values(), ...this.#others.values()].sort((a, b) => a.firstStream - b.firstStream);
  }

  /** What waited for these credentials, and does so no more. */
  #answered(timeline: Timeline, first: AuthStep): Waiting | null {
    if (this.#waitingCount === 0 || first.credentials === null) return null;
    const waiting = this.#waiting.take(keyOf(timeline, first), first);
    this.#waitingCount -= waiting?.members.length ?? 0;
    return waiting;
  }

  #countAll(members: readonly Member[], verdict: Verdict): void {
    for (const member of members) this.#count(member, verdict, member.target);
  }

  #count(timeline: ConnectionStub, verdict: Verdict, target: string | null): void {
    const isBeyond = this.#groups.size >= MAX_GROUPS && !this.#clients.has(clientOf(timeline));
    const group = isBeyond ? this.#other(timeline, verdict) : this.#exact(timeline, verdict, target);
    group.count++;
    group.firstStream = Math.min(group.firstStream, timeline.stream);
    group.firstFrame = Math.min(group.firstFrame, timeline.firstFrame);
  }

  /** The group of connections of one client to one target; where there is no room for it, that of the verdict and the proxy. */
  #exact(timeline: ConnectionStub, verdict: Verdict, target: string | null): Group {
    const client = clientOf(timeline);
    const proxy = endpointText(timeline.proxy);
    const key = `${client} ${verdict} ${proxy} ${target}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_GROUPS) return this.#other(timeline, verdict);
    const same = this.#proxies.get(proxy) ?? proxy;
    this.#proxies.set(same, same);
    const group = groupOf(timeline, verdict, client, same, target);
    this.#groups.set(key, group);
    this.#clients.add(client);
    return group;
  }

  #other(timeline: ConnectionStub, verdict: Verdict): Group {
    const { ip, port } = timeline.proxy;
    const last = this.#lastOther;
    if (last !== null && last.group.verdict === verdict && last.ip === ip && last.port === port) return last.group;
    const proxy = endpointText(timeline.proxy);
    const key = `${verdict} ${proxy}`;
    const group = this.#others.get(key) ?? groupOf(timeline, verdict, SEVERAL, proxy, null);
    this.#others.set(key, group);
    this.#lastOther = { ip, port, group };
    return group;
  }
}

/** A group without connections, which begins with this one. */
function groupOf(
  { stream: firstStream, firstFrame }: ConnectionStub,
  verdict: Verdict,
  client: string,
  proxy: string,
  target: string | null,
): Group {
  return { verdict, client, proxy, target, count: 0, firstStream, firstFrame };
}

/** What becomes of connections that were only challenged, behind the credentials which the client came back with. */
function outcome(answer: LastAnswer | undefined, verdict: Verdict): Verdict {
  const status = answer?.status ?? null;
  if (status === 407) return verdict;
  if (status === null) return "incomplete";
  return status < 400 ? "auth-ok" : "ok";
}

/** As auth-verdicts.ts has it of a challenge that nobody came back for. */
function unanswered({ members, refusals, last }: Waiting, headless: HeadlessConnections, extent: Extent): Verdict {
  if (refusals >= 2) return "auth-loop";
  const { responseTime } = last;
  const tooSoon = responseTime !== null && endsTooSoon(last, responseTime, extent);
  return tooSoon || headless.mayAnswer(members, last) ? "incomplete" : "auth-abandoned";
}
