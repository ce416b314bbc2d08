// Challenges that wait for the connection on which they are answered, where not all connections are kept.
import { addTo } from "../bytes/index.ts";
import type { AuthStep } from "./auth-steps.ts";
import { answers, type Challenged } from "./challenges.ts";

/** How many of one client for one target are tried: the others had been given up long before. */
const MAX_TRIED = 16;

/** By client, proxy and target; `last`: what the client was asked last. */
export class OpenChallenges<Entry extends { readonly last: Challenged }> {
  readonly #byKey = new Map<string, Entry[]>();

  add(key: string, entry: Entry): void {
    addTo(this.#byKey, key, entry);
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  /** Takes the youngest one that these credentials may answer; null if none of them is. */
  take(key: string, answer: AuthStep): Entry | null {
    const list = this.#byKey.get(key);
    if (list === undefined) return null;
    for (let i = list.length - 1; i >= Math.max(0, list.length - MAX_TRIED); i--) {
      const entry = list[i]!;
      if (!answers(entry.last, answer)) continue;
      list.splice(i, 1);
      if (list.length === 0) this.#byKey.delete(key);
      return entry;
    }
    return null;
  }

  *all(): Iterable<Entry> {
    for (const list of this.#byKey.values()) yield* list;
  }
}
