// Handshake messages out of record bodies: several in one record, one over several records (RFC 8446 §5.1).
import type { FrameNo, StreamOffset } from "../bytes/index.ts";
import { HANDSHAKE_HEADER, HANDSHAKE_STEPS, HELLO_REQUEST } from "./registry/handshake-types.ts";

/** So much of a message is kept: OpenSSL stops at 100 KiB of certificates, a ClientHello is some 2 KiB. */
const MAX_MESSAGE = 128 * 1024;

/**
 * A length beyond it is taken as a sign that no message is here; where that is not sure, one beyond what is kept, too. There are
 * clients that can be told to take a chain of more than 128 KiB, but nobody has one of a megabyte.
 */
const MAX_LENGTH = 1024 * 1024;

/** First size of the buffer of a message that arrives in pieces; it grows with what comes, not with what is promised. */
const FIRST_BUFFER = 512;

/** A message, or what is there of it: `bytes[start, end)` with its header. Valid during the call. */
export interface Message {
  type: number;
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Header included; more than `end - start` if it is cut, or longer than what is kept. */
  length: number;
  at: StreamOffset;
  firstFrame: FrameNo;
}

export interface MessageHandler {
  /** That messages are here: out of an opened record, or behind others and nothing was lost. Else it may be something encrypted. */
  readonly sure: boolean;
  /** A message is complete. Of a very long one only the first 128 KiB are given. */
  message(message: Message, frame: FrameNo): void;
  /** Of this message the rest will never come. */
  cut(message: Message, frame: FrameNo): void;
  /** What is here is no handshake message: encrypted, or damaged. The rest of the record is passed over. */
  noMessage(at: StreamOffset, frame: FrameNo): void;
}

/** The messages of one direction. */
export class HandshakeReader {
  readonly #handler: MessageHandler;
  readonly #message: Message = { type: 0, bytes: NOTHING, start: 0, end: 0, length: 0, at: 0, firstFrame: 0 };
  /** The header as far as it is there, as a number. */
  #header = 0;
  #headerBytes = 0;
  /** Bytes of the record's body from the header on. */
  #left = 0;
  /** Of the message that has begun: bytes that are still to come; 0 between messages. */
  #missing = 0;
  /** The message that has begun has a hole: it is passed over. */
  #passing = false;
  /** The rest of this record is no handshake message. */
  #deaf = false;
  /** What came of the message so far; null while nothing had to be kept. */
  #buffer: Uint8Array | null = null;
  #kept = 0;

  constructor(handler: MessageHandler) {
    this.#handler = handler;
  }

  /** Bytes of the message that has begun. */
  get kept(): number {
    return this.#buffer?.length ?? 0;
  }

  /** A record begins: where no message is under way, one begins with it. */
  beginRecord(): void {
    this.#deaf = false;
  }

  /**
   * Takes a piece of a record's body whose first byte is at `at` of its direction. `left`: bytes of the body from there on,
   * this piece included. `firstFrame`: that of messages which begin in it.
   */
  feed(
    bytes: Uint8Array,
    start: number,
    end: number,
    at: StreamOffset,
    left: number,
    firstFrame: FrameNo,
    frame: FrameNo,
  ): void {
    let p = start;
    while (p < end && !this.#deaf) {
      if (this.#headerBytes === 0) {
        this.#message.at = at + (p - start);
        this.#message.firstFrame = firstFrame;
        this.#left = left - (p - start);
      }
      p = this.#missing > 0 ? this.#readBody(bytes, p, end, frame) : this.#readHeader(bytes, p, end, frame);
    }
  }

  /** `length` bytes of the record are missing. */
  hole(length: number, frame: FrameNo): void {
    if (this.#missing >= length && this.#headerBytes === HANDSHAKE_HEADER) {
      this.#cut(frame);
      this.#passing = true;
      this.#missing -= length;
      if (this.#missing === 0) this.#reset();
    } else {
      this.lose(frame);
      this.#deaf = true;
    }
  }

  /** Nothing more is known of the message under way. */
  lose(frame: FrameNo): void {
    this.#cut(frame);
    this.#reset();
  }

  #readHeader(bytes: Uint8Array, start: number, end: number, frame: FrameNo): number {
    const message = this.#message;
    let p = start;
    while (p < end && this.#headerBytes < HANDSHAKE_HEADER) {
      this.#header = (this.#header << 8) | bytes[p++]!;
      this.#headerBytes++;
    }
    if (this.#headerBytes < HANDSHAKE_HEADER) return p;
    const type = this.#header >>> 24;
    const length = this.#header & 0xffffff;
    // A HelloRequest is empty and alone: four zero bytes elsewhere are the nonce of an encrypted message.
    const known =
      type === HELLO_REQUEST ? length === 0 && this.#left === HANDSHAKE_HEADER : HANDSHAKE_STEPS[type] !== undefined;
    if (!known || HANDSHAKE_HEADER + length > (this.#handler.sure ? MAX_LENGTH : MAX_MESSAGE)) {
      this.#reset();
      this.#deaf = true;
      this.#handler.noMessage(message.at, frame);
      return end;
    }
    message.type = type;
    message.length = HANDSHAKE_HEADER + length;
    this.#missing = length;
    if (length === 0) this.#complete(this.#headerCopy(), 0, HANDSHAKE_HEADER, frame);
    // In one piece with its header: nothing is copied.
    else if (p - start === HANDSHAKE_HEADER && end - p >= length) {
      this.#complete(bytes, start, p + length, frame);
      return p + length;
    }
    return p;
  }

  #readBody(bytes: Uint8Array, start: number, end: number, frame: FrameNo): number {
    const stop = Math.min(end, start + this.#missing);
    this.#missing -= stop - start;
    if (!this.#passing) this.#keep(bytes, start, stop);
    if (this.#missing > 0) return stop;
    if (this.#passing) this.#reset();
    else this.#complete(this.#buffer!, 0, this.#kept, frame);
    return stop;
  }

  #keep(bytes: Uint8Array, start: number, stop: number): void {
    const end = Math.min(stop, start + MAX_MESSAGE - Math.max(HANDSHAKE_HEADER, this.#kept));
    const size = this.#kept + (end - start);
    if (this.#buffer === null) {
      this.#buffer = new Uint8Array(Math.max(FIRST_BUFFER, HANDSHAKE_HEADER + end - start));
      this.#buffer.set(this.#headerCopy());
      this.#kept = HANDSHAKE_HEADER;
    } else if (size > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(MAX_MESSAGE, Math.max(size, 2 * this.#buffer.length)));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes.subarray(start, end), this.#kept);
    this.#kept += end - start;
  }

  #complete(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const message = this.#message;
    message.bytes = bytes;
    message.start = start;
    message.end = end;
    this.#reset();
    this.#handler.message(message, frame);
  }

  #cut(frame: FrameNo): void {
    if (this.#missing === 0 || this.#passing || this.#kept === 0) return;
    const message = this.#message;
    message.bytes = this.#buffer!;
    message.start = 0;
    message.end = this.#kept;
    this.#handler.cut(message, frame);
  }

  #reset(): void {
    this.#header = 0;
    this.#headerBytes = 0;
    this.#missing = 0;
    this.#passing = false;
    this.#buffer = null;
    this.#kept = 0;
  }

  #headerCopy(): Uint8Array {
    const { type, length } = this.#message;
    const body = length - HANDSHAKE_HEADER;
    return Uint8Array.of(type, body >>> 16, body >>> 8, body);
  }
}

const NOTHING = new Uint8Array(0);
