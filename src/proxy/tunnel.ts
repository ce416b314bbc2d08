// What a tunnel carries: told from the first bytes of both sides, then followed as far as it can be read.
import { type FrameNo, startsWith, type Where } from "../bytes/index.ts";
import { looksLikeHttp2, looksLikeRequest, looksLikeResponse, type Target } from "../http/index.ts";
import type { EndCause, GapCause } from "../tcp/index.ts";
import { areRecords, createTlsConversation, looksLikeTls, type TlsConversation } from "../tls-parse/index.ts";
import type { ConnectionContext } from "./context.ts";
import { ExchangeList } from "./exchanges.ts";
import { HeldBytes } from "./held-bytes.ts";
import type { HttpConversation } from "./http-conversation.ts";
import { HttpPair, SKIP_ALL } from "./http-pair.ts";
import { Http2Pair } from "./http2-pair.ts";
import { Inside } from "./inside.ts";
import type { TunnelFact, TunnelProtocol, Unanswered } from "./types.ts";

type Role = "client" | "server";

/** One side's bookkeeping. */
interface SideState {
  bytes: number;
  first: Where | null;
  /** What was last said to be skippable. */
  announced: number;
  /** Whether it was said: not if the other side's bytes told the protocol, and with it what may be skipped of this one. */
  told: boolean;
  readonly held: HeldBytes;
}

/** A tunnel from its 2xx on. `server` is the side of the proxy. */
export class Tunnel {
  #target: Target;
  readonly #opened: Where | null;
  readonly #context: ConnectionContext;
  readonly #sides = { client: newSide(), server: newSide() };
  readonly #exchanges = new ExchangeList();
  #protocol: TunnelProtocol | null = null;
  #tls: TlsConversation | null = null;
  #http: HttpConversation | null = null;
  #inside: Inside | null = null;
  /** HTTP in the clear where TLS was expected. */
  #plaintext: HttpPair | null = null;
  /** Nothing of the server was given to TLS, and nothing of it is missing: it may still answer in the clear. */
  #mayAnswerInClear = true;

  constructor(target: Target, opened: Where | null, context: ConnectionContext) {
    this.#target = target;
    this.#opened = opened;
    this.#context = context;
  }

  /** Whether it carries TLS, as far as is known. */
  get isTls(): boolean {
    return this.#tls !== null;
  }

  /** Its CONNECT came to light only now. */
  leadsTo(target: Target): void {
    this.#target = target;
  }

