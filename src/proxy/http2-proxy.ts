// An HTTP/2 connection to a proxy: each stream with a CONNECT is a tunnel of its own (RFC 9113 §8.5), all others are forwarded.
import type { FrameNo, Note, Side } from "../bytes/index.ts";
import {
  type BodyRule,
  createHttp2Connection,
  type Http2Connection,
  type Http2Role,
  type Http2Sink,
  parseTarget,
  type RequestHead,
  type ResponseHead,
} from "../http/index.ts";
import type { ByteSink, EndCause, TcpConnection } from "../tcp/index.ts";
import type { TlsFacts } from "../tls-parse/index.ts";
import { connectionFacts, isReadInPart, whyUnanswered } from "./connection-facts.ts";
import { ConnectionContext, type ProxyContext } from "./context.ts";
import { ExchangeList, type OpenExchange, openExchange, refusalRule } from "./exchanges.ts";
import { HeldBytes } from "./held-bytes.ts";
import type { DetectedBy } from "./known-proxies.ts";
import { isUnframedSuccess } from "./open-connect.ts";
import { whyReset } from "./stream-reset.ts";
import { Tunnel } from "./tunnel.ts";
import { answerOf } from "./tunnel-states.ts";
import type { ConnectFact, GapFact, Timeline, Unanswered } from "./types.ts";
import { absoluteUrl } from "./url.ts";
import { unusualBytesOf, weightOfExchange, weightOfTunnel } from "./weight.ts";

/** Tunnels and requests of one connection; a browser opens a few dozen. */
const MAX_STREAMS = 2_000;

const BEYOND = { id: "proxy-streams-full" } as const;

/** A few tunnels with TLS: tens of thousands of connections may be open. */
const USUAL_TUNNELS = 32 * 1024;

/** A stream that began with CONNECT. */
interface TunnelStream {
  readonly number: number;
  readonly request: RequestHead;
  response: ResponseHead | null;
  interim: number;
  /** Why it will not be answered any more, as far as the stream itself tells. */
  unanswered: Unanswered | null;
  tunnel: Tunnel | null;
  readonly held: HeldBytes;
}

/** Answers that may wait for what they answer, with the first bytes of as many tunnels. */
const MAX_EARLY = 16;

/** An answer before its request; `held`: what came behind it, if it may have opened a tunnel. */
interface EarlyAnswer {
  readonly exchange: OpenExchange;
  readonly held: HeldBytes | null;
}

/** What the plaintext of a secure connection is given to. */
export class Http2ProxySession implements Http2Sink {
  abandoned = false;
  readonly client: ByteSink;
  readonly server: ByteSink;
  readonly #http2: Http2Connection;
  readonly #connection: TcpConnection;
  readonly #clientSide: Side;
  readonly #context: ConnectionContext;
  readonly #base: ProxyContext;
  readonly #secure: TlsFacts | null;
  readonly #gaps: readonly GapFact[];
  readonly #tunnels = new Map<number, TunnelStream>();
  readonly #requests = new Map<number, OpenExchange>();
  readonly #forwards = new ExchangeList();
  /** Streams that were answered before their request was seen: held back behind a hole, or recorded too late. */
  readonly #early = new Map<number, EarlyAnswer>();
  /** No stream beyond this one waits: it was named by the last GOAWAY, and none was opened since. */
  #allUpTo = Number.POSITIVE_INFINITY;
  /** Tunnels and requests beyond the limit. */
  #dropped = 0;
  #detectedBy: DetectedBy | null = null;

  /** `gaps`: what is missing of the connection, a list that grows. */
  constructor(
    connection: TcpConnection,
    clientSide: Side,
    context: ProxyContext,
    secure: TlsFacts | null,
    gaps: readonly GapFact[],
  ) {
    this.#connection = connection;
    this.#clientSide = clientSide;
    this.#gaps = gaps;
    this.#context = new ConnectionContext(context);
    this.#base = context;
    this.#secure = secure;
    this.#http2 = createHttp2Connection(this, this.#context);
    this.client = this.#http2.client;
    this.server = this.#http2.server;
  }

