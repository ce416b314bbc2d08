// All signs of all tunnels that could not be read, and which of them add up to a suspicion.
import { addTo, compare, grouped } from "../../bytes/index.ts";
import type { ServerLeg, Timeline } from "../../proxy/index.ts";
import { atProxy, clientKey, proxyKey } from "../client.ts";
import { hostOfTimeline } from "../wording.ts";
import { allAlike, isOneSize } from "./alike.ts";
import type { TunnelsBeyond } from "./beyond.ts";
import { type Repeat, repeats } from "./credentials-repeat.ts";
import { nearTurns } from "./near-answer.ts";
import { neverForwarded, wasForwarded } from "./never-forwarded.ts";
import { quickSuccession } from "./quick-succession.ts";
import { sameAnswers } from "./same-answer.ts";
import { tunnelRecords } from "./turns.ts";
import type { OwnAnswer, Sign, SignsFound, TunnelRecords } from "./types.ts";
import { mayBeFar, type Way, wayTo } from "./way.ts";

/** What is known of tunnels beside their records. */
export interface SignsContext {
  /** The TLS of this tunnel is known not to end at the proxy, which then cannot answer inside. */
  ruledOut(timeline: Timeline): boolean;
  /** The server legs of the tunnel's proxy. */
  legs(timeline: Timeline): readonly ServerLeg[];
  /** Tunnels that are not among those which are asked about. */
  readonly beyond: TunnelsBeyond;
}

/**
 * Signs of the tunnels among `timelines` that were not read.
 *
 * A suspicion needs two independent signs of the same answer: `near-answer` or `never-forwarded`, which say that the proxy
 * made it (an origin's own challenge takes the way to the origin), and one of these, which say what it is:
 * - `credentials-repeat`, and what followed agrees: refused again with the same size, or let through, on the way to the origin;
 * - `same-answer`, where three unrelated sites or more and every tunnel of this client have it, and nothing else came:
 *   a filter refuses some sites, a lost sign-in all. Where not all tunnels of the client are known, that cannot be told.
 * `quick-succession` supports, and decides nothing: programs come back after a refusal, too.
 */
export function signsOf(timelines: readonly Timeline[], context: SignsContext): ReadonlyMap<Timeline, SignsFound> {
  const tunnels: TunnelRecords[] = [];
  for (const timeline of timelines) {
    if (timeline.tunnel === null || timeline.tunnel.inside !== "none" || context.ruledOut(timeline)) continue;
    const records = tunnelRecords(timeline);
    if (records !== null) tunnels.push(records);
  }
  if (tunnels.length === 0) return NOTHING;
  tunnels.sort((a, b) => compare(a.timeline.start, b.timeline.start));
  const register = new Register();
  let byClient: ReadonlyMap<string, readonly Timeline[]> | null = null;
  const others = (ofClient: readonly TunnelRecords[]): readonly Timeline[] => {
    byClient ??= grouped(timelines, atProxy);
    return othersOf(ofClient, byClient);
  };
  let byHost: ReadonlyMap<string, readonly Timeline[]> | null = null;
  const beside = ({ timeline, host }: TunnelRecords): readonly Timeline[] => {
    byHost ??= grouped(timelines, (one) => `${one.proxy.ip} ${hostOfTimeline(one)?.toLowerCase()}`);
    return byHost.get(`${timeline.proxy.ip} ${host}`) ?? [];
  };
  for (const ofProxy of grouped(tunnels, ({ timeline }) => proxyKey(timeline)).values())
    ofOneProxy(ofProxy, { others, beside }, context, register);
  return register.finish();
}

const NOTHING: ReadonlyMap<Timeline, SignsFound> = new Map();

/** Connections that are looked at only in some cases. */
interface Around {
  /** Of the same client. */
  others(ofClient: readonly TunnelRecords[]): readonly Timeline[];
  /** Through the same proxy to the same host. */
  beside(tunnel: TunnelRecords): readonly Timeline[];
}

