// All signs of all tunnels that could not be read, and which of them add up to a suspicion.
import type { Timeline } from "../../proxy/index.ts";
import { siteOf } from "../sites.ts";
import { type Repeat, repeats } from "./credentials-repeat.ts";
import { type NearTurn, nearTurns } from "./near-answer.ts";
import { quickSuccession } from "./quick-succession.ts";
import { type SameAnswer, sameAnswers } from "./same-answer.ts";
import { tunnelRecords } from "./turns.ts";
import type { Sign, SignsFound, TunnelRecords } from "./types.ts";
import { isFar, type Way, wayTo } from "./way.ts";

/** Unrelated sites that have to answer alike where nothing else tells a challenge from a refusal. */
const MIN_SITES = 3;

/**
 * Signs of the tunnels among `timelines` that were not read. `ruledOut`: the TLS of this tunnel is known not to end at the
 * proxy, which then cannot answer inside.
 *
 * A suspicion needs two independent signs of the same answer: `near-answer`, which says that the proxy made it (an
 * origin's own challenge takes the way to the origin), and one of these, which say what it is:
 * - `credentials-repeat`, and what followed agrees: refused again with the same size, or let through, on the way to the origin;
 * - `same-answer`, where three unrelated sites or more and every tunnel of this client have it, and nothing else came:
 *   a filter refuses some sites, a lost sign-in all.
 * `quick-succession` supports, and decides nothing: programs come back after a refusal, too.
 */
export function signsOf(
  timelines: readonly Timeline[],
  ruledOut: (timeline: Timeline) => boolean,
): ReadonlyMap<Timeline, SignsFound> {
  const tunnels = timelines
    .filter((timeline) => timeline.tunnel !== null && timeline.tunnel.inside === "none" && !ruledOut(timeline))
    .flatMap((timeline) => tunnelRecords(timeline) ?? [])
    .sort((a, b) => (a.timeline.start < b.timeline.start ? -1 : a.timeline.start > b.timeline.start ? 1 : 0));
  const register = new Register();
  for (const ofProxy of grouped(tunnels, proxyOf)) ofOneProxy(ofProxy, register);
  return register.finish();
}

function ofOneProxy(tunnels: readonly TunnelRecords[], register: Register): void {
  const ways = new Map<TunnelRecords, Way | null>();
  const near = new Map<TunnelRecords, NearTurn[]>();
  for (const ofTarget of grouped(tunnels, ({ target }) => target)) {
    const way = wayTo(ofTarget);
    for (const tunnel of ofTarget) ways.set(tunnel, way);
    if (way === null) continue;
    for (const turn of nearTurns(ofTarget, way)) {
      register.add(turn.tunnel, turn.sign);
      near.set(turn.tunnel, [...(near.get(turn.tunnel) ?? []), turn]);
    }
  }
  const open = new Set(tunnels.filter((tunnel) => !cameFromAfar(tunnel, 0, ways.get(tunnel) ?? null)));
  for (const row of grouped(tunnels, ({ target, timeline }) => `${timeline.client.ip} ${target}`)) {
    for (const repeat of repeats(row, ways.get(row[0]!) ?? null)) {
      if (cameFromAfar(repeat.tunnel, repeat.index, ways.get(repeat.tunnel) ?? null)) continue;
      register.add(repeat.tunnel, repeat.sign);
      if (isOfNearAnswer(repeat, near)) register.suspect(repeat.tunnel);
    }
    for (const [tunnel, sign] of quickSuccession(row.filter((one) => open.has(one)))) register.add(tunnel, sign);
  }
  const same = sameAnswers([...open]);
  for (const [tunnel, group] of same) register.add(tunnel, group.signOf(tunnel));
  for (const ofClient of grouped(tunnels, ({ timeline }) => timeline.client.ip)) {
    if (allAlike(ofClient, same, near)) for (const tunnel of ofClient) register.suspect(tunnel);
  }
}

function isOfNearAnswer({ tunnel, index, consistent }: Repeat, near: ReadonlyMap<TunnelRecords, NearTurn[]>): boolean {
  return consistent && (near.get(tunnel) ?? []).some((turn) => turn.index === index);
}

/** Every tunnel of a client, to three unrelated sites or more, had the same near answer and nothing else. */
function allAlike(
  tunnels: readonly TunnelRecords[],
  same: ReadonlyMap<TunnelRecords, SameAnswer>,
  near: ReadonlyMap<TunnelRecords, NearTurn[]>,
): boolean {
  const first = tunnels[0] === undefined ? undefined : same.get(tunnels[0]);
  if (first === undefined || new Set(tunnels.map(({ host }) => siteOf(host))).size < MIN_SITES) return false;
  return tunnels.every(
    (tunnel) =>
      first.members.has(tunnel) &&
      tunnel.turns.length === 1 &&
      !tunnel.cut &&
      (near.get(tunnel) ?? []).some(({ index }) => index === 0),
  );
}

/** The way to the origin is known, and the answer took as long: the origin gave it. */
function cameFromAfar(tunnel: TunnelRecords, index: number, way: Way | null): boolean {
  const turn = tunnel.turns[index];
  return way !== null && turn?.answer != null && isFar(tunnel, { ...turn, answer: turn.answer }, way);
}

class Register {
  readonly #signs = new Map<TunnelRecords, Sign[]>();
  readonly #suspected = new Set<TunnelRecords>();

  add(tunnel: TunnelRecords, sign: Sign): void {
    const list = this.#signs.get(tunnel);
    if (list === undefined) this.#signs.set(tunnel, [sign]);
    else if (list.length < MAX_SIGNS) list.push(sign);
  }

  suspect(tunnel: TunnelRecords): void {
    this.#suspected.add(tunnel);
  }

  finish(): ReadonlyMap<Timeline, SignsFound> {
    return new Map(
      [...this.#signs].map(([tunnel, signs]) => [
        tunnel.timeline,
        { signs: signs.sort((a, b) => a.frame - b.frame), suspected: this.#suspected.has(tunnel) },
      ]),
    );
  }
}

/** Signs listed for one tunnel: a handful tells the story. */
const MAX_SIGNS = 12;

function proxyOf({ timeline }: TunnelRecords): string {
  return `${timeline.proxy.ip} ${timeline.proxy.port}`;
}

function grouped(
  tunnels: readonly TunnelRecords[],
  keyOf: (tunnel: TunnelRecords) => string,
): Iterable<readonly TunnelRecords[]> {
  const groups = new Map<string, TunnelRecords[]>();
  for (const tunnel of tunnels) {
    const key = keyOf(tunnel);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [tunnel]);
    else group.push(tunnel);
  }
  return groups.values();
}
