// A connection whose first payload came out of order or in a few bytes: what becomes of it is asked when enough of it is there.
import type { FrameNo, Nanos, Side } from "../bytes/index.ts";
import type { ByteSink, Conversation, EndCause, GapCause, TcpConnection } from "../tcp/index.ts";
import { ConnectionContext, type ProxyContext } from "./context.ts";
import { beginningNeeded, type Role, roleByBeginning, roleOf } from "./detect.ts";
import { PIECE_BYTES } from "./held-bytes.ts";
import { joined } from "./joined.ts";
import type { PassedOver } from "./passed-over.ts";
import { namedByHeader, proxyHeaderLength } from "./proxy-header.ts";

/** What came before it was decided, in order. */
type Waiting = { readonly side: Side; readonly frame: FrameNo; readonly time: Nanos } & (
  | { readonly kind: "bytes"; bytes: Uint8Array }
  | { readonly kind: "gap"; readonly length: number; readonly cause: GapCause }
  | { readonly kind: "end"; readonly how: EndCause }
);

/** Waits for the beginning of a side, then gives all to the conversation that is made for it. */
export class UndecidedConversation implements Conversation {
  readonly sinks: readonly [UndecidedSink, UndecidedSink];
  readonly #connection: TcpConnection;
  readonly #context: ConnectionContext;
  readonly #make: (role: Role, context: ProxyContext) => Conversation;
  readonly #passedOver: PassedOver;
  readonly #waiting: Waiting[] = [];
  readonly #begun: [Uint8Array, Uint8Array] = [NOTHING, NOTHING];
  #decided: Conversation | null = null;
  #unwanted = false;
  /** The client's first bytes may still be a load balancer's. */
  #mayHaveHeader = true;

  /** `make` makes the conversation for what the connection turns out to be; to `passedOver` it goes if it is none. */
  constructor(
    connection: TcpConnection,
    context: ProxyContext,
    make: (role: Role, context: ProxyContext) => Conversation,
    passedOver: PassedOver,
  ) {
    this.#connection = connection;
    this.#context = new ConnectionContext(context);
    this.#make = make;
    this.#passedOver = passedOver;
    this.sinks = [new UndecidedSink(this, 0), new UndecidedSink(this, 1)];
  }

  get abandoned(): boolean {
    return this.#unwanted || (this.#decided?.abandoned ?? false);
  }

  get kept(): number {
    const [first, second] = this.#begun;
    // Each byte of a beginning stands in a piece that waits, too.
    return this.#decided?.kept ?? 2 * (first.length + second.length) + PIECE_BYTES * this.#waiting.length;
  }

  /** The sink of a side; null as long as nothing is decided. */
  sinkOf(side: Side): ByteSink | null {
    return this.#decided?.sinks[side] ?? null;
  }

  push(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const copy = bytes.slice(start, end);
    this.#waiting.push({ kind: "bytes", side, bytes: copy, frame, time: this.#context.now() });
    this.#begun[side] = joined(this.#begun[side], copy);
    if (!this.#withoutHeader(side)) return;
    const begun = this.#begun[side];
    if (begun.length < beginningNeeded(begun)) return;
    const role = roleByBeginning(this.#connection, side, begun, this.#context);
    if (role === null) this.#passOver(side, frame);
    else this.#decide(role);
  }

  #passOver(side: Side, frame: FrameNo): void {
    this.#unwanted = true;
    const { endpoints, initiator } = this.#connection;
    if (side !== initiator) return;
    this.#passedOver.lookAt(this.#begun[side], endpoints[side === 0 ? 1 : 0], frame, this.#context.known);
  }

  /** Takes away what a load balancer sent in front of what its client said; false if that is not whole yet. */
  #withoutHeader(side: Side): boolean {
    if (!this.#mayHaveHeader || side !== (this.#connection.initiator ?? side)) return true;
    const begun = this.#begun[side];
    const header = proxyHeaderLength(begun, 0, begun.length);
    if (header === null || header > begun.length) return false;
    this.#mayHaveHeader = false;
    if (header === 0) return true;
    const named = namedByHeader(begun, 0, header);
    const { frame } = this.#waiting.at(-1)!;
    if (named !== null) this.#context.namedClient = { ...named, frame, time: this.#context.now() };
    this.#begun[side] = begun.subarray(header);
    let over = header;
    for (const one of this.#waiting) {
      if (one.kind !== "bytes" || one.side !== side) continue;
      const cut = Math.min(over, one.bytes.length);
      one.bytes = one.bytes.subarray(cut);
      over -= cut;
    }
    return true;
  }

  gap(side: Side, length: number, cause: GapCause, frame: FrameNo): void {
    this.#waiting.push({ kind: "gap", side, length, cause, frame, time: this.#context.now() });
    // Its beginning is lost.
    if (cause !== "late-start") this.#decide(roleOf(this.#connection, this.#context.known));
  }

  end(side: Side, how: EndCause, frame: FrameNo): void {
    this.#waiting.push({ kind: "end", side, how, frame, time: this.#context.now() });
  }

  closed(): void {
    if (this.#decided === null) this.#decide(roleOf(this.#connection, this.#context.known));
    if (!this.abandoned) this.#decided?.closed();
  }

  #decide(role: Role): void {
    const conversation = this.#make(role, this.#context);
    this.#decided = conversation;
    for (const one of this.#waiting.splice(0)) {
      if (conversation.abandoned) return;
      const sink = conversation.sinks[one.side];
      this.#context.during(one.time, () => {
        if (one.kind === "bytes") {
          if (one.bytes.length > 0) sink.push(one.bytes, 0, one.bytes.length, one.frame);
        } else if (one.kind === "gap") sink.gap(one.length, one.cause, one.frame);
        else sink.end(one.how, one.frame);
      });
    }
  }
}

class UndecidedSink implements ByteSink {
  readonly #conversation: UndecidedConversation;
  readonly #side: Side;

  constructor(conversation: UndecidedConversation, side: Side) {
    this.#conversation = conversation;
    this.#side = side;
  }

  get skippable(): number {
    return this.#conversation.sinkOf(this.#side)?.skippable ?? 0;
  }

  set skippable(bytes: number) {
    const sink = this.#conversation.sinkOf(this.#side);
    if (sink !== null) sink.skippable = bytes;
  }

  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const sink = this.#conversation.sinkOf(this.#side);
    if (sink === null) this.#conversation.push(this.#side, bytes, start, end, frame);
    else sink.push(bytes, start, end, frame);
  }

  gap(length: number, cause: GapCause, frame: FrameNo): void {
    const sink = this.#conversation.sinkOf(this.#side);
    if (sink === null) this.#conversation.gap(this.#side, length, cause, frame);
    else sink.gap(length, cause, frame);
  }

  end(how: EndCause, frame: FrameNo): void {
    const sink = this.#conversation.sinkOf(this.#side);
    if (sink === null) this.#conversation.end(this.#side, how, frame);
    else sink.end(how, frame);
  }
}

const NOTHING = new Uint8Array(0);
