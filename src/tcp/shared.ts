// What the parts of the tcp room share for one capture.
import type { NoteSink } from "../bytes/index.ts";
import type { TcpClock, TcpLimits } from "./types.ts";

/** What all directions of a capture share; `Half` is one of them. */
export interface Shared<Half> {
  readonly clock: TcpClock;
  readonly note: NoteSink;
  readonly limits: TcpLimits;
  /** Sum of `Held.charge`. */
  heldTotal: number;
  /** Directions with held data, that whose hole is oldest first. */
  readonly holders: Set<Half>;
  duplicates: number;
}
