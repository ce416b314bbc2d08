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

type Group = { -readonly [K in keyof FoldedConnections]: FoldedConnections[K] };

/** Folds connections as they come. */
export class Folding {
  /** By client, then by everything else: most clients of a large capture are beyond the limit, and found out at once. */
  readonly #groups = new Map<string, Map<string, Group>>();
  #groupCount = 0;
  /** Beyond the limit: by verdict and proxy. */
  readonly #others = new Map<string, Group>();
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
    const proxy = endpointText(timeline.proxy);
    const client = timeline.client.ip;
    let own = this.#groups.get(client);
    const key = `${verdict} ${proxy}`;
    const exact = own === undefined && this.#groupCount >= MAX_GROUPS ? null : `${key} ${target}`;
    const apart = exact !== null && (own?.has(exact) === true || this.#groupCount < MAX_GROUPS);
    if (apart && own === undefined) {
      own = new Map();
      this.#groups.set(client, own);
    }
    const group = apart ? own?.get(exact) : this.#others.get(key);
    if (group === undefined) {
      const first = {
        verdict,
        client: apart ? client : "several",
        proxy,
        target: apart ? target : null,
        count: 1,
        firstStream: timeline.stream,
        firstFrame: timeline.firstFrame,
      };
      if (apart) {
        own?.set(exact, first);
        this.#groupCount++;
      } else this.#others.set(key, first);
      return;
    }
    group.count++;
    group.firstStream = Math.min(group.firstStream, timeline.stream);
    group.firstFrame = Math.min(group.firstFrame, timeline.firstFrame);
  }
}

function keyOf(timeline: Timeline, step: AuthStep): string {
  return `${timeline.client.ip} ${timeline.proxy.ip} ${timeline.proxy.port} ${step.target}`;
}
