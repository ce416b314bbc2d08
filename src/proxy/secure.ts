// A proxy behind TLS (an HTTPS proxy): the outer TLS is opened, and what it carries is a conversation with a proxy.
import type { FrameNo } from "../bytes/index.ts";
import type { ByteSink, Conversation, EndCause, GapCause, TcpConnection } from "../tcp/index.ts";
import { createTlsConversation, type TlsConversation, type TlsRole } from "../tls-parse/index.ts";
import type { ProxyContext } from "./context.ts";
import { ProxyConversation } from "./conversation.ts";

/** Until its first request it may be any TLS connection that there are keys for; one that is not to a proxy is abandoned. */
export class SecureConversation implements Conversation {
  readonly sinks: readonly [ByteSink, ByteSink];
  readonly #tls: TlsConversation;
  readonly #inner: ProxyConversation;
  readonly #known: ReturnType<ProxyContext["known"]["has"]>;

  constructor(connection: TcpConnection, context: ProxyContext) {
    const clientSide = connection.initiator ?? 0;
    const proxySide = clientSide === 0 ? 1 : 0;
    this.#known = context.known.has(connection.endpoints[proxySide]);
    const sideOf = (role: TlsRole): ByteSink => this.#inner.sinks[role === "client" ? clientSide : proxySide];
    this.#tls = createTlsConversation({
      note: context.note,
      now: context.now,
      opener: context.opener(),
      sink: {
        data: (from, bytes, start, end, frame) => sideOf(from).push(bytes, start, end, frame),
        gap: (from, length, frame) => sideOf(from).gap(length, "lost", frame),
        // How the connection ended is told by TCP, below.
        end() {},
      },
    });
    this.#inner = new ProxyConversation(connection, context, this.#tls.facts);
    const client = new SecureSink(this.#tls.client, this.#inner.sinks[clientSide]);
    const proxy = new SecureSink(this.#tls.server, this.#inner.sinks[proxySide]);
    this.sinks = clientSide === 0 ? [client, proxy] : [proxy, client];
  }

  get abandoned(): boolean {
    return this.#inner.abandoned;
  }

  closed(): void {
    if (this.#known !== null) this.#inner.assume(this.#known);
    this.#inner.closed();
  }
}

/** One direction: ciphertext to TLS, and the end of the connection to TLS and to what it carried. */
class SecureSink implements ByteSink {
  readonly #outer: ByteSink;
  readonly #inner: ByteSink;

  constructor(outer: ByteSink, inner: ByteSink) {
    this.#outer = outer;
    this.#inner = inner;
  }

  get skippable(): number {
    return this.#outer.skippable;
  }

  set skippable(bytes: number) {
    this.#outer.skippable = bytes;
  }

  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    this.#outer.push(bytes, start, end, frame);
  }

  gap(length: number, cause: GapCause, frame: FrameNo): void {
    this.#outer.gap(length, cause, frame);
  }

  end(how: EndCause, frame: FrameNo): void {
    this.#outer.end(how, frame);
    this.#inner.end(how, frame);
  }
}
