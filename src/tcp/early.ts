// Acknowledgements that were recorded in front of what they acknowledge, as where two clocks recorded the two directions.
import { sequenceDistance } from "./sequence.ts";

/** What is known of one direction. Times are in microseconds modulo 2^32. */
export class Early {
  /** How long the recording of what was acknowledged already took to come, at most. */
  longest = 0;
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

  /** Bytes from `sequence` on come at `now`. If they are behind all that was acknowledged, that is lost. */
  arrived(sequence: number, now: number): void {
    if (!this.#pending) return;
    this.#pending = false;
    if (sequenceDistance(this.#upTo, sequence) > 0) this.longest = Math.max(this.longest, (now - this.#since) >>> 0);
  }
}

/** As `acknowledged`, of a direction of which nothing is known yet, too: of most there never is. */
export function acknowledgedEarly(early: Early | null, upTo: number, now: number): Early {
  const known = early ?? new Early();
  known.acknowledged(upTo, now);
  return known;
}
