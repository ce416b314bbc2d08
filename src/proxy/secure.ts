// A proxy behind TLS (an HTTPS proxy): the outer TLS is opened, and what it carries is a conversation with a proxy.
import type { FrameNo, Side } from "../bytes/index.ts";
import { looksLikeHttp2, looksLikeResponse, statusAt } from "../http/index.ts";
import type { ByteSink, Conversation, EndCause, GapCause, TcpConnection } from "../tcp/index.ts";
import { createTlsConversation, type TlsConversation, type TlsRole, type TlsSink } from "../tls-parse/index.ts";
import { addGap } from "./connection-facts.ts";
import { ConnectionContext, type ProxyContext } from "./context.ts";
import { ProxyConversation } from "./conversation.ts";
import { Http2ProxySession } from "./http2-proxy.ts";
import { joined } from "./joined.ts";
import type { GapFact } from "./types.ts";

/** Empty lines that are passed over, the version and the status: what tells HTTP that answers in the clear. */
const STATUS_BYTES = 4 + "HTTP/1.1 400".length;

const ROLES: readonly TlsRole[] = ["client", "server"];

/** How a direction of the connection ended. */
interface End {
  readonly how: EndCause;
  readonly frame: FrameNo;
}

/** Until its first request it may be any TLS connection that there are keys for; one that is not to a proxy is abandoned. */
export class SecureConversation implements Conversation, TlsSink {
  readonly sinks: readonly [ByteSink, ByteSink];
  readonly #connection: TcpConnection;
  readonly #context: ConnectionContext;
  readonly #clientSide: Side;
  readonly #tls: TlsConversation;
  /** Settled by the first bytes inside: HTTP/1.x or HTTP/2. */
  #http1: ProxyConversation | null = null;
  #http2: Http2ProxySession | null = null;
  /** What is missing of what TLS carries, or may be: a record that was lost early may have been one of the handshake. */
  readonly #gaps: GapFact[] = [];
  /** A direction of HTTP/2 of which nothing was read yet may lack its beginning. */
  readonly #mayLack: Record<TlsRole, boolean> = { client: false, server: false };
  readonly #ends: Record<TlsRole, End | null> = { client: null, server: null };
  /** What the server began with, as long as that may be the first line of a response; null: it is not, or was looked at. */
  #begun: Uint8Array | null = new Uint8Array(0);

