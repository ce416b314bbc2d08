// What a rule may read: every judged connection of the capture, and what is known of its proxies.
import type { FrameNo, Nanos } from "../bytes/index.ts";
import type { CarriedFact, ExchangeFact, ServerLeg, Timeline } from "../proxy/index.ts";
import type { AcceptedCredentials } from "./accepted.ts";
import type { AuthStep } from "./auth-steps.ts";
import type { Interception } from "./interception.ts";
import type { OwnAnswer } from "./own-answer.ts";
import type { ProductMatch } from "./products/index.ts";
import type { Sign } from "./signs/index.ts";
import type { Attribution, Verdict } from "./types.ts";

/** A timeline with what was concluded from it. */
export interface JudgedConnection {
  readonly timeline: Timeline;
  readonly verdict: Verdict;
  /** One sentence: why this verdict. */
  readonly summary: string;
  /** Who sent the 401s and 407s of tunnels and forwards. */
  readonly attributions: ReadonlyMap<ExchangeFact, Attribution>;
  /** What the proxy's own records say of a 401 inside a tunnel that cannot be read. */
  readonly told: Attribution;
  /** Whether the tunnel's TLS ends at the proxy. */
  readonly interception: Interception;
  /** What the network or the proxy answered in place of the site; null where nothing shows that. */
  readonly ownAnswer: OwnAnswer | null;
  /** The same tunnel at a further proxy, to which this one's proxy passes it unread; null where none was seen. */
  readonly goesOnTo: Timeline | null;
  /** The connection on which a challenge of this one was answered, and the other way round. */
  readonly continuedBy: Timeline | null;
  readonly continues: Timeline | null;
  /** All that was asked of the proxy on this connection and on those that it is joined with, in order. */
  readonly steps: readonly AuthStep[];
  /** Those in which complete credentials were refused. */
  readonly refusals: readonly AuthStep[];
  /** What its records tell without keys; in order of frames. */
  readonly signs: readonly Sign[];
}

/** What is known of one proxy over all its connections. */
export interface ProxyFacts {
  readonly ip: string;
  readonly port: number;
  readonly detectedBy: Timeline["detectedBy"];
  readonly connections: number;
  readonly product: ProductMatch | null;
  readonly intercepts: "yes" | "no" | "unknown";
}

/** Connections that were judged but not kept, summed up. */
export interface FoldedConnections {
  readonly verdict: Verdict;
  readonly client: string;
  readonly proxy: string;
  readonly target: string | null;
  readonly count: number;
  readonly firstStream: number;
  readonly firstFrame: number;
}

/** A place in a rotated capture where files, or parts of them, are missing. */
export interface Hole {
  /** Times of the last packet in front and of the first one behind. null: there is none on one side, or no packet has a time. */
  readonly between: { readonly from: Nanos; readonly to: Nanos } | null;
  /** What is missing, for a sentence. */
  readonly text: string;
}

/** What there is beside connections to proxies; of use where there are none of these. */
export interface Elsewhere {
  /** All TCP connections, those to proxies too. */
  readonly streams: number;
  /** Whether proxies were named: then no others were looked for. */
  readonly named: boolean;
  readonly carried: readonly CarriedFact[];
  /** Packets that begin QUIC connections, and the first one's frame; null where there are none. */
  readonly quic: { readonly count: number; readonly frame: FrameNo } | null;
}

/** The state of the capture as the rooms below counted it. */
export interface CaptureQuality {
  readonly cutShort: boolean;
  readonly truncatedPackets: number;
  readonly gaps: number;
  readonly missingBytes: number;
  readonly lateStarts: number;
  readonly oneSided: number;
  readonly duplicates: number;
  readonly overlapsDiffering: number;
  readonly droppedByCapture: number;
  /** Of a rotated capture that was read as one; in the order of its files. */
  readonly holes: readonly Hole[];
  readonly elsewhere: Elsewhere;
  readonly start: Nanos | null;
  readonly end: Nanos | null;
}

/** What is known about key logs. */
export interface KeyFacts {
  readonly sources: readonly string[];
  readonly sessions: number;
  /** TLS connections that were opened with them, of those that were followed. */
  readonly decrypted: number;
  readonly tlsConnections: number;
}

/** All that rules read. */
export interface CaptureFacts {
  readonly connections: readonly JudgedConnection[];
  /** Credentials that proxies let through. */
  readonly accepted: AcceptedCredentials;
  readonly folded: readonly FoldedConnections[];
  readonly proxies: readonly ProxyFacts[];
  readonly legs: readonly ServerLeg[];
  readonly quality: CaptureQuality;
  readonly keys: KeyFacts;
}
