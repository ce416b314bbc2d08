// A server leg: a connection that the address of a proxy opens towards an origin. Read lightly, to compare it with the client leg.
import type { FrameNo } from "../bytes/index.ts";
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
  #tls: TlsConversation | null = null;
  #http: HttpPair | null = null;
  #inside: Inside | null = null;

  constructor(connection: TcpConnection, context: ProxyContext) {
    this.#connection = connection;
    this.#context = new ConnectionContext(context);
    const proxySide = connection.initiator ?? 0;
    const client = new LegSink(this, "client");
    const server = new LegSink(this, "server");
    this.sinks = proxySide === 0 ? [client, server] : [server, client];
  }

  push(from: Role, bytes: Uint8Array, start: number, end: number, frame: FrameNo, skippable: number): number {
    if (this.#tls === null && this.#http === null) this.#begin(looksLikeTls(bytes, start, end) !== "no");
    if (this.#tls === null) return this.#http?.push(from, bytes, start, end, frame, skippable) ?? 0;
    const sink = this.#tls[from];
    sink.skippable = skippable;
    sink.push(bytes, start, end, frame);
    return sink.skippable;
  }

  gap(from: Role, length: number, cause: GapCause, frame: FrameNo, skippable: number): number {
    if (this.#tls === null) return this.#http?.gap(from, length, cause, frame, skippable) ?? 0;
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
    if (this.#tls === null && this.#http === null) return;
    this.#http?.close("closed");
    this.#inside?.close("closed");
    const connection = this.#connection;
    const proxySide = connection.initiator ?? 0;
    this.#context.leg({
      stream: connection.stream,
      proxy: connection.endpoints[proxySide],
      origin: connection.endpoints[proxySide === 0 ? 1 : 0],
      firstFrame: connection.firstFrame,
      start: connection.startTime,
      end: connection.endTime,
      tls: this.#tls?.facts ?? null,
      exchanges: this.#exchanges.sorted(),
    });
  }

  #begin(isTls: boolean): void {
    if (!isTls) {
      const { initiator, directions } = this.#connection;
      const whole = initiator !== null && directions[initiator].gaps === 0;
      this.#http = new HttpPair(this.#context, this.#exchanges, { scheme: "http", authority: null }, whole);
      return;
    }
    const opener = this.#context.opener();
    this.#inside = opener === null ? null : new Inside(this.#context, opener, this.#exchanges, null);
    this.#tls = createTlsConversation({
      note: this.#context.note,
      now: this.#context.now,
      during: this.#context.during,
      opener,
      sink: this.#inside,
    });
  }
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
