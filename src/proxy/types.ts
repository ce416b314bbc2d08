// Facts of one connection to a proxy, in the order in which they were seen. Nothing here judges.
import type { Endpoint, FrameNo, Millis, Nanos, Note, Where } from "../bytes/index.ts";
import type { RequestHead, ResponseHead, Target } from "../http/index.ts";
import type { DirectionFacts, EndCause } from "../tcp/index.ts";
import type { TlsFacts } from "../tls-parse/index.ts";

/** A CONNECT and what came back. */
export interface ConnectFact {
  readonly request: RequestHead;
  readonly target: Target;
  /** The final response; interim 1xx ones are only counted. */
  readonly response: ResponseHead | null;
  readonly interim: number;
  /** Why no response was seen. */
  readonly unanswered: Unanswered | null;
  /** How many CONNECTs of the same connection in front of this one are not kept: not 0 in the last one only. */
  readonly droppedBefore: number;
}

/**
 * Why an answer was not seen: `not-captured` if a gap, one-sided or cut capture may hide it; `cancelled` if none was to come: the
 * client took the request back, or was told to send it again (HTTP/2).
 */
export type Unanswered = "closed" | "reset" | "still-open" | "not-captured" | "cancelled";

/** What was recognised in the body of a small page: ids of product marks, never the text. */
export interface BodyMarks {
  readonly marks: readonly string[];
  readonly bytes: number;
  /** Keyed hash of the body: equal pages have equal tags. */
  readonly tag: string;
}

/** A request and its response, forwarded in the clear or inside a tunnel. */
export interface ExchangeFact {
  readonly protocol: "http/1.0" | "http/1.1" | "h2";
  readonly request: RequestHead | null;
  readonly response: ResponseHead | null;
  /** Absolute URL without user information, query and fragment; null if the request was not seen. */
  readonly url: string | null;
  readonly unanswered: Unanswered | null;
  /** Bytes on the stream from head to end of body. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly body: BodyMarks | null;
}

export type TunnelProtocol = "tls" | "http" | "http2" | "ssh" | "smtp" | "unknown" | "none";

/** A place at which bytes are missing: in front of `where`, of the side that they are of. */
export interface GapFact {
  readonly from: "client" | "proxy";
  readonly where: Where;
  readonly length: number;
}

/** What came after the 2xx. */
export interface TunnelFact {
  readonly target: Target;
  /** The 2xx; null if the tunnel is only inferred from what the client sent after CONNECT (its answer is not in the capture). */
  readonly opened: Where | null;
  readonly protocol: TunnelProtocol;
  /** Bytes in the tunnel by side, gaps not included. */
  readonly clientBytes: number;
  readonly serverBytes: number;
  readonly firstClient: Where | null;
  readonly firstServer: Where | null;
  readonly tls: TlsFacts | null;
  /** The proxy side answered TLS with something that is not TLS (e.g. plaintext HTTP), or the other way round. */
  readonly plaintextAnswer: boolean;
  /** HTTP inside, plaintext or decrypted. */
  readonly exchanges: readonly ExchangeFact[];
  /** Exchanges beyond the limit that were only counted. */
  readonly exchangesDropped: number;
  /** Whether all of the inside was read: plain protocol, or decrypted from the first record to the last. */
  readonly inside: "full" | "partial" | "none";
}

/** Whom a load balancer passes a connection on for, as its PROXY header says; nothing on the wire proves it. */
export interface NamedClient {
  readonly ip: string;
  readonly port: number;
  /** Where the header became complete. */
  readonly frame: FrameNo;
  readonly time: Nanos;
}

/** HTTP in the clear where TLS was to answer a ClientHello. */
export interface ClearAnswer {
  readonly status: number;
  /** With which its status was there. */
  readonly frame: FrameNo;
}

/** All facts of one connection to a proxy. */
export interface Timeline {
  /** Wireshark's tcp.stream. */
  readonly stream: number;
  readonly client: Endpoint;
  readonly proxy: Endpoint;
  /** Null without a PROXY header, or with one that names nobody. `client` is the balancer where this is somebody. */
  readonly namedClient: NamedClient | null;
  readonly detectedBy: "connect" | "absolute-form" | "option";
  readonly firstFrame: FrameNo;
  readonly lastFrame: FrameNo;
  readonly start: Nanos;
  readonly end: Nanos;
  readonly closedBy: "fin" | "reset-by-client" | "reset-by-proxy" | "open";
  readonly clientEnd: EndCause;
  readonly proxyEnd: EndCause;
  /** No SYN was captured. */
  readonly lateStart: boolean;
  /** One direction carries no segment at all. */
  readonly oneSided: boolean;
  readonly fromClient: DirectionFacts;
  readonly fromProxy: DirectionFacts;
  /** The first 16 places. */
  readonly gaps: readonly GapFact[];
  /** Round trip to the proxy as far as the TCP handshake shows it from the place of capture. */
  readonly roundTripMs: Millis | null;
  /** The client speaks TLS to the proxy itself (an HTTPS proxy): that outer connection; null where it does not. */
  readonly secure: TlsFacts | null;
  /** HTTP with which the proxy answered that in the clear; null where it did not. */
  readonly clearAnswer: ClearAnswer | null;
  /** The stream of an HTTP/2 connection that this is about; each tunnel on such a connection has a timeline of its own. */
  readonly http2Stream: number | null;
  readonly connects: readonly ConnectFact[];
  readonly tunnel: TunnelFact | null;
  /** Absolute-form (and, to a known proxy, other) requests outside of tunnels. */
  readonly forwards: readonly ExchangeFact[];
  readonly forwardsDropped: number;
  readonly notes: readonly Note[];
}

/** A connection of a proxy to an origin: the server leg. */
export interface ServerLeg {
  readonly stream: number;
  readonly proxy: Endpoint;
  readonly origin: Endpoint;
  readonly firstFrame: FrameNo;
  readonly start: Nanos;
  readonly end: Nanos;
  readonly tls: TlsFacts | null;
  readonly exchanges: readonly ExchangeFact[];
  /** All that the proxy sent on it since its first packet is in the capture. */
  readonly whole: boolean;
  /** When holes in what the proxy sent were filled: what waited behind them was sent at another time than it says. */
  readonly filled: DirectionFacts["filled"];
  /** No SYN was captured: more may have been sent before. */
  readonly lateStart: boolean;
}
