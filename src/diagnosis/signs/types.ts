// What records tell without keys: signs that are listed with frames and figures, and what they add up to.
import type { FrameNo, Nanos } from "../../bytes/index.ts";
import type { Timeline } from "../../proxy/index.ts";

/**
 * `near-answer`: answered by somebody nearer than the origin. `never-forwarded`: nothing went to an origin meanwhile.
 * `credentials-repeat`: the request came again, larger by what credentials weigh. `same-answer`: unrelated sites answer with
 * the same size. `quick-succession`: tunnel after tunnel to one target, each over after one small answer.
 */
export type SignId = "near-answer" | "never-forwarded" | "credentials-repeat" | "same-answer" | "quick-succession";

/** One sign: a fact that speaks for a challenge by the proxy, and is no proof of it. */
export interface Sign {
  readonly id: SignId;
  /** The record at which it shows: where a ladder lists it. */
  readonly frame: FrameNo;
  readonly time: Nanos;
  /** All frames that it cites. */
  readonly frames: readonly FrameNo[];
  /** In words, with figures. */
  readonly text: string;
}

/** All signs of one tunnel. */
export interface SignsFound {
  readonly signs: readonly Sign[];
  /** Whether they add up to a suspicion; see weigh.ts. */
  readonly suspected: boolean;
  /** The suspicion rests on likeness alone, and nobody came back: a proxy that refuses everything looks the same. */
  readonly orRefusal: boolean;
}

/** Bytes that one side sent in a row. */
export interface Run {
  /** Plaintext bytes as far as record lengths tell: exact where `TunnelRecords.exact`. */
  readonly bytes: number;
  readonly records: number;
  readonly firstFrame: FrameNo;
  readonly firstTime: Nanos;
  readonly frame: FrameNo;
  readonly time: Nanos;
}

/** A request and what came back until the client spoke again; null if nothing did. */
export interface Turn {
  readonly request: Run;
  readonly answer: Run | null;
}

/** An answer that the proxy seems to have given by itself. */
export interface OwnAnswer {
  readonly tunnel: TunnelRecords;
  /** Of the turn. */
  readonly index: number;
  readonly answer: Run;
  readonly sign: Sign;
}

/** The application data of a tunnel as its records show it. */
export interface TunnelRecords {
  readonly timeline: Timeline;
  /** Where the tunnel leads, `host:port` in lower case. */
  readonly target: string;
  readonly host: string;
  readonly turns: readonly Turn[];
  /** Record lengths tell plaintext lengths to the byte, as with AEAD; else up to a cipher's block. */
  readonly exact: boolean;
  /** Several requests may be under way at once, and the sizes of repeated requests say nothing. */
  readonly http2: boolean;
  /** More records passed than are known one by one: the last turn may go on. */
  readonly cut: boolean;
}
