// Sums of connections that are not kept: by client, proxy, target and verdict. Challenges still wait for their answer.
import type { Timeline } from "../proxy/index.ts";
import type { AuthStep } from "./auth-steps.ts";
import { clientKey, clientOf } from "./client.ts";
import type { FoldedConnections } from "./facts.ts";
import type { Verdict } from "./types.ts";
import { endpointText, targetOf } from "./wording.ts";

/** Groups told apart; beyond that, targets are not told apart any more. */
const MAX_GROUPS = 2_000;
/** Challenges that wait for the connection on which they are answered, about 200 bytes each. */
const MAX_WAITING = 20_000;

interface Waiting {
  readonly timeline: Pick<Timeline, "client" | "namedClient" | "proxy" | "stream" | "firstFrame">;
  readonly target: string | null;
}

type Group = { -readonly [K in keyof FoldedConnections]: FoldedConnections[K] };

/** Folds connections as they come. */
export class Folding {
  /** By client, then by everything else: most clients of a large capture are beyond the limit, and found out at once. */
  readonly #groups = new Map<string, Map<string, Group>>();
  #groupCount = 0;
  /** Beyond the limit: by verdict and proxy. */
  readonly #others = new Map<string, Group>();
  /** The one of them that was counted last, with its proxy: nearly always that of the next connection, too. */
  #lastOther: { readonly ip: string; readonly port: number; readonly group: Group } | null = null;
  readonly #waiting = new Map<string, Waiting[]>();
  #waitingCount = 0;

  add(timeline: Timeline, verdict: Verdict, steps: readonly AuthStep[]): void {
    const first = steps[0];
    const last = steps.at(-1);
    const target = targetOf(timeline);
    if (this.#waitingCount > 0 && first !== undefined && first.credentials !== null)
      this.#answered(keyOf(timeline, first));
    if (last?.status === 407 && verdict === "auth-abandoned" && this.#waitingCount < MAX_WAITING) {
      const key = keyOf(timeline, last);
      const { client, namedClient, proxy, stream, firstFrame } = timeline;
      const entry = { timeline: { client, namedClient, proxy, stream, firstFrame }, target };
      const list = this.#waiting.get(key);
      if (list === undefined) this.#waiting.set(key, [entry]);
      else list.push(entry);
      this.#waitingCount++;
    } else this.#count(timeline, verdict, target);
  }

  /** `waiting`: the verdict of challenges that nobody came back to. */
  finish(waiting: Verdict): readonly FoldedConnections[] {
    for (const list of this.#waiting.values()) {
      for (const { timeline, target } of list) this.#count(timeline, waiting, target);
    }
    this.#waiting.clear();
    return [...[...this.#groups.values()].flatMap((groups) => [...groups.values()]), ...this.#others.values()].sort(
      (a, b) => a.firstStream - b.firstStream,
    );
  }

  #answered(key: string): void {
    const list = this.#waiting.get(key);
    const entry = list?.shift();
    if (list === undefined || entry === undefined) return;
    if (list.length === 0) this.#waiting.delete(key);
    this.#waitingCount--;
    this.#count(entry.timeline, "auth-ok", entry.target);
  }

  #count(timeline: Waiting["timeline"], verdict: Verdict, target: string | null): void {
    const own = this.#groups.get(clientOf(timeline));
    const group =
      own === undefined && this.#groupCount >= MAX_GROUPS
        ? this.#other(timeline, verdict)
        : this.#exact(timeline, verdict, target);
    group.count++;
    group.firstStream = Math.min(group.firstStream, timeline.stream);
    group.firstFrame = Math.min(group.firstFrame, timeline.firstFrame);
  }

  /** The group of connections of one client to one target; where there is no room for it, that of the verdict and the proxy. */
  #exact(timeline: Waiting["timeline"], verdict: Verdict, target: string | null): Group {
    const client = clientOf(timeline);
    const proxy = endpointText(timeline.proxy);
    const key = `${verdict} ${proxy} ${target}`;
    let own = this.#groups.get(client);
    const known = own?.get(key);
    if (known !== undefined) return known;
    if (this.#groupCount >= MAX_GROUPS) return this.#other(timeline, verdict);
    if (own === undefined) {
      own = new Map();
      this.#groups.set(client, own);
    }
    const group = groupOf(timeline, verdict, client, proxy, target);
    own.set(key, group);
    this.#groupCount++;
    return group;
  }

  #other(timeline: Waiting["timeline"], verdict: Verdict): Group {
    const { ip, port } = timeline.proxy;
    const last = this.#lastOther;
    if (last !== null && last.group.verdict === verdict && last.ip === ip && last.port === port) return last.group;
    const proxy = endpointText(timeline.proxy);
    const key = `${verdict} ${proxy}`;
    const group = this.#others.get(key) ?? groupOf(timeline, verdict, "several", proxy, null);
    this.#others.set(key, group);
    this.#lastOther = { ip, port, group };
    return group;
  }
}

/** A group without connections, which begins with this one. */
function groupOf(
  { stream: firstStream, firstFrame }: Waiting["timeline"],
  verdict: Verdict,
  client: string,
  proxy: string,
  target: string | null,
): Group {
  return { verdict, client, proxy, target, count: 0, firstStream, firstFrame };
}

function keyOf(timeline: Timeline, step: AuthStep): string {
  return `${clientKey(timeline)} ${timeline.proxy.ip} ${timeline.proxy.port} ${step.target}`;
}
