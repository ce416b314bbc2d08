// Sums of connections that are not kept: by client, proxy, target and verdict. Challenges still wait for their answer.
import type { Timeline } from "../proxy/index.ts";
import type { AuthStep } from "./auth-steps.ts";
import type { FoldedConnections } from "./facts.ts";
import type { Verdict } from "./types.ts";
import { endpointText, targetOf } from "./wording.ts";

/** Groups told apart; beyond that, targets are not told apart any more. */
const MAX_GROUPS = 2_000;
/** Challenges that wait for the connection on which they are answered, about 200 bytes each. */
const MAX_WAITING = 20_000;

interface Waiting {
  readonly timeline: Pick<Timeline, "client" | "proxy" | "stream" | "firstFrame">;
  readonly target: string | null;
}

/** Folds connections as they come. */
export class Folding {
  readonly #groups = new Map<string, FoldedConnections>();
  readonly #waiting = new Map<string, Waiting[]>();
  #waitingCount = 0;

  add(timeline: Timeline, verdict: Verdict, steps: readonly AuthStep[]): void {
    const first = steps[0];
    const last = steps.at(-1);
    const target = targetOf(timeline);
    if (first !== undefined && first.credentials !== null) this.#answered(keyOf(timeline, first));
    if (last?.status === 407 && verdict === "auth-abandoned" && this.#waitingCount < MAX_WAITING) {
      const key = keyOf(timeline, last);
      const { client, proxy, stream, firstFrame } = timeline;
      const entry = { timeline: { client, proxy, stream, firstFrame }, target };
      const list = this.#waiting.get(key);
      if (list === undefined) this.#waiting.set(key, [entry]);
      else list.push(entry);
      this.#waitingCount++;
    } else this.#count(timeline, verdict, target);
  }

  finish(): readonly FoldedConnections[] {
    for (const list of this.#waiting.values()) {
      for (const { timeline, target } of list) this.#count(timeline, "auth-abandoned", target);
    }
    this.#waiting.clear();
    return [...this.#groups.values()].sort((a, b) => a.firstStream - b.firstStream);
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
    const proxy = endpointText(timeline.proxy);
    const exact = `${verdict} ${timeline.client.ip} ${proxy} ${target}`;
    const apart = this.#groups.has(exact) || this.#groups.size < MAX_GROUPS;
    const key = apart ? exact : `${verdict} ${proxy}`;
    const group = this.#groups.get(key);
    this.#groups.set(key, {
      verdict,
      client: group?.client ?? (apart ? timeline.client.ip : "several"),
      proxy,
      target: group === undefined ? (apart ? target : null) : group.target,
      count: (group?.count ?? 0) + 1,
      firstStream: Math.min(group?.firstStream ?? timeline.stream, timeline.stream),
      firstFrame: Math.min(group?.firstFrame ?? timeline.firstFrame, timeline.firstFrame),
    });
  }
}

function keyOf(timeline: Timeline, step: AuthStep): string {
  return `${timeline.client.ip} ${timeline.proxy.ip} ${timeline.proxy.port} ${step.target}`;
}