  /** Bytes kept of what is not whole, or not known yet to be TLS, and of what is unusually much. */
  get kept(): number {
    const { client, server } = this.#sides;
    const read = (this.#tls?.kept ?? 0) + (this.#http?.kept ?? 0) + (this.#inside?.kept ?? 0);
    return client.held.kept + server.held.kept + read + this.#exchanges.unusualBytes;
  }

  /** Takes bytes of one side; returns how many behind them need only be counted. */
  push(from: Role, bytes: Uint8Array, start: number, end: number, frame: FrameNo, skippable: number): number {
    const side = this.#sides[from];
    this.#count(side, skippable);
    side.bytes += end - start;
    side.first ??= { frame, firstFrame: frame, at: 0, time: this.#context.now() };
    if (this.#protocol === null) this.#begin(from, bytes, start, end, frame);
    else this.#deliver(from, bytes, start, end, frame);
    return side.announced;
  }

  gap(from: Role, length: number, frame: FrameNo, cause: GapCause, skippable: number): number {
    const side = this.#sides[from];
    this.#count(side, skippable);
    if (this.#protocol === null) side.held.gap(frame, this.#context.now());
    else this.#deliverGap(from, length, cause, frame);
    return side.announced;
  }

  /** Takes what was held back of a side before the tunnel was open; returns how many bytes behind it need only be counted. */
  replay(from: Role, held: HeldBytes): number {
    held.replay(this.#context, ({ gap, bytes, frame }) => {
      if (gap) this.gap(from, 0, frame, "lost", this.skippable(from));
      else this.push(from, bytes, 0, bytes.length, frame, this.skippable(from));
    });
    return this.skippable(from);
  }

  /** Tells how many bytes of a side need only be counted now. */
  skippable(from: Role): number {
    const side = this.#sides[from];
    side.told = true;
    return side.announced;
  }

  end(from: Role, how: EndCause, frame: FrameNo): void {
    if (this.#protocol === null) this.#settle(this.#guess(true) ?? "unknown", null);
    if (from === "server") this.#giveBeginning(false);
    if (this.#plaintext !== null && from === "server") this.#plaintext.end(from, how, frame);
    else if (this.#tls !== null) this.#tls[from].end(how, frame);
    else this.#http?.end(from, how, frame);
  }

  /** The connection is over; `client` and `server` are what is still announced as skippable of each side. */
  close(why: Unanswered, client: number, server: number): void {
    this.#count(this.#sides.client, client);
    this.#count(this.#sides.server, server);
    this.#http?.close(why);
    this.#plaintext?.close(why);
    this.#inside?.close(why);
  }

  /** Counts what was skipped since the last call: the difference between what was announced and what is left of it. */
  #count(side: SideState, left: number): void {
    if (side.told) {
      side.bytes += side.announced - left;
      side.announced = left;
    }
    side.told = true;
  }

  fact(): TunnelFact {
    const { client, server } = this.#sides;
    const carried = client.bytes + server.bytes > 0;
    const inside = this.#inside;
    return {
      target: this.#target,
      opened: this.#opened,
      protocol: carried ? (this.#protocol ?? "unknown") : "none",
      clientBytes: client.bytes,
      serverBytes: server.bytes,
      firstClient: client.first,
      firstServer: server.first,
      tls: this.#tls?.facts ?? null,
      plaintextAnswer: this.#plaintext !== null,
      exchanges: this.#exchanges.sorted(),
      exchangesDropped: this.#exchanges.dropped,
      inside: this.#tls === null ? (this.#http !== null ? "full" : "none") : (inside?.read(this.#tls.facts) ?? "none"),
    };
  }

  /** First bytes: mostly they tell at once what the tunnel carries, and need not be held. */
  #begin(from: Role, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const { client, server } = this.#sides;
    if (client.held.empty && server.held.empty) {
      const protocol = protocolOf(from, bytes, start, end);
      // No server of HTTP speaks first: what was asked, maybe TLS, comes late or is lost.
      if (protocol !== "no" && protocol !== "more" && !(from === "server" && protocol === "http")) {
        this.#settle(protocol, from);
        this.#deliver(from, bytes, start, end, frame);
        return;
      }
    }
    const { held } = this.#sides[from];
    held.add(bytes, start, end, frame, this.#context.now());
    // Behind a loss only whole records tell, one behind the other: any bytes may look like one header.
    if (held.lacksBeginning && areRecords(bytes, start, end)) this.#settle("tls", from);
    else this.#identify(from);
  }

  /** Looks at what both sides began with. */
  #identify(from: Role): void {
    const protocol = this.#guess(false);
    if (protocol !== null) this.#settle(protocol, from);
    // Enough was seen, or too much is waiting.
    else if (this.#sides.client.held.length + this.#sides.server.held.length > 4096) {
      this.#settle(this.#guess(true) ?? "unknown", from);
    }
  }

  #guess(last: boolean): TunnelProtocol | null {
    const client = this.#sides.client.held.first;
    const server = this.#sides.server.held.first;
    let undecided = false;
    for (const [role, bytes] of [
      ["client", client],
      ["server", server],
    ] as const) {
      if (bytes === null) continue;
      const answer = protocolOf(role, bytes, 0, bytes.length);
      if (answer === "more" || (answer === "http" && !last && this.#mayFollow(role))) undecided = true;
      else if (answer !== "no") return answer;
    }
    if (undecided && !last) return null;
    // A server that begins with something unknown decides nothing before the client has begun, too: protocols differ in who speaks first.
    return last || client !== null ? "unknown" : null;
  }

  /** Whether what a server answers to may still come. */
  #mayFollow(role: Role): boolean {
    return role === "server" && this.#sides.client.held.empty;
  }

  /** `by`: the side whose bytes decided it, and whose caller is told what may be skipped. */
  #settle(protocol: TunnelProtocol, by: Role | null): void {
    this.#protocol = protocol;
    // What is no authority is none of a URL either: a piece of it would be taken for a path.
    const authority = this.#target.kind === "malformed" ? null : this.#target.text;
    if (protocol === "tls") {
      const opener = this.#context.opener();
      this.#inside =
        opener === null
          ? null
          : new Inside(this.#context, opener, this.#exchanges, authority, () => this.#tls?.facts.alpn ?? null);
      this.#tls = createTlsConversation({
        note: this.#context.note,
        now: this.#context.now,
        during: this.#context.during,
        opener,
        sink: this.#inside,
        transitions: this.#context.transitions,
      });
    } else if (protocol === "http2") {
      this.#http = new Http2Pair(this.#context, this.#exchanges, { scheme: "http", authority });
    } else if (protocol === "http") {
      const whole = this.#opened !== null;
      this.#http = new HttpPair(this.#context, this.#exchanges, { scheme: "http", authority }, whole);
    }
    for (const from of ["client", "server"] as const) {
      if (!this.#sides[from].held.empty && from !== by) this.#sides[from].told = false;
    }
    const waiting = { client: this.#sides.client.held.take(), server: this.#sides.server.held.take() };
    const next = { client: 0, server: 0 };
    for (;;) {
      const [asked, said] = [waiting.client[next.client], waiting.server[next.server]];
      // In the order in which they were captured: of what came with one frame a request comes before its response.
      const from = asked === undefined || (said !== undefined && said.frame < asked.frame) ? "server" : "client";
      const piece = from === "client" ? asked : said;
      if (piece === undefined) return;
      next[from]++;
      this.#context.during(piece.time, () => {
        if (piece.gap) this.#deliverGap(from, 0, "lost", piece.frame);
        else this.#deliver(from, piece.bytes, 0, piece.bytes.length, piece.frame);
      });
    }
  }

  #deliver(from: Role, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const side = this.#sides[from];
    if (this.#tls !== null) {
      if (from === "server" && this.#mayAnswerInClear && !this.#isTold(bytes, start, end, frame)) return;
      if (from === "server" && this.#plaintext !== null) {
        side.announced = this.#plaintext.push(from, bytes, start, end, frame, side.announced);
        return;
      }
      const sink = this.#tls[from];
      sink.skippable = side.announced;
      sink.push(bytes, start, end, frame);
      side.announced = sink.skippable;
    } else if (this.#http !== null) side.announced = this.#http.push(from, bytes, start, end, frame, side.announced);
    else side.announced = SKIP_ALL;
  }

  #deliverGap(from: Role, length: number, cause: GapCause, frame: FrameNo): void {
    const side = this.#sides[from];
    if (from === "server") this.#giveBeginning(false);
    if (this.#plaintext !== null && from === "server") {
      side.announced = this.#plaintext.gap(from, length, cause, frame, side.announced);
    } else if (this.#tls !== null) {
      const sink = this.#tls[from];
      sink.skippable = side.announced;
      sink.gap(length, cause, frame);
      side.announced = sink.skippable;
    } else if (this.#http !== null) side.announced = this.#http.gap(from, length, cause, frame, side.announced);
    else side.announced = SKIP_ALL;
  }

  /** Whether it is told if the server answers the ClientHello with HTTP in the clear; while it is not, its bytes are held. */
  #isTold(bytes: Uint8Array, start: number, end: number, frame: FrameNo): boolean {
    const { held } = this.#sides.server;
    const looks = held.empty ? looksLikeResponse(bytes, start, end) : "more";
    if (looks !== "more") {
      this.#tell(looks === "yes");
      return true;
    }
    held.add(bytes, start, end, frame, this.#context.now());
    const { first } = held;
    const joined = first === null ? "more" : looksLikeResponse(first, 0, first.length);
    if (joined !== "more") this.#giveBeginning(joined === "yes");
    return false;
  }

  #tell(inClear: boolean): void {
    this.#mayAnswerInClear = false;
    if (inClear)
      this.#plaintext = new HttpPair(this.#context, this.#exchanges, { scheme: "https", authority: null }, false);
  }

  /** Gives on what is held of the server's beginning. */
  #giveBeginning(inClear: boolean): void {
    if (this.#tls === null || !this.#mayAnswerInClear) return;
    this.#tell(inClear);
    for (const { bytes, frame, time } of this.#sides.server.held.take()) {
      this.#context.during(time, () => this.#deliver("server", bytes, 0, bytes.length, frame));
    }
  }
}

function newSide(): SideState {
  return { bytes: 0, first: null, announced: 0, told: true, held: new HeldBytes() };
}

/** Which protocol one side's first bytes belong to. */
function protocolOf(role: Role, bytes: Uint8Array, start: number, end: number): TunnelProtocol | "no" | "more" {
  const tls = looksLikeTls(bytes, start, end);
  if (tls === "yes") return "tls";
  if (startsWith(bytes, start, end, "SSH-")) return "ssh";
  if (role === "client") {
    const http2 = looksLikeHttp2("client", bytes, start, end);
    if (http2 !== "no") return http2 === "yes" ? "http2" : "more";
    if (startsWith(bytes, start, end, "EHLO ") || startsWith(bytes, start, end, "HELO ")) return "smtp";
    const request = looksLikeRequest(bytes, start, end);
    if (request !== "no") return request === "yes" ? "http" : "more";
  } else {
    const response = looksLikeResponse(bytes, start, end);
    if (response !== "no") return response === "yes" ? "http" : "more";
    // RFC 5321 §4.2: the greeting is a 220 reply; FTP's is one, too, but names no mail protocol.
    if (startsWith(bytes, start, end, "220")) return isMailGreeting(bytes, start, end) ? "smtp" : "no";
  }
  return tls === "more" ? "more" : "no";
}

function isMailGreeting(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start + 4; p + 4 <= end; p++)
    if (startsWith(bytes, p, end, "SMTP") || startsWith(bytes, p, end, "LMTP")) return true;
  return false;
}