function ofOneProxy(
  tunnels: readonly TunnelRecords[],
  { others, beside }: Around,
  context: SignsContext,
  register: Register,
): void {
  const ways = new Map<TunnelRecords, Way | null>();
  const own = new Map<TunnelRecords, OwnAnswer[]>();
  const addOwn = (answer: OwnAnswer): void => {
    register.add(answer.tunnel, answer.sign);
    addTo(own, answer.tunnel, answer);
  };
  /** The way to the origin is known, and the answer took as long; or the request was sent on. */
  const fromOrigin = (tunnel: TunnelRecords, index: number): boolean => {
    const way = ways.get(tunnel) ?? null;
    const turn = tunnel.turns[index]!;
    return (way !== null && mayBeFar(tunnel, turn, way)) || wasForwarded(tunnel, turn, context.legs(tunnel.timeline));
  };
  for (const ofTarget of grouped(tunnels, ({ target }) => target).values()) {
    const way = wayTo(ofTarget, context.beyond);
    for (const tunnel of ofTarget) ways.set(tunnel, way);
    if (way === null) continue;
    for (const answer of nearTurns(ofTarget, way)) if (!fromOrigin(answer.tunnel, answer.index)) addOwn(answer);
  }
  for (const tunnel of tunnels) {
    const legs = context.legs(tunnel.timeline);
    if (legs.length === 0) continue;
    for (const answer of neverForwarded(tunnel, legs, beside(tunnel))) addOwn(answer);
  }
  const open = new Set(tunnels.filter((tunnel) => !fromOrigin(tunnel, 0)));
  for (const row of grouped(tunnels, ({ target, timeline }) => `${clientKey(timeline)} ${target}`).values()) {
    for (const repeat of repeats(row, ways.get(row[0]!) ?? null)) {
      if (fromOrigin(repeat.tunnel, repeat.index)) continue;
      register.add(repeat.tunnel, repeat.sign);
      if (isOfOwnAnswer(repeat, own)) register.suspect(repeat.tunnel);
    }
    for (const [tunnel, sign] of quickSuccession(row.filter((one) => open.has(one)))) register.add(tunnel, sign);
  }
  const same = sameAnswers([...open]);
  if (same.size === 0) return;
  for (const [tunnel, group] of same) register.add(tunnel, group.signOf(tunnel));
  const likeness = { same, own, wayOf: (tunnel: TunnelRecords) => ways.get(tunnel) ?? null, fromOrigin };
  for (const ofClient of grouped(tunnels, ({ timeline }) => clientKey(timeline)).values()) {
    if (context.beyond.mayHave(ofClient[0]!.timeline) || !allAlike(ofClient, others(ofClient), likeness)) continue;
    const letThrough = ofClient.some(({ turns }) => turns.length > 1 && !isOneSize(turns));
    for (const tunnel of ofClient) register.suspectAlike(tunnel, !letThrough);
  }
}

function isOfOwnAnswer({ tunnel, index, consistent }: Repeat, own: ReadonlyMap<TunnelRecords, OwnAnswer[]>): boolean {
  return consistent && (own.get(tunnel) ?? []).some((turn) => turn.index === index);
}

/** Tunnels of the same client at the same proxy that are not among `tunnels`. */
function othersOf(
  tunnels: readonly TunnelRecords[],
  byClient: ReadonlyMap<string, readonly Timeline[]>,
): readonly Timeline[] {
  const own = new Set(tunnels.map(({ timeline }) => timeline));
  return (byClient.get(atProxy(tunnels[0]!.timeline)) ?? []).filter((one) => !own.has(one));
}

class Register {
  readonly #signs = new Map<TunnelRecords, Sign[]>();
  readonly #suspected = new Set<TunnelRecords>();
  readonly #orRefusal = new Set<TunnelRecords>();

  add(tunnel: TunnelRecords, sign: Sign): void {
    const list = this.#signs.get(tunnel);
    if (list === undefined) this.#signs.set(tunnel, [sign]);
    else if (list.length < MAX_SIGNS) list.push(sign);
  }

  suspect(tunnel: TunnelRecords): void {
    this.#suspected.add(tunnel);
  }

  /** A suspicion by likeness; `orRefusal` unless something else tells of a challenge. */
  suspectAlike(tunnel: TunnelRecords, orRefusal: boolean): void {
    if (orRefusal && !this.#suspected.has(tunnel)) this.#orRefusal.add(tunnel);
    this.#suspected.add(tunnel);
  }

  finish(): ReadonlyMap<Timeline, SignsFound> {
    return new Map(
      [...this.#signs].map(([tunnel, signs]) => [
        tunnel.timeline,
        {
          signs: signs.sort((a, b) => a.frame - b.frame),
          suspected: this.#suspected.has(tunnel),
          orRefusal: this.#orRefusal.has(tunnel),
        },
      ]),
    );
  }
}

/** Signs listed for one tunnel: a handful tells the story. */
const MAX_SIGNS = 12;
