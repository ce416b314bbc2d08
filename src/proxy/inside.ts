// The plaintext of a tunnel whose TLS was opened: a second HTTP conversation, HTTP/1.x or HTTP/2.
import type { FrameNo } from "../bytes/index.ts";
import type { TlsOpener } from "../tls-decrypt/index.ts";
import type { TlsFacts, TlsRole, TlsSink } from "../tls-parse/index.ts";
import type { ProxyContext } from "./context.ts";
import type { ExchangeList } from "./exchanges.ts";
import { HttpPair } from "./http-pair.ts";
import type { Unanswered } from "./types.ts";

/** Takes what TLS carried and reads it as HTTP. */
export class Inside implements TlsSink {
  readonly #pair: HttpPair;
  readonly #skippable = { client: 0, server: 0 };
  readonly #opener: TlsOpener;
  #missing = false;

  constructor(context: ProxyContext, opener: TlsOpener, exchanges: ExchangeList, authority: string | null) {
    this.#opener = opener;
    this.#pair = new HttpPair(context, exchanges, { scheme: "https", authority });
  }

  data(from: TlsRole, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    // Records that were passed over unopened held the start of what could be skipped.
    const skippable = this.#skippable[from] - this.#opener.takePassed(from);
    this.#skippable[from] = this.#pair.push(from, bytes, start, end, frame, skippable);
    this.#opener.mayPass(from, this.#skippable[from]);
  }

  gap(from: TlsRole, length: number, frame: FrameNo): void {
    this.#missing = true;
    const skippable = this.#skippable[from] - this.#opener.takePassed(from);
    this.#skippable[from] = this.#pair.gap(from, length, "lost", frame, skippable);
    this.#opener.mayPass(from, this.#skippable[from]);
  }

  end(from: TlsRole, frame: FrameNo): void {
    this.#pair.end(from, "fin", frame);
  }

  close(why: Unanswered): void {
    this.#pair.close(why);
  }

  /** How much of the tunnel could be read. */
  read(facts: TlsFacts): "full" | "partial" | "none" {
    if (facts.opened === 0) return "none";
    return this.#missing || facts.closed > 0 || facts.damaged > 0 ? "partial" : "full";
  }
}
