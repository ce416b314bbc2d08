// The part of a timeline that TCP tells, the same for every kind of conversation.
import type { FrameNo, Nanos, Side } from "../bytes/index.ts";
import type { DirectionFacts, EndCause, TcpConnection } from "../tcp/index.ts";
import type { TlsFacts } from "../tls-parse/index.ts";
import type { GapFact, Timeline, Unanswered } from "./types.ts";

/** Places of missing bytes kept of one connection. */
const MAX_GAPS = 16;

type ConnectionFacts = Pick<
  Timeline,
  | "stream"
  | "client"
  | "proxy"
  | "firstFrame"
  | "lastFrame"
  | "start"
  | "end"
  | "closedBy"
  | "clientEnd"
  | "proxyEnd"
  | "lateStart"
  | "oneSided"
  | "fromClient"
  | "fromProxy"
  | "roundTripMs"
>;

/** Facts of a closed connection whose client is `clientSide`. */
export function connectionFacts(
  connection: TcpConnection,
  clientSide: Side,
  clientEnd: EndCause,
  proxyEnd: EndCause,
): ConnectionFacts {
  const proxySide = clientSide === 0 ? 1 : 0;
  const fromClient = connection.directions[clientSide];
  const fromProxy = connection.directions[proxySide];
  return {
    stream: connection.stream,
    client: connection.endpoints[clientSide],
    proxy: connection.endpoints[proxySide],
    firstFrame: connection.firstFrame,
    lastFrame: connection.lastFrame,
    start: connection.startTime,
    end: connection.endTime,
    closedBy: closedBy(clientEnd, proxyEnd),
    clientEnd,
    proxyEnd,
    lateStart: !fromClient.synSeen && !fromProxy.synSeen,
    oneSided: fromClient.segments === 0 || fromProxy.segments === 0,
    fromClient: directionFacts(fromClient),
    fromProxy: directionFacts(fromProxy),
    roundTripMs: connection.synToSynAckMs,
  };
}

/** Notes a place of missing bytes, as long as there are few. */
export function addGap(gaps: GapFact[], from: GapFact["from"], length: number, frame: FrameNo, time: Nanos): void {
  if (gaps.length < MAX_GAPS) gaps.push({ from, where: { frame, firstFrame: frame, at: 0, time }, length });
}

/** Why what is still not answered at the end was not, as far as TCP tells. */
export function whyUnanswered(
  { directions, initiator }: Pick<TcpConnection, "directions" | "initiator">,
  proxySide: Side,
  clientEnd: EndCause,
  proxyEnd: EndCause,
): Unanswered {
  const proxy = directions[proxySide];
  if (proxy.gaps > 0 || proxy.segments === 0 || proxyEnd === "evicted") return "not-captured";
  // Without its SYN the bytes in front of the first that was captured are no gap.
  if (initiator !== null && initiator !== proxySide && !proxy.synSeen) return "not-captured";
  if (clientEnd === "capture-end" && proxyEnd === "capture-end") return "still-open";
  return proxyEnd === "reset" || clientEnd === "reset" ? "reset" : "closed";
}

/** Whether records of the TLS to the proxy stayed closed: what is not seen may be among them. */
export function isReadInPart({ closed, damaged }: TlsFacts): boolean {
  return closed + damaged > 0;
}

function closedBy(client: EndCause, proxy: EndCause): Timeline["closedBy"] {
  if (client === "reset") return "reset-by-client";
  if (proxy === "reset") return "reset-by-proxy";
  return client === "fin" || proxy === "fin" ? "fin" : "open";
}

/** The facts alone: what they are read from also holds the sink, and through it all of the conversation. */
function directionFacts(direction: DirectionFacts): DirectionFacts {
  return {
    segments: direction.segments,
    bytes: direction.bytes,
    retransmissions: direction.retransmissions,
    outOfOrder: direction.outOfOrder,
    filled: direction.filled,
    gaps: direction.gaps,
    missingBytes: direction.missingBytes,
    overlapsDiffering: direction.overlapsDiffering,
    early: direction.early,
    synSeen: direction.synSeen,
    finFrame: direction.finFrame,
    resetFrame: direction.resetFrame,
  };
}

/** What a conversation of HTTP/1 adds to what TCP tells. */
type ConversationFacts = Omit<Timeline, keyof ConnectionFacts | keyof ContextFacts | "http2Stream">;

/** What its context has noted by the way. */
type ContextFacts = Pick<Timeline, "clearAnswer" | "namedClient" | "notes">;

/** The timeline of an HTTP/1 conversation. Field by field: spreading that many makes a slow object, a tenth of a short tunnel. */
export function timelineOf(facts: ConnectionFacts, context: ContextFacts, said: ConversationFacts): Timeline {
  return {
    stream: facts.stream,
    client: facts.client,
    proxy: facts.proxy,
    namedClient: context.namedClient,
    firstFrame: facts.firstFrame,
    lastFrame: facts.lastFrame,
    start: facts.start,
    end: facts.end,
    closedBy: facts.closedBy,
    clientEnd: facts.clientEnd,
    proxyEnd: facts.proxyEnd,
    lateStart: facts.lateStart,
    oneSided: facts.oneSided,
    fromClient: facts.fromClient,
    fromProxy: facts.fromProxy,
    roundTripMs: facts.roundTripMs,
    detectedBy: said.detectedBy,
    gaps: said.gaps,
    secure: said.secure,
    clearAnswer: context.clearAnswer,
    http2Stream: null,
    connects: said.connects,
    tunnel: said.tunnel,
    forwards: said.forwards,
    forwardsDropped: said.forwardsDropped,
    notes: context.notes,
  };
}