  /** Bytes kept of what is not whole, in front of answers and in tunnels, of what is unusually much, and of tunnels beyond the first. */
  get kept(): number {
    let sum = this.#http2.kept + this.#forwards.unusualBytes + unusualBytesOf([...this.#requests.values()]);
    for (const { exchange, held } of this.#early.values()) sum += weightOfExchange(exchange) + (held?.kept ?? 0);
    let tunnels = 0;
    for (const stream of this.#tunnels.values()) {
      const { held, tunnel } = stream;
      tunnels += weightOfExchange(stream) + (tunnel === null ? 0 : weightOfTunnel(tunnel.isTls));
      sum += held.kept + (tunnel?.kept ?? 0);
    }
    return sum + Math.max(0, tunnels - USUAL_TUNNELS);
  }

  /** Takes the connection for one to a proxy although nothing of what it says could be read. */
  assume(by: DetectedBy): void {
    this.#detectedBy ??= by;
  }

  /** The connection is over: gives a timeline for each tunnel, and one for what was forwarded. */
  closed(clientEnd: EndCause, proxyEnd: EndCause): void {
    const unread = this.#secure !== null && isReadInPart(this.#secure);
    const proxySide = this.#clientSide === 0 ? 1 : 0;
    const why = unread ? "not-captured" : whyUnanswered(this.#connection, proxySide, clientEnd, proxyEnd);
    for (const exchange of this.#requests.values()) {
      if (exchange.response === null) this.#forwards.add({ ...exchange, unanswered: why });
    }
    if (this.#detectedBy === null || this.abandoned) return;
    const facts = connectionFacts(this.#connection, this.#clientSide, clientEnd, proxyEnd);
    const forwards = this.#forwards.sorted();
    const streams = [...this.#tunnels.values()];
    // All that a stream carries is given on: what a tunnel allows to be passed over is still to come.
    for (const { tunnel } of streams) tunnel?.close(why, tunnel.skippable("client"), tunnel.skippable("server"));
    const first: Timeline = {
      ...facts,
      namedClient: this.#context.namedClient,
      detectedBy: this.#detectedBy,
      gaps: this.#gaps,
      secure: this.#secure,
      clearAnswer: null,
      http2Stream: null,
      connects: [],
      tunnel: null,
      forwards,
      forwardsDropped: this.#forwards.dropped,
      notes: this.#context.notes,
    };
    if (this.#dropped > 0) this.#context.timeline({ ...first, notes: [this.#beyond(facts.lastFrame), ...first.notes] });
    else if (streams.length === 0 || forwards.length > 0) this.#context.timeline(first);
    for (const stream of streams) {
      this.#context.timeline({
        ...first,
        http2Stream: stream.number,
        connects: [connectFact(stream, why)],
        tunnel: stream.tunnel?.fact() ?? null,
        forwards: [],
        forwardsDropped: 0,
      });
    }
  }

  /** That there was more than is told. */
  #beyond(frame: FrameNo): Note {
    return { ...BEYOND, frame, at: 0, detail: { count: this.#dropped } };
  }

  // --- what the connection tells

  request(number: number, head: RequestHead, pushed: boolean): BodyRule {
    if (pushed) return "framed";
    if (this.#tunnels.size + this.#requests.size >= MAX_STREAMS) {
      this.#dropped++;
      this.#base.note({ ...BEYOND, frame: head.where.frame, at: head.where.at });
      return "framed";
    }
    this.#allUpTo = Number.POSITIVE_INFINITY;
    const proxy = this.#connection.endpoints[this.#clientSide === 0 ? 1 : 0];
    // An extended CONNECT (RFC 8441 §4) asks an origin for a WebSocket.
    if (head.form === "authority") {
      this.#detectedBy = "connect";
      this.#context.known.learn(proxy, "connect");
      const client = this.#connection.endpoints[this.#clientSide].ip;
      this.#context.known.asked.add(parseTarget(head.target).host, client, this.#context.now());
      const held = new HeldBytes();
      const open = { response: null, interim: 0, unanswered: null, tunnel: null, held };
      const stream: TunnelStream = { number, request: head, ...open };
      this.#tunnels.set(number, stream);
      this.#takeEarly(stream);
      return "switch";
    }
    // RFC 9113 §8.3.1 has no absolute form: a plain scheme inside TLS can only be meant for a proxy.
    if (head.scheme === "http") {
      this.#detectedBy ??= "absolute-form";
      this.#context.known.learn(proxy, "absolute-form");
    } else if (this.#detectedBy === null && this.#context.known.has(proxy) === null) this.abandoned = true;
    const exchange = this.#early.get(number)?.exchange ?? openExchange(head);
    exchange.request = head;
    exchange.url = absoluteUrl(head, "https");
    if (exchange.response === null) this.#requests.set(number, exchange);
    this.#early.delete(number);
    return "framed";
  }

  response(number: number, head: ResponseHead): BodyRule {
    const stream = this.#tunnels.get(number);
    if (stream === undefined) return this.#forwarded(number, head);
    return this.#connectAnswered(stream, head);
  }

  #connectAnswered(stream: TunnelStream, head: ResponseHead): BodyRule {
    if (stream.response !== null) return "framed";
    const answer = answerOf(head.status);
    if (answer === "interim") {
      stream.interim++;
      return "none";
    }
    stream.response = head;
    if (answer !== "success") return refusalRule(head.status);
    const tunnel = new Tunnel(parseTarget(stream.request.target), head.where, this.#context);
    stream.tunnel = tunnel;
    tunnel.replay("client", stream.held);
    return "switch";
  }

  #forwarded(number: number, head: ResponseHead): BodyRule {
    if (head.status < 200) return "none";
    const exchange = this.#requests.get(number) ?? openExchange(head);
    if (exchange.response !== null) return "framed";
    exchange.response = head;
    this.#forwards.add(exchange);
    if (exchange.request !== null || this.#early.size >= MAX_EARLY) return "framed";
    const held = isUnframedSuccess(head) ? new HeldBytes() : null;
    this.#early.set(number, { exchange, held });
    return held === null ? "framed" : "switch";
  }

  /** The answer to a CONNECT came before it, and perhaps the first bytes of the tunnel. */
  #takeEarly(stream: TunnelStream): void {
    const early = this.#early.get(stream.number);
    if (early?.exchange.response == null) return;
    this.#early.delete(stream.number);
    this.#forwards.remove(early.exchange);
    this.#connectAnswered(stream, early.exchange.response);
    if (early.held !== null) stream.tunnel?.replay("server", early.held);
  }

  data(number: number, from: Http2Role, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const stream = this.#tunnels.get(number);
    if (stream === undefined) {
      if (from === "server") this.#early.get(number)?.held?.add(bytes, start, end, frame, this.#context.now());
      return;
    }
    const { tunnel } = stream;
    if (tunnel === null) stream.held.add(bytes, start, end, frame, this.#context.now());
    else tunnel.push(from, bytes, start, end, frame, tunnel.skippable(from));
  }

  dataGap(number: number, from: Http2Role, length: number, frame: FrameNo): void {
    const stream = this.#tunnels.get(number);
    const tunnel = stream?.tunnel;
    if (tunnel != null) tunnel.gap(from, length, frame, "lost", tunnel.skippable(from));
    else (from === "client" ? stream : this.#early.get(number))?.held?.gap(frame, this.#context.now());
  }

  message(number: number, from: Http2Role, frame: FrameNo, whole: boolean, bytes: number): void {
    this.#tunnels.get(number)?.tunnel?.end(from, whole ? "fin" : "reset", frame);
    const exchange = this.#requests.get(number);
    if (exchange === undefined) return;
    if (from === "client") exchange.requestBytes = bytes;
    else {
      exchange.responseBytes = bytes;
      if (exchange.response !== null) this.#requests.delete(number);
    }
  }

  /** Noted by the parser: the answer came, but what it says is not known. */
  unreadable(number: number, from: Http2Role): void {
    if (from === "server") this.#giveUp(number, "not-captured");
  }

  /** A client that takes its CONNECT back has waited in vain, as one that closes a connection of HTTP/1.x. */
  reset(number: number, from: Http2Role, code: number): void {
    this.#giveUp(number, from === "client" && this.#tunnels.has(number) ? "closed" : whyReset(from, code));
  }

  /** RFC 9113 §6.8: what was asked on later streams was not worked on, and is asked again. */
  goAway(from: Http2Role, lastStream: number): void {
    if (from === "client" || lastStream >= this.#allUpTo) return;
    this.#allUpTo = lastStream;
    for (const number of [...this.#tunnels.keys(), ...this.#requests.keys()]) {
      if (number > lastStream) this.#giveUp(number, "cancelled");
    }
  }

  /** The stream will not be answered any more. */
  #giveUp(number: number, why: Unanswered): void {
    const stream = this.#tunnels.get(number);
    if (stream !== undefined) stream.unanswered ??= why;
    const exchange = this.#requests.get(number);
    if (exchange === undefined || exchange.response !== null) return;
    this.#forwards.add({ ...exchange, unanswered: why });
    this.#requests.delete(number);
  }
}

function connectFact(stream: TunnelStream, why: Unanswered): ConnectFact {
  const { request, response, interim, unanswered } = stream;
  return {
    request,
    target: parseTarget(request.target),
    response,
    interim,
    // Where some of the connection was not seen the answer may be, whatever became of the stream.
    unanswered: response !== null ? null : why === "not-captured" ? why : (unanswered ?? why),
    droppedBefore: 0,
  };
}