  constructor(connection: TcpConnection, context: ProxyContext) {
    this.#connection = connection;
    const own = new ConnectionContext(context);
    this.#context = own;
    this.#clientSide = connection.initiator ?? 0;
    const { note, now, during, transitions } = own;
    this.#tls = createTlsConversation({ note, now, during, opener: own.opener(), sink: this, transitions });
    const client = new SecureSink(this, "client", this.#tls.client);
    const proxy = new SecureSink(this, "server", this.#tls.server);
    this.sinks = this.#clientSide === 0 ? [client, proxy] : [proxy, client];
  }

  get abandoned(): boolean {
    return this.#http1?.abandoned ?? this.#http2?.abandoned ?? false;
  }

  get kept(): number {
    return this.#tls.kept + (this.#http1?.kept ?? 0) + (this.#http2?.kept ?? 0);
  }

  /** Bytes of the server, in front of what TLS makes of them; for its sink. */
  serverSays(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    if (this.#begun === null) return;
    if (this.#begun.length === 0 && looksLikeResponse(bytes, start, end) === "no") {
      this.#begun = null;
      return;
    }
    const begun = joined(this.#begun, bytes.slice(start, Math.min(end, start + STATUS_BYTES)));
    const status = statusAt(begun, 0, begun.length);
    if (status !== null) this.#context.clearAnswer = { status, frame };
    const isSettled = status !== null || begun.length >= STATUS_BYTES;
    this.#begun = isSettled || looksLikeResponse(begun, 0, begun.length) === "no" ? null : begun;
  }

  /** Bytes of the server are missing, or the beginning of them. */
  serverLacks(): void {
    this.#begun = null;
  }

  /** A direction of the connection is over; for its sink. */
  ended(role: TlsRole, how: EndCause, frame: FrameNo): void {
    this.#ends[role] = { how, frame };
    if (this.#http1 !== null) this.#http1.sinks[this.#sideOf(role)].end(how, frame);
    else this.#http2?.[role].end(how, frame);
  }

  closed(): void {
    const known = this.#context.known.has(this.#connection.endpoints[this.#sideOf("server")]);
    // Nothing inside could be read: the connection is told all the same if it goes to a known proxy.
    if (this.#http1 === null && this.#http2 === null && known !== null) {
      this.#http1 = this.#newHttp1([]);
      for (const role of ROLES) {
        const end = this.#ends[role];
        if (end !== null) this.#http1.sinks[this.#sideOf(role)].end(end.how, end.frame);
      }
    }
    if (known !== null) (this.#http1 ?? this.#http2)?.assume(known);
    this.#http1?.closed();
    this.#http2?.closed(this.#ends.client?.how ?? "capture-end", this.#ends.server?.how ?? "capture-end");
  }

  // --- what TLS carries

  data(from: TlsRole, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    if (this.#http1 === null && this.#http2 === null) {
      const { facts } = this.#tls;
      if (facts.alpn !== "h2" && looksLikeHttp2(from, bytes, start, end) === "no")
        this.#http1 = this.#newHttp1(this.#gaps);
      else {
        this.#http2 = new Http2ProxySession(this.#connection, this.#clientSide, this.#context, facts, this.#gaps);
      }
    }
    if (this.#mayLack[from]) {
      this.#mayLack[from] = false;
      // RFC 9113 §3.4: what begins with the preface or with SETTINGS lacks nothing.
      if (looksLikeHttp2(from, bytes, start, end) !== "yes") this.#http2?.[from].gap(0, "lost", frame);
    }
    this.#sink(from)?.push(bytes, start, end, frame);
  }

  gap(from: TlsRole, length: number, frame: FrameNo): void {
    addGap(this.#gaps, from === "client" ? "client" : "proxy", length, frame, this.#context.now());
    const sink = this.#sink(from);
    if (sink === undefined) this.#mayLack[from] = true;
    else sink.gap(length, "lost", frame);
  }

  /** How the connection ended is told by TCP. */
  end(): void {}

  #newHttp1(gaps: readonly GapFact[]): ProxyConversation {
    const http1 = new ProxyConversation(this.#connection, this.#context, this.#tls.facts);
    for (const { from, where, length } of gaps) {
      const sink = http1.sinks[this.#sideOf(from === "client" ? "client" : "server")];
      this.#context.during(where.time, () => sink.gap(length, "lost", where.frame));
    }
    return http1;
  }

  #sink(role: TlsRole): ByteSink | undefined {
    return this.#http1?.sinks[this.#sideOf(role)] ?? this.#http2?.[role];
  }

  #sideOf(role: TlsRole): Side {
    return role === "client" ? this.#clientSide : this.#clientSide === 0 ? 1 : 0;
  }
}

/** One direction: ciphertext to TLS, and the end of the connection to TLS and to what it carried. */
class SecureSink implements ByteSink {
  readonly #conversation: SecureConversation;
  readonly #role: TlsRole;
  readonly #outer: ByteSink;

  constructor(conversation: SecureConversation, role: TlsRole, outer: ByteSink) {
    this.#conversation = conversation;
    this.#role = role;
    this.#outer = outer;
  }

  get skippable(): number {
    return this.#outer.skippable;
  }

  set skippable(bytes: number) {
    this.#outer.skippable = bytes;
  }

  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    if (this.#role === "server") this.#conversation.serverSays(bytes, start, end, frame);
    this.#outer.push(bytes, start, end, frame);
  }

  gap(length: number, cause: GapCause, frame: FrameNo): void {
    if (this.#role === "server") this.#conversation.serverLacks();
    this.#outer.gap(length, cause, frame);
  }

  end(how: EndCause, frame: FrameNo): void {
    this.#outer.end(how, frame);
    this.#conversation.ended(this.#role, how, frame);
  }
}
