// A server leg: a connection that the address of a proxy opens towards an origin. Read lightly, to compare it with the client leg.
import type { FrameNo, Side } from "../bytes/index.ts";
import { looksLikeRequest, looksLikeResponse } from "../http/index.ts";
import type { ByteSink, Conversation, EndCause, GapCause, TcpConnection } from "../tcp/index.ts";
import { createTlsConversation, looksLikeTls, type TlsConversation } from "../tls-parse/index.ts";
import { ConnectionContext, type ProxyContext } from "./context.ts";
import { ExchangeList } from "./exchanges.ts";
import { HttpPair } from "./http-pair.ts";
import { Inside } from "./inside.ts";

type Role = "client" | "server";

/** The connection's client is the proxy. TLS or plain HTTP; anything else is abandoned. */
export class LegConversation implements Conversation {
  readonly sinks: readonly [ByteSink, ByteSink];
  abandoned = false;
  readonly #connection: TcpConnection;
  readonly #context: ConnectionContext;
  readonly #exchanges = new ExchangeList();
  readonly #proxySide: Side;
  /** Asked when the ClientHello has named the server: whether to go on with it as a leg; null: it is one. */
  #confirm: (() => boolean) | null;
  /** Bytes are missing of a side before it was known what the connection carries. */
  readonly #lost = { client: false, server: false };
  #tls: TlsConversation | null = null;
  #http: HttpPair | null = null;
  #inside: Inside | null = null;

  /** `confirm`: the ClientHello has to name a host that a client asked for, and then this has to give true. */
  constructor(connection: TcpConnection, context: ProxyContext, confirm: (() => boolean) | null = null) {
    this.#connection = connection;
    this.#context = new ConnectionContext(context);
    this.#confirm = confirm;
    this.#proxySide = proxySideOf(connection, context);
    const client = new LegSink(this, "client");
    const server = new LegSink(this, "server");
    this.sinks = this.#proxySide === 0 ? [client, server] : [server, client];
  }

  get kept(): number {
    return (this.#tls?.kept ?? 0) + (this.#http?.kept ?? 0) + (this.#inside?.kept ?? 0) + this.#exchanges.unusualBytes;
  }

  push(from: Role, bytes: Uint8Array, start: number, end: number, frame: FrameNo, skippable: number): number {
    if (this.#tls === null && this.#http === null && !this.#begin(from, bytes, start, end, frame)) return 0;
    if (this.#tls === null) return this.#http?.push(from, bytes, start, end, frame, skippable) ?? 0;
    const sink = this.#tls[from];
    sink.skippable = skippable;
    sink.push(bytes, start, end, frame);
    if (this.#confirm !== null) this.#judgeHello(from, this.#tls, this.#confirm);
    return sink.skippable;
  }

  gap(from: Role, length: number, cause: GapCause, frame: FrameNo, skippable: number): number {
    if (this.#tls === null) {
      if (this.#http !== null) return this.#http.gap(from, length, cause, frame, skippable);
      this.#lost[from] ||= cause !== "late-start";
      return 0;
    }
    const sink = this.#tls[from];
    sink.skippable = skippable;
    sink.gap(length, cause, frame);
    return sink.skippable;
  }

  end(from: Role, how: EndCause, frame: FrameNo): void {
    this.#tls?.[from].end(how, frame);
    this.#http?.end(from, how, frame);
  }

  closed(): void {
    if ((this.#tls === null && this.#http === null) || this.#confirm !== null) return;
    this.#http?.close("closed");
    this.#inside?.close("closed");
    const connection = this.#connection;
    const side = this.#proxySide;
    const fromProxy = connection.directions[side];
    this.#context.leg({
      stream: connection.stream,
      proxy: connection.endpoints[side],
      origin: connection.endpoints[side === 0 ? 1 : 0],
      firstFrame: connection.firstFrame,
      start: connection.startTime,
      end: connection.endTime,
      tls: this.#tls?.facts ?? null,
      exchanges: this.#exchanges.sorted(),
      whole: fromProxy.gaps === 0,
      filled: fromProxy.filled,
      lateStart: connection.initiator === null,
    });
  }

  /** By the first bytes of either side; false: they do not tell, since they stand behind a loss. */
  #begin(from: Role, bytes: Uint8Array, start: number, end: number, frame: FrameNo): boolean {
    const isTls = looksLikeTls(bytes, start, end) !== "no";
    const looksLikeHttp = from === "client" ? looksLikeRequest : looksLikeResponse;
    if (!isTls && this.#lost[from] && looksLikeHttp(bytes, start, end) === "no") return false;
    if (isTls) this.#beginTls();
    else {
      const { initiator, directions } = this.#connection;
      const whole = initiator !== null && directions[initiator].gaps === 0;
      this.#http = new HttpPair(this.#context, this.#exchanges, { scheme: "http", authority: null }, whole);
    }
    for (const role of ["client", "server"] as const) if (this.#lost[role]) this.gap(role, 0, "lost", frame, 0);
    return true;
  }

  /** Goes on only with what leads where a client asked to go. */
  #judgeHello(from: Role, { facts }: TlsConversation, confirm: () => boolean): void {
    const hello = facts.clientHello;
    if (hello === null && from === "client") return;
    this.#confirm = null;
    const { asked } = this.#context.known;
    const host = hello?.sni?.toLowerCase() ?? null;
    const isAsked = host !== null && asked.has(host);
    if (host !== null && !isAsked) asked.passOver(host, this.#context.now());
    this.abandoned = !isAsked || !confirm();
  }

  #beginTls(): void {
    const opener = this.#context.opener();
    this.#inside =
      opener === null
        ? null
        : new Inside(this.#context, opener, this.#exchanges, null, () => this.#tls?.facts.alpn ?? null);
    this.#tls = createTlsConversation({
      note: this.#context.note,
      now: this.#context.now,
      during: this.#context.during,
      opener,
      sink: this.#inside,
      transitions: false,
    });
  }
}

/** The side that opened it; without a SYN the one that has the address of a proxy. */
function proxySideOf({ initiator, endpoints }: TcpConnection, { known }: ProxyContext): Side {
  if (initiator !== null) return initiator;
  return known.hasAddress(endpoints[1].ip) && !known.hasAddress(endpoints[0].ip) ? 1 : 0;
}

class LegSink implements ByteSink {
  skippable = 0;
  readonly #leg: LegConversation;
  readonly #role: Role;

  constructor(leg: LegConversation, role: Role) {
    this.#leg = leg;
    this.#role = role;
  }

  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    this.skippable = this.#leg.push(this.#role, bytes, start, end, frame, this.skippable);
  }

  gap(length: number, cause: GapCause, frame: FrameNo): void {
    this.skippable = this.#leg.gap(this.#role, length, cause, frame, this.skippable);
  }

  end(how: EndCause, frame: FrameNo): void {
    this.#leg.end(this.#role, how, frame);
  }
}
