// What tcp and the HTTP parsers call of a conversation: thin sinks that hand on to the one who listens.
import type { FrameNo, Side } from "../bytes/index.ts";
import type { BodyRule, HttpHead, HttpSink, RequestHead, ResponseHead } from "../http/index.ts";
import type { ByteSink, EndCause, GapCause } from "../tcp/index.ts";

/** What a conversation takes. `take` and `gap` return how much may be skipped next. */
export interface Listener {
  take(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameNo, skippable: number): number;
  gap(side: Side, length: number, cause: GapCause, frame: FrameNo, skippable: number): number;
  end(side: Side, how: EndCause, frame: FrameNo): void;
  requestHead(head: RequestHead): BodyRule;
  requestDone(bytes: number): void;
  responseHead(head: ResponseHead): BodyRule;
  look(bytes: Uint8Array, start: number, end: number): void;
  responseDone(bytes: number): void;
}

/** What the parser of requests tells. */
export class RequestSink implements HttpSink {
  readonly #conversation: Listener;

  constructor(conversation: Listener) {
    this.#conversation = conversation;
  }

  head(head: HttpHead): BodyRule {
    return head.kind === "request" ? this.#conversation.requestHead(head) : "framed";
  }

  message(_frame: FrameNo, _whole: boolean, bytes: number): void {
    this.#conversation.requestDone(bytes);
  }
}

/** What the parser of responses tells. */
export class ResponseSink implements HttpSink {
  readonly #conversation: Listener;

  constructor(conversation: Listener) {
    this.#conversation = conversation;
  }

  head(head: HttpHead): BodyRule {
    return head.kind === "response" ? this.#conversation.responseHead(head) : "framed";
  }

  body(bytes: Uint8Array, start: number, end: number): void {
    this.#conversation.look(bytes, start, end);
  }

  message(_frame: FrameNo, _whole: boolean, bytes: number): void {
    this.#conversation.responseDone(bytes);
  }
}

/** What tcp pushes into: hands everything to the conversation and shows it how much may be skipped. */
export class DirectionSink implements ByteSink {
  skippable = 0;
  readonly #conversation: Listener;
  readonly #side: Side;

  constructor(conversation: Listener, side: Side) {
    this.#conversation = conversation;
    this.#side = side;
  }

  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    this.skippable = this.#conversation.take(this.#side, bytes, start, end, frame, this.skippable);
  }

  gap(length: number, cause: GapCause, frame: FrameNo): void {
    this.skippable = this.#conversation.gap(this.#side, length, cause, frame, this.skippable);
  }

  end(how: EndCause, frame: FrameNo): void {
    this.#conversation.end(this.#side, how, frame);
  }
}
