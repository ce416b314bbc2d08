// The plaintext of a tunnel whose TLS was opened: a second HTTP conversation, HTTP/1.x or HTTP/2.
import type { FrameNo } from "../bytes/index.ts";
import { looksLikeHttp2 } from "../http/index.ts";
import type { TlsOpener } from "../tls-decrypt/index.ts";
import type { TlsFacts, TlsRole, TlsSink } from "../tls-parse/index.ts";
import type { ProxyContext } from "./context.ts";
import type { ExchangeList } from "./exchanges.ts";
import type { HttpConversation } from "./http-conversation.ts";
import { HttpPair } from "./http-pair.ts";
import { Http2Pair } from "./http2-pair.ts";
import type { Unanswered } from "./types.ts";

/** Takes what TLS carried and reads it as HTTP. */
export class Inside implements TlsSink {
  readonly #context: ProxyContext;
  readonly #exchanges: ExchangeList;
  readonly #authority: string | null;
  /** Settled by the first bytes. */
  #pair: HttpConversation | null = null;
  readonly #skippable = { client: 0, server: 0 };
  readonly #opener: TlsOpener;
  readonly #alpn: () => string | null;
  #missing = false;
  /** Of the server, in front of the first bytes of either side. */
  #lacksAnswers = false;

  /** `alpn`: what both sides agreed on, as far as is known by now. */
  constructor(
    context: ProxyContext,
    opener: TlsOpener,
    exchanges: ExchangeList,
    authority: string | null,
    alpn: () => string | null,
  ) {
    this.#opener = opener;
    this.#alpn = alpn;
    this.#context = context;
    this.#exchanges = exchanges;
    this.#authority = authority;
  }

  get kept(): number {
    return this.#pair?.kept ?? 0;
  }

  data(from: TlsRole, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    // Records that were passed over unopened held the start of what could be skipped.
    const skippable = this.#skippable[from] - this.#opener.takePassed(from);
    this.#skippable[from] = this.#conversation(from, bytes, start, end, frame).push(
      from,
      bytes,
      start,
      end,
      frame,
      skippable,
    );
    this.#opener.mayPass(from, this.#skippable[from]);
  }

  gap(from: TlsRole, length: number, frame: FrameNo): void {
    this.#missing = true;
    const skippable = this.#skippable[from] - this.#opener.takePassed(from);
    if (this.#pair === null) {
      this.#lacksAnswers ||= from === "server";
      return;
    }
    this.#skippable[from] = this.#pair.gap(from, length, "lost", frame, skippable);
    this.#opener.mayPass(from, this.#skippable[from]);
  }

  end(from: TlsRole, frame: FrameNo): void {
    this.#pair?.end(from, "fin", frame);
  }

  close(why: Unanswered): void {
    const { client, server } = this.#opener.stats;
    const lost = this.#missing || client.closed + client.damaged + server.closed + server.damaged > 0;
    this.#pair?.close(lost ? "not-captured" : why);
  }

  /**
   * HTTP/2 begins with a preface of the client and SETTINGS of the server (RFC 9113 §3.4), and where that is lost it was agreed on (§3.2);
   * everything else is read as HTTP/1.x.
   */
  #conversation(from: TlsRole, bytes: Uint8Array, start: number, end: number, frame: FrameNo): HttpConversation {
    if (this.#pair === null) {
      const setup = { scheme: "https", authority: this.#authority } as const;
      const isHttp2 = this.#alpn() === "h2" || looksLikeHttp2(from, bytes, start, end) !== "no";
      this.#pair = isHttp2
        ? new Http2Pair(this.#context, this.#exchanges, setup)
        : new HttpPair(this.#context, this.#exchanges, setup, !this.#missing && this.#opener.stats.client.closed === 0);
      if (this.#lacksAnswers && !isHttp2) this.#pair.gap("server", 0, "lost", frame, 0);
    }
    return this.#pair;
  }

  /** How much of the tunnel could be read. */
  read(facts: TlsFacts): "full" | "partial" | "none" {
    if (facts.opened === 0) return "none";
    return this.#missing || facts.closed > 0 || facts.damaged > 0 ? "partial" : "full";
  }
}
