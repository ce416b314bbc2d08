// Acknowledgements that were recorded in front of what they acknowledge: as where two clocks recorded the two directions, or where
// the packets of a capture are not in the order of their times.
import type { Millis } from "../bytes/index.ts";
import { sequenceDistance } from "./sequence.ts";
import type { EarlyFacts } from "./types.ts";

/** What is known of one direction. Times are in microseconds modulo 2^32. */
export class Early implements EarlyFacts {
  longestMs: Millis = 0;
  misplaced = false;
  #upTo = 0;
  #since = 0;
  #pending = false;

  /** All in front of sequence number `upTo` was acknowledged at `now`. What was acknowledged first, and is waited for, waits longest. */
  acknowledged(upTo: number, now: number): void {
    if (this.#pending) return;
    this.#pending = true;
    this.#upTo = upTo;
    this.#since = now;
  }

  /** Bytes are missing: what stands behind them was held, and was recorded before it is told. */
  lost(): void {
    this.#pending = false;
  }

  /** Bytes from `sequence` on come at `now`. If they are behind all that was acknowledged, that is lost. */
  arrived(sequence: number, now: number): void {
    if (!this.#pending) return;
    this.#pending = false;
    if (sequenceDistance(this.#upTo, sequence) <= 0) return;
    const took = (now - this.#since) | 0;
    if (took < 0) this.misplaced = true;
    else this.longestMs = Math.max(this.longestMs, took / 1000);
  }
}

/** As `acknowledged`, of a direction of which nothing is known yet, too: of most there never is. */
export function acknowledgedEarly(early: Early | null, upTo: number, now: number): Early {
  const known = early ?? new Early();
  known.acknowledged(upTo, now);
  return known;
}
