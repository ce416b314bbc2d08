// What reads HTTP of both directions, seen from a tunnel or a server leg.
import type { FrameNo } from "../bytes/index.ts";
import type { EndCause, GapCause } from "../tcp/index.ts";
import type { Unanswered } from "./types.ts";

/** How a conversation sees its surroundings. */
export interface HttpPairSetup {
  readonly scheme: "http" | "https";
  /** host[:port] for requests without a Host field. */
  readonly authority: string | null;
}

/** HTTP of both directions, whatever its version. `push` and `gap` return how many bytes behind them need only be counted. */
export interface HttpConversation {
  push(
    from: "client" | "server",
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: FrameNo,
    skippable: number,
  ): number;
  gap(from: "client" | "server", length: number, cause: GapCause, frame: FrameNo, skippable: number): number;
  end(from: "client" | "server", how: EndCause, frame: FrameNo): void;
  close(why: Unanswered): void;
  /** Bytes kept of what is not whole. */
  readonly kept: number;
}
