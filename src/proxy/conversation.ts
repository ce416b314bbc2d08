// One followed connection to a proxy: HTTP/1.x requests and responses until a CONNECT opens a tunnel, then the tunnel.
import { type FrameNo, fitted, type Side } from "../bytes/index.ts";
import {
  type BodyRule,
  createHttp1Parser,
  type Http1Parser,
  type RequestHead,
  type ResponseHead,
} from "../http/index.ts";
import type { Conversation, EndCause, GapCause, TcpConnection } from "../tcp/index.ts";
import { looksLikeTls, type TlsFacts } from "../tls-parse/index.ts";
import { BodyLook } from "./body-look.ts";
import { addGap, connectionFacts, isReadInPart, timelineOf, whyUnanswered } from "./connection-facts.ts";
import { ConnectionContext, type ProxyContext } from "./context.ts";
import { DirectionSink, type Listener, RequestSink, ResponseSink } from "./conversation-sinks.ts";
import { isInsideTunnel, saysBehindConnect } from "./detect.ts";
import { ExchangeList, endResponse, type OpenExchange, refusalRule } from "./exchanges.ts";
import { HeldBytes } from "./held-bytes.ts";
import type { DetectedBy } from "./known-proxies.ts";
import { isAnswerTo, mayOpen, type OpenConnect, openConnect, opensTunnel, targetOf, waitsAt } from "./open-connect.ts";
import { ExchangePairing } from "./pairing.ts";
import { Roles } from "./roles.ts";
import { Tunnel } from "./tunnel.ts";
import { answerOf, next, type TunnelState } from "./tunnel-states.ts";
import type { GapFact, Timeline, Unanswered } from "./types.ts";
import { absoluteUrl } from "./url.ts";
import { unusualBytesOf } from "./weight.ts";

type FirstBytes = [from: "client" | "server", bytes: Uint8Array, start: number, end: number, frame: FrameNo];

/** Implements both directions of a connection; roles are settled with the first bytes that tell. */
export class ProxyConversation implements Conversation, Listener {
  readonly sinks: readonly [DirectionSink, DirectionSink];
  abandoned = false;

  readonly #connection: TcpConnection;
  readonly #secure: TlsFacts | null;
  readonly #context: ConnectionContext;
  readonly #roles: Roles;
  readonly #requests: Http1Parser;
  readonly #responses: Http1Parser;
  readonly #forwards = new ExchangeList();
  readonly #pairing = new ExchangePairing(this.#forwards);
  #answering: OpenExchange | null = null;
  readonly #look: BodyLook;

  #state: TunnelState = "idle";
  readonly #connects: OpenConnect[] = [];
  #waitingConnect: OpenConnect | null = null;
  /** Bytes of the client behind a CONNECT that is not answered yet. */
  readonly #held = new HeldBytes();
  /** The proxy's side lost bytes while a CONNECT waited: its answer may be among them. */
  #answerLost: false | "maybe" | "surely" = false;
  /** A 2xx without framing that nobody is known to have asked for: the next bytes tell whether a tunnel follows. */
  #unsure: ResponseHead | null = null;
  #tunnel: Tunnel | null = null;
  /** The 2xx that opened the tunnel, as long as its CONNECT is not known: it may be held back behind a hole. */
  #opener: ResponseHead | null = null;

  readonly #gaps: GapFact[] = [];
  readonly #ends: { client: EndCause; proxy: EndCause } = { client: "capture-end", proxy: "capture-end" };

  /** `secure`: facts of the TLS around all of it, if the client speaks TLS to the proxy. */
  constructor(connection: TcpConnection, context: ProxyContext, secure: TlsFacts | null = null) {
    this.#connection = connection;
    this.#secure = secure;
    this.#context = new ConnectionContext(context);
    this.#look = new BodyLook(context);
    this.#roles = new Roles(connection, context);
    this.#requests = createHttp1Parser("request", new RequestSink(this), this.#context);
    this.#responses = createHttp1Parser("response", new ResponseSink(this), this.#context);
    this.sinks = [new DirectionSink(this, 0), new DirectionSink(this, 1)];
  }

