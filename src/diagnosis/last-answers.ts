// The last credentials of each client for each target, where not all connections are kept: a challenge may be over later than its answer.
import type { Timeline } from "../proxy/index.ts";
import type { AuthStep } from "./auth-steps.ts";
import { type Challenged, isSoonBehind } from "./challenges.ts";
import { clientOf } from "./client.ts";

/** Entries with the same lower bits of their keys; of more the oldest is forgotten. */
const WAYS = 4;
/** 8,192 entries take 300 KB. */
const SETS = 2_048;
const ENTRIES = SETS * WAYS;
const NO_STATUS = -1;
/** Of FNV-1a. */
const OFFSET = 0x811c_9dc5 | 0;
const PRIME = 0x0100_0193;
/** Another start and factor give a second sum, for what shares the first one. */
const OTHER_OFFSET = 0x2545_f491;
const OTHER_PRIME = 0x0084_b355;

/** How an answer to a challenge was answered itself. */
export interface LastAnswer {
  readonly status: number | null;
}

/**
 * Numbers only: as objects, of which each lives for thousands of connections and then dies, they took a fifth of the time of a
 * capture of short tunnels.
 */
export class LastAnswers {
  readonly #keys = new Int32Array(ENTRIES);
  readonly #otherKeys = new Int32Array(ENTRIES);
  /** 0 where there is no entry. */
  readonly #frames = new Float64Array(ENTRIES);
  readonly #times = new BigInt64Array(ENTRIES);
  readonly #users = new Int32Array(ENTRIES);
  readonly #statuses = new Int32Array(ENTRIES);
  #key = 0;
  #otherKey = 0;

  /** What credentials a connection brought first. */
  learn(timeline: Timeline, first: AuthStep | undefined): void {
    if (first === undefined || first.credentials === null) return;
    const at = this.#find(timeline, first);
    // Connections come as they end, and the last to ask is to be known.
    if (this.#isOf(at) && this.#frames[at]! > first.frame) return;
    this.#keys[at] = this.#key;
    this.#otherKeys[at] = this.#otherKey;
    this.#frames[at] = first.frame;
    this.#times[at] = first.time;
    this.#users[at] = userSum(first.credentials.user);
    this.#statuses[at] = first.status ?? NO_STATUS;
  }

  /** What may have answered the challenge `last` of a connection; null if nothing that is remembered. */
  to(timeline: Timeline, last: AuthStep & Challenged): LastAnswer | null {
    const at = this.#find(timeline, last);
    if (!this.#isOf(at)) return null;
    const frame = this.#frames[at]!;
    if (!isSoonBehind(last, frame, this.#times[at]!)) return null;
    const asked = userSum(last.credentials?.user);
    const user = this.#users[at]!;
    if (asked !== 0 && user !== 0 && asked !== user) return null;
    const status = this.#statuses[at]!;
    return { status: status === NO_STATUS ? null : status };
  }

  /** The entry of a key, or the one that gives way to it; leaves the key in `#key` and `#otherKey`. */
  #find(timeline: Timeline, { connect, target }: AuthStep): number {
    this.#key = connect ? OFFSET : ~OFFSET;
    this.#otherKey = OTHER_OFFSET;
    this.#mix(clientOf(timeline));
    if (timeline.namedClient !== null) this.#mix(timeline.client.ip);
    this.#mix(timeline.proxy.ip);
    this.#key = Math.imul(this.#key ^ timeline.proxy.port, PRIME);
    this.#mix(target);
    const begin = ((this.#key ^ (this.#key >>> 15)) & (SETS - 1)) * WAYS;
    let oldest = begin;
    for (let at = begin; at < begin + WAYS; at++) {
      if (this.#isOf(at)) return at;
      if (this.#frames[at]! < this.#frames[oldest]!) oldest = at;
    }
    return oldest;
  }

  /** Whether the entry has the key that was looked for last. */
  #isOf(at: number): boolean {
    return this.#keys[at] === this.#key && this.#otherKeys[at] === this.#otherKey && this.#frames[at] !== 0;
  }

  #mix(text: string): void {
    let key = this.#key;
    let other = this.#otherKey;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      key = Math.imul(key ^ code, PRIME);
      other = Math.imul(other ^ code, OTHER_PRIME);
    }
    // Where one text ends and the next begins.
    this.#key = Math.imul(key ^ 0xff, PRIME);
    this.#otherKey = Math.imul(other ^ 0xff, OTHER_PRIME);
  }
}

/** 0 for nobody. */
function userSum(user: string | null | undefined): number {
  if (user == null) return 0;
  let sum = OFFSET;
  for (let i = 0; i < user.length; i++) sum = Math.imul(sum ^ user.charCodeAt(i), PRIME);
  return sum === 0 ? 1 : sum;
}
