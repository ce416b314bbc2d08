// What a piece of evidence is, and what is known around an exchange while its sender is asked for.
import type { ResponseHead } from "../../http/index.ts";
import type { ExchangeFact, ServerLeg, Timeline } from "../../proxy/index.ts";
import type { Interception } from "../interception.ts";
import type { Product } from "../products/index.ts";
import type { Certainty } from "../types.ts";
import type { AnswerRegister } from "./answers.ts";

/** One piece of evidence for the sender of an answer. */
export interface Evidence {
  readonly says: "proxy" | "origin";
  readonly weight: Certainty;
  /** Pieces with the same source are one sign, however many there are. */
  readonly source: string;
  /** Ordinary circumstances bring it about as well; those of one owner's sites are alike in all of them, so that it is one sign with others of its kind. */
  readonly chance?: boolean;
  /** In words, with frames. */
  readonly text: string;
}

export interface SenderContext {
  readonly timeline: Timeline;
  readonly inTunnel: boolean;
  /** Whether the tunnel's TLS ends at the proxy. */
  readonly interception: Interception;
  /** Server legs opened by the proxy's address, to the host in question where they say so. */
  readonly legs: readonly ServerLeg[];
  /** Other connections to the same proxy: what they ask for is on the server legs as well. */
  readonly beside: readonly Timeline[];
  /** Whether server legs seem to be missing in the capture. */
  lacksLegs(): boolean;
  /** Answers of all connections, to compare with. */
  readonly answers: AnswerRegister;
  /** Whether answers that are this proxy's own (to a CONNECT, or with 407), or its certificates, bear marks of the product, too. */
  readonly isKnownAs: (product: Product) => boolean;
  /** What the proxy's own records (policy trace, access log) say of this exchange. */
  readonly told: readonly Evidence[];
}

/** One row of the table of evidence: asked of every 401, and of every 407 inside a tunnel. */
export type Question = (exchange: ExchangeFact, head: ResponseHead, context: SenderContext) => readonly Evidence[];