  get kept(): number {
    const read = this.#requests.kept + this.#responses.kept + this.#look.kept + this.#held.kept + this.#pairing.kept;
    return read + unusualBytesOf(this.#connects) + this.#forwards.unusualBytes + (this.#tunnel?.kept ?? 0);
  }

  /** Bytes of one side; returns how much may be skipped next. */
  take(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameNo, skippable: number): number {
    this.abandoned ||= !this.#roles.settle(side, bytes, start, end);
    if (this.abandoned) return 0;
    return side === this.#roles.client
      ? this.#fromClient(bytes, start, end, frame, skippable)
      : this.#fromProxy(bytes, start, end, frame, skippable);
  }

  gap(side: Side, length: number, cause: GapCause, frame: FrameNo, skippable: number): number {
    const fromClient = side === (this.#roles.client ?? 0);
    const [now, known] = [this.#context.now(), cause !== "late-start" || length > 0];
    if (known) addGap(this.#gaps, fromClient ? "client" : "proxy", length, frame, now);
    if (this.#tunnel !== null && !(fromClient && this.#isBeforeTunnel(frame)))
      return this.#tunnel.gap(fromClient ? "client" : "server", length, frame, cause, skippable);
    const parser = fromClient ? this.#requests : this.#responses;
    if (fromClient && this.#state === "asked") {
      this.#held.gap(frame, now);
      return 0;
    }
    const begun = parser.between ? length : 0;
    parser.skippable = skippable;
    parser.gap(length, cause, frame);
    if (fromClient) this.#takeEarlyAnswer(); // The head of a CONNECT may end there.
    // Inside of a body of known length no answer is lost, nor before the capture: a length says that it was sent since.
    if (!known || parser.skippable > 0) return parser.skippable;
    if (fromClient) this.#pairing.lostRequests();
    else if (waitsAt(this.#waitingConnect, frame))
      this.#answerLost = begun > 0 ? "surely" : this.#answerLost || "maybe";
    else if (this.#pairing.lostResponses(frame, begun))
      this.#context.note({ id: "proxy-exchange-missing", frame, at: 0, detail: { length } });
    return 0;
  }

  end(side: Side, how: EndCause, frame: FrameNo): void {
    const fromClient = side === (this.#roles.client ?? 0);
    this.#ends[fromClient ? "client" : "proxy"] = how;
    if (this.#tunnel !== null) this.#tunnel.end(fromClient ? "client" : "server", how, frame);
    else if (!fromClient) this.#responses.end(how, frame);
    else if (this.#state !== "asked") this.#requests.end(how, frame);
  }

  /** Takes the connection for one to a proxy although nothing of what it says could be read. */
  assume(by: DetectedBy): void {
    this.#roles.detectedBy ??= by;
  }

  closed(): void {
    this.#judgeRest();
    const why = this.#whyUnanswered();
    if (this.#waitingConnect !== null && this.#tunnel === null) this.#waitingConnect.unanswered = why;
    this.#pairing.close(why);
    this.#tunnel?.close(why, this.sinks[this.#roles.client ?? 0].skippable, this.sinks[this.#roles.proxy].skippable);
    const detectedBy = this.abandoned ? null : this.#roles.found();
    if (detectedBy !== null) this.#context.timeline(this.#timeline(detectedBy));
  }

  // --- client to proxy

  #fromClient(bytes: Uint8Array, start: number, end: number, frame: FrameNo, skippable: number): number {
    if (this.#tunnel !== null) {
      const from = this.#isBeforeTunnel(frame) ? this.#lateRequests(bytes, start, end, frame) : start;
      return this.#tunnel.push("client", bytes, from, end, frame, skippable);
    }
    if (this.#state === "asked") {
      this.#hold(bytes, start, end, frame);
      return this.#tunnelSkippable();
    }
    const head = this.#unsure;
    const opens =
      head !== null && frame > head.where.frame && isInsideTunnel(bytes, start, end, opensTunnel(head)) ? head : null;
    if (opens !== null || this.#isMidTunnel(bytes, start, end))
      return this.#openUnasked(opens, "client", bytes, start, end, frame);
    this.#requests.skippable = skippable;
    const stop = this.#requests.push(bytes, start, end, frame);
    if (stop < end) this.#hold(bytes, stop, end, frame);
    this.#takeEarlyAnswer();
    return this.#isOpen() ? this.#tunnelSkippable() : this.#requests.skippable;
  }

  /** A request's head; for the parser. */
  requestHead(head: RequestHead): BodyRule {
    if (head.method === "CONNECT") {
      this.#learn("connect");
      this.#roles.askFor(head);
      this.#state = next(this.#state, "connect");
      this.#waitingConnect = openConnect(head, this.#connects);
      return "switch";
    }
    if (head.form === "absolute") {
      this.#learn("absolute-form");
      this.#roles.askFor(head);
    } else if (this.#roles.detectedBy === null && !this.#roles.isKnown()) {
      this.abandoned = true;
      return "framed";
    }
    this.#pairing.request(head, absoluteUrl(head, "http"), this.#roles.requestsWhole());
    return "framed";
  }

  /** Whether what the client sent in `frame` came before the answer that opened the tunnel, which is given late. */
  #isBeforeTunnel(frame: FrameNo): boolean {
    return this.#opener !== null && frame < this.#opener.where.frame;
  }

  /** Reads requests that were sent before the tunnel was opened, up to the CONNECT that it was opened for; returns where that ends. */
  #lateRequests(bytes: Uint8Array, start: number, end: number, frame: FrameNo): number {
    let at = start;
    while (at < end && this.#opener !== null && looksLikeTls(bytes, at, end) !== "yes") {
      at = this.#requests.push(bytes, at, end, frame);
      this.#takeEarlyAnswer();
      const connect = this.#waitingConnect;
      if (connect === null) continue;
      connect.response = this.#opener;
      this.#waitingConnect = null;
      this.#opener = null;
      this.#tunnel?.leadsTo(connect.target);
    }
    return at;
  }

  /** Keeps what the client sent behind its CONNECT until the answer tells what it is (RFC 9110 §9.3.6). */
  #hold(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const before = this.#held.dropped;
    this.#held.add(bytes, start, end, frame, this.#context.now());
    if (before === 0 && this.#held.dropped > 0) {
      this.#context.note({ id: "proxy-pending-full", frame, at: 0, detail: { limit: HeldBytes.LIMIT } });
    }
    // The answer is not in the capture, and what follows is a handshake: the tunnel must have been opened.
    const says = saysBehindConnect(this.#held.first);
    const isLost = this.#answerLost !== false;
    if (says === "tls" ? isLost || this.#held.dropped > 0 : isLost && says === "origin") this.#inferTunnel();
    else if (isLost && says === "proxy") this.#judgeHeld("not-captured");
  }

  /** The answer to the CONNECT that has just come stood in front of it in the capture, or was given while it was held back. */
  #takeEarlyAnswer(): void {
    const connect = this.#waitingConnect;
    if (connect === null) return;
    const { where } = connect.request;
    const whole = this.#roles.requestsWhole();
    const [unsure, first] = [this.#unsure, this.#pairing.takeAnswer(where, whole)];
    const isMine = first === null && unsure !== null && isAnswerTo(unsure.where, where, whole);
    const head = isMine ? unsure : first;
    if (head === null || (this.#isOpen() && answerOf(head.status) === "success")) return;
    if (isMine) this.#unsure = null;
    this.#connectAnswered(connect, head);
    if (this.#isOpen()) this.#replayTunnel();
  }

  /** The CONNECT's answer will not be seen any more: the client's next bytes tell how it was taken. */
  #judgeHeld(why: Unanswered): void {
    const says = saysBehindConnect(this.#held.first);
    // Clients may send their ClientHello without waiting: it tells of a tunnel only where the 2xx may have been lost.
    if (says === "tls" && why === "not-captured") this.#inferTunnel();
    else if (says === "origin" || says === "proxy") this.#giveUpConnect(why);
  }

  #giveUpConnect(why: Unanswered): void {
    if (this.#waitingConnect !== null) this.#waitingConnect.unanswered = why;
    this.#waitingConnect = null;
    this.#state = "idle";
    this.#answerLost = false;
    this.#requests.resume();
    this.#replayRequests();
  }

  /** At the end: each CONNECT in what is still held was not answered as far as the capture shows. */
  #judgeRest(): void {
    let left = Number.POSITIVE_INFINITY;
    while (this.#state === "asked" && this.#held.length > 0 && this.#held.length < left) {
      left = this.#held.length;
      this.#judgeHeld(this.#whyUnanswered());
    }
  }

  #inferTunnel(): void {
    this.#state = next(this.#state, "inferred");
    if (this.#waitingConnect !== null) this.#waitingConnect.unanswered = "not-captured";
    this.#openTunnel(this.#waitingConnect, null);
    this.#replayTunnel();
  }

  /** Gives held bytes back to the request parser, which may meet the next CONNECT in them. */
  #replayRequests(): void {
    this.#held.replay(this.#context, (piece) => {
      if (this.#state === "asked") this.#held.put(piece);
      else if (piece.gap) this.#requests.gap(0, "lost", piece.frame);
      else {
        const stop = this.#requests.push(piece.bytes, 0, piece.bytes.length, piece.frame);
        if (stop < piece.bytes.length) this.#held.add(piece.bytes, stop, piece.bytes.length, piece.frame, piece.time);
      }
    });
    this.sinks[this.#roles.client ?? 0].skippable = this.#state === "asked" ? 0 : this.#requests.skippable;
    // The next CONNECT may have been answered while it was held.
    this.#takeEarlyAnswer();
  }

  #replayTunnel(): void {
    if (this.#tunnel !== null)
      this.sinks[this.#roles.client ?? 0].skippable = this.#tunnel.replay("client", this.#held);
  }

  // --- proxy to client

  #fromProxy(bytes: Uint8Array, start: number, end: number, frame: FrameNo, skippable: number): number {
    if (this.#tunnel !== null) return this.#tunnel.push("server", bytes, start, end, frame, skippable);
    if (this.#unsure !== null) return this.#behindUnsure(this.#unsure, bytes, start, end, frame);
    if (this.#state === "asked" && this.#answerLost) {
      // A client that asks once more was told that no tunnel is open; one that speaks to the origin was told that it is.
      while (saysBehindConnect(this.#held.first) === "proxy") this.#giveUpConnect("not-captured");
      const says = saysBehindConnect(this.#held.first);
      if (says === "tls" && this.#held.firstFrame < frame) this.#answerLost ||= "maybe";
      if (this.#waitingConnect !== null && (looksLikeTls(bytes, start, end) === "yes" || says === "origin")) {
        this.#inferTunnel();
        return this.#tunnelled("server", bytes, start, end, frame);
      }
      // What comes behind its answer answers something else, which is lost.
      if (says === null && this.#answerLost === "surely") this.#giveUpConnect("not-captured");
      else if (this.#answerLost) this.#judgeHeld("not-captured");
    }
    if (this.#isMidTunnel(bytes, start, end)) return this.#openUnasked(null, "server", bytes, start, end, frame);
    this.#responses.skippable = skippable;
    const stop = this.#responses.push(bytes, start, end, frame);
    if (this.#isOpen()) {
      const ahead = stop < end ? this.#tunnelled("server", bytes, stop, end, frame) : 0;
      this.#replayTunnel();
      return ahead;
    }
    if (this.#unsure !== null) {
      return stop < end ? this.#behindUnsure(this.#unsure, bytes, stop, end, frame) : 0;
    }
    return this.#responses.skippable;
  }

  /** A response's head; for the parser. */
  responseHead(head: ResponseHead): BodyRule {
    const connect = this.#waitingConnect;
    const { frame, at } = head.where;
    const waits = this.#pairing.waitsFor(frame);
    // What came before the CONNECT was asked for by a request that is lost.
    if (connect !== null && !waits && connect.request.where.frame <= frame) return this.#connectAnswered(connect, head);
    if (connect === null && !waits && mayOpen(head, this.#roles.requestsUnseen())) {
      if (opensTunnel(head) || this.#roles.toProxy) this.#learn("connect");
      this.#unsure = head;
      return "switch";
    }
    if (!waits) {
      // A 407 can only come from a proxy (RFC 9110 §15.5.8), though the request to it was not captured.
      if (head.status === 407 && this.#roles.detectedBy === null) this.#learn("connect");
      if (this.#roles.toProxy)
        this.#context.note({ id: "proxy-response-unasked", frame, at, detail: { status: head.status } });
    }
    const { exchange, rule } = this.#pairing.response(head);
    this.#answering = exchange;
    if (rule === "look") this.#look.start(head);
    // RFC 9110 §7.8: what the client says from here on is of the other protocol, too.
    else if (rule === "switch") this.#requests.end("fin", frame);
    return rule;
  }

  #connectAnswered(connect: OpenConnect, head: ResponseHead): BodyRule {
    const answer = answerOf(head.status);
    this.#state = next(this.#state, answer);
    if (answer === "interim") {
      connect.interim++;
      return "none";
    }
    connect.response = head;
    this.#waitingConnect = null;
    if (answer === "success") {
      this.#openTunnel(connect, head);
      return "switch";
    }
    this.#requests.resume();
    this.#replayRequests();
    return refusalRule(head.status);
  }

  /** Part of a page that is looked at; for the parser. */
  look(bytes: Uint8Array, start: number, end: number): void {
    this.#look.add(bytes, start, end);
  }

  /** A request is over; for the parser. */
  requestDone(bytes: number): void {
    this.#pairing.requestDone(bytes);
  }

  /** A response is over; for the parser. */
  responseDone(bytes: number): void {
    const exchange = this.#answering;
    this.#answering = null;
    endResponse(exchange, this.#look.finish(), bytes);
  }

  /** Behind a 2xx whose request was not captured: TLS means that it answered a CONNECT. */
  #behindUnsure(head: ResponseHead, bytes: Uint8Array, start: number, end: number, frame: FrameNo): number {
    this.#unsure = null;
    if (opensTunnel(head) || looksLikeTls(bytes, start, end) !== "no") {
      return this.#openUnasked(head, "server", bytes, start, end, frame);
    }
    const { exchange, rule } = this.#pairing.response(head);
    this.#answering = exchange;
    this.#responses.resume(rule === "switch" ? "none" : rule);
    this.#responses.push(bytes, start, end, frame);
    return this.#responses.skippable;
  }

  // --- tunnel

  #openTunnel(connect: OpenConnect | null, answer: ResponseHead | null): void {
    this.#learn("connect");
    this.#state = "open";
    this.#waitingConnect = null;
    // What was skippable of a body before is none of the tunnel's: its bytes would be counted twice.
    for (const sink of this.sinks) sink.skippable = 0;
    this.#tunnel = new Tunnel(targetOf(connect), answer?.where ?? null, this.#context);
  }

  /** Asked behind calls that may have opened the tunnel. */
  #isOpen(): boolean {
    return this.#tunnel !== null;
  }

  /** A tunnel whose CONNECT is not in the capture, with the first bytes in it. */
  #openUnasked(answer: ResponseHead | null, ...first: FirstBytes): number {
    this.#openTunnel(null, answer);
    this.#opener = answer;
    return this.#tunnelled(...first);
  }

  #tunnelSkippable(): number {
    return this.#tunnel?.skippable("client") ?? 0;
  }

  #tunnelled(...[from, bytes, start, end, frame]: FirstBytes): number {
    return this.#tunnel === null ? 0 : this.#tunnel.push(from, bytes, start, end, frame, 0);
  }

  /** A connection to a known proxy that was joined late, behind its CONNECT, or of which it is lost. */
  #isMidTunnel(bytes: Uint8Array, start: number, end: number): boolean {
    const isFirst = this.#state === "idle" && this.#connects.length + this.#forwards.kept.length === 0;
    return this.#roles.isMidTunnel(bytes, start, end, isFirst, this.#gaps);
  }

  #learn(by: DetectedBy): void {
    // The options name other proxies: this one was only followed because its first payload came out of order.
    if (!this.#roles.learn(by)) this.abandoned = true;
  }

  // --- the end

  #whyUnanswered(): Unanswered {
    if (this.#answerLost || (this.#secure !== null && isReadInPart(this.#secure))) return "not-captured";
    return whyUnanswered(this.#connection, this.#roles.proxy, this.#ends.client, this.#ends.proxy);
  }

  #timeline(detectedBy: DetectedBy): Timeline {
    const facts = connectionFacts(this.#connection, this.#roles.client ?? 0, this.#ends.client, this.#ends.proxy);
    return timelineOf(facts, this.#context, {
      detectedBy,
      gaps: this.#gaps,
      secure: this.#secure,
      connects: fitted(this.#connects),
      tunnel: this.#tunnel?.fact() ?? null,
      forwards: this.#forwards.sorted(),
      forwardsDropped: this.#forwards.dropped,
    });
  }
}
