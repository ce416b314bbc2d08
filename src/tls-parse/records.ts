// The record layer of one direction: where each record begins and ends, however it is cut (RFC 8446 §5.1, RFC 5246 §6.2.1).
import type { FrameNo, Nanos, NoteSink, StreamOffset } from "../bytes/index.ts";
import type { ByteSink, EndCause, GapCause } from "../tcp/index.ts";
import { isRecordHeader, isRecordVersion, isSslv2Header, MAX_CIPHERTEXT, RECORD_HEADER } from "./looks-like.ts";
import { giveRecordBuffer, recordBuffer } from "./record-buffers.ts";
import { CHANGE_CIPHER_SPEC, HANDSHAKE, HEARTBEAT } from "./registry/versions.ts";

/** How a body is wanted. */
export type BodyMode =
  /** Not at all. */
  | "skip"
  /** Piece by piece, as it comes. */
  | "stream"
  /** In one piece. */
  | "whole";

/** The record that is being read; one object per direction, overwritten by each. */
export interface RecordView {
  type: number;
  /** As the header says; at most 65,535. */
  version: number;
  length: number;
  /** Bytes of the body before the piece that is given. */
  offset: number;
  /** Offset of its header. */
  at: StreamOffset;
  firstFrame: FrameNo;
  /** Bytes of the body are missing. */
  broken: boolean;
  /** It came first behind a loss: that it is a record is only likely. */
  tentative: boolean;
}

/** What a direction does with its records. */
export interface RecordHandler {
  /** Whether the next record has to wait for the other direction; see turns.ts. */
  readonly waits: boolean;
  /** More waits than is kept: the direction goes on without the other one. */
  overdue(): void;
  /** Time of the frame being worked on. */
  timeOf(frame: FrameNo): Nanos;
  /** Runs `action` with that time at `time`. */
  during(time: Nanos, action: () => void): void;
  /** A header was read. "whole" may be asked for bodies of up to `MAX_CIPHERTEXT` bytes only. */
  begin(record: RecordView, frame: FrameNo): BodyMode;
  /** A piece of a body that is streamed, or what there is of a body that was wanted whole and will not be. */
  piece(record: RecordView, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void;
  /** `length` bytes of the body are missing behind the last piece. Returns how the rest is wanted, not "whole". */
  hole(record: RecordView, length: number, frame: FrameNo): BodyMode;
  /** A body that was wanted whole. */
  whole(record: RecordView, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void;
  /** The last byte of the body has passed. */
  finish(record: RecordView, frame: FrameNo): void;
  /** Records can't be told from here on; `record` is the one that was not finished. `missing`: bytes, 0 if not known. */
  lost(record: RecordView | null, missing: number, frame: FrameNo): void;
  /** An SSLv2 CLIENT-HELLO begins here; `pieces` of its `length` bytes follow as those of a streamed body. */
  sslv2(record: RecordView, frame: FrameNo): void;
  /** Bytes that are no record begin at `at`. */
  notTls(at: StreamOffset, frame: FrameNo): void;
  ended(how: EndCause, frame: FrameNo): void;
}

type State = "header" | "body" | "lost" | "given-up";

/**
 * Bytes that are searched for the next record behind a loss. A record is at most 18 KiB: where none begins in 256 KiB
 * there is no TLS any more.
 */
const MAX_SEARCH = 256 * 1024;

/** What waits for the other direction was recorded microseconds too early: a flight with a client certificate (RFC 8446 §4.4.2) fits. */
const MAX_WAITING = 16 * 1024;

/** Bytes that wait for the other direction, in pieces as they came. */
interface Waiting {
  readonly pieces: { readonly bytes: Uint8Array; readonly frame: FrameNo; readonly time: Nanos }[];
  length: number;
}

/** Enough for any connection; tcp then only counts. */
const SKIP_ALL = Number.MAX_SAFE_INTEGER;

export class RecordReader implements ByteSink {
  skippable = 0;
  readonly #handler: RecordHandler;
  readonly #note: NoteSink;
  #state: State = "header";
  /** What `skippable` was when it was last set here. */
  #announced = 0;
  /** Offset of the next byte. */
  #at: StreamOffset = 0;
  /** The last bytes of a header that is not complete, the newest lowest; how many. */
  #head = 0;
  #headBytes = 0;
  #headFrame: FrameNo = 0;
  readonly #record: RecordView = {
    type: 0,
    version: 0,
    length: 0,
    offset: 0,
    at: 0,
    firstFrame: 0,
    broken: false,
    tentative: false,
  };
  #mode: BodyMode = "skip";
  #remaining = 0;
  #buffer: Uint8Array | null = null;
  /** Version of this direction's last record; 0 before the first. */
  #version = 0;
  #searched = 0;
  /** The last record was tentative and is complete; another one behind it confirms it. */
  #unconfirmed = false;
  #waiting: Waiting | null = null;
  #peer: RecordReader | null = null;

  constructor(handler: RecordHandler, note: NoteSink) {
    this.#handler = handler;
    this.#note = note;
  }

  /** Bytes of a record that is not whole, or that waits for the other direction. */
  get kept(): number {
    return (this.#buffer?.length ?? 0) + (this.#waiting?.length ?? 0);
  }

  /** Names the other direction, which may wait for this one and this one for it. */
  meet(peer: RecordReader): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    if (this.#waiting === null) this.#read(bytes, start, end, frame);
    else this.#wait(this.#waiting, bytes, start, end, frame);
    this.#resumePeer();
  }

  #read(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    this.#countPassed();
    let p = start;
    while (p < end) {
      switch (this.#state) {
        case "header":
          if (this.#headBytes === 0 && this.#handler.waits) {
            this.#waiting = { pieces: [], length: 0 };
            this.#announce();
            this.#wait(this.#waiting, bytes, p, end, frame);
            return;
          }
          p = this.#readHeader(bytes, p, end, frame);
          break;
        case "body":
          p = this.#readBody(bytes, p, end, frame);
          break;
        case "lost":
          p = this.#search(bytes, p, end, frame);
          break;
        case "given-up":
          this.#at += end - p;
          p = end;
      }
    }
    this.#announce();
  }

  gap(length: number, cause: GapCause, frame: FrameNo): void {
    this.#goOn();
    this.#countPassed();
    const inside = this.#state === "body" && length > 0 && length <= this.#remaining;
    // What was before a late start belongs to no record that is known.
    if (cause !== "late-start") this.#note({ id: "tls-gap", frame, at: this.#at, detail: { length, cause } });
    this.#at += length;
    if (inside) this.#loseInside(length, frame);
    else if (this.#state !== "given-up") {
      this.#lose(length, frame);
    }
    this.#announce();
    this.#resumePeer();
  }

  end(how: EndCause, frame: FrameNo): void {
    this.#goOn();
    if (this.#unconfirmed) this.#confirm(frame);
    this.#givePart(frame);
    this.#handler.ended(how, frame);
    this.#resumePeer();
  }

  // --- waiting for the other direction

  #resumePeer(): void {
    const peer = this.#peer;
    if (peer === null || peer.#waiting === null || peer.#handler.waits) return;
    peer.#giveWaiting(peer.#waiting);
    // Whoever pushes into that direction was told that nothing may be skipped.
    peer.skippable = 0;
    peer.#announced = 0;
  }

  #wait(waiting: Waiting, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    waiting.pieces.push({ bytes: bytes.slice(start, end), frame, time: this.#handler.timeOf(frame) });
    waiting.length += end - start;
    if (waiting.length > MAX_WAITING) this.#goOn();
  }

  /** Does not wait any longer, whatever the other direction may still bring. */
  #goOn(): void {
    if (this.#waiting === null) return;
    this.#handler.overdue();
    this.#giveWaiting(this.#waiting);
  }

  #giveWaiting({ pieces }: Waiting): void {
    this.#waiting = null;
    for (const { bytes, frame, time } of pieces) {
      this.#handler.during(time, () => this.push(bytes, 0, bytes.length, frame));
    }
  }

  // --- records

  /** Bytes that tcp passed over were all inside the body of this record. */
  #countPassed(): void {
    const passed = this.#announced - this.skippable;
    this.#announced = this.skippable;
    this.#at += passed;
    if (this.#state === "body") this.#remaining -= passed;
  }

  #announce(): void {
    if (this.#state === "given-up") this.skippable = SKIP_ALL;
    else this.skippable = this.#state === "body" && this.#mode === "skip" ? this.#remaining : 0;
    this.#announced = this.skippable;
  }

  #readHeader(bytes: Uint8Array, start: number, end: number, frame: FrameNo): number {
    if (this.#headBytes === 0) {
      this.#headFrame = frame;
      if (end - start >= RECORD_HEADER) {
        this.#at += RECORD_HEADER;
        const version = (bytes[start + 1]! << 8) | bytes[start + 2]!;
        this.#takeHeader(bytes[start]!, version, (bytes[start + 3]! << 8) | bytes[start + 4]!, frame);
        return start + RECORD_HEADER;
      }
    }
    let p = start;
    while (p < end && this.#headBytes < RECORD_HEADER) {
      // 40 bits: more than bit operations hold.
      this.#head = this.#head * 256 + bytes[p++]!;
      this.#headBytes++;
    }
    this.#at += p - start;
    if (this.#headBytes < RECORD_HEADER) return p;
    const head = this.#head;
    this.#head = 0;
    this.#headBytes = 0;
    this.#takeHeader(Math.floor(head / 2 ** 32), (head >>> 16) & 0xffff, head & 0xffff, frame);
    return p;
  }

  /** Five bytes where a header should be. */
  #takeHeader(type: number, version: number, length: number, frame: FrameNo): void {
    if (isRecordVersion(version) && this.#isExpected(type, version)) this.#begin(type, version, length, frame);
    else if (this.#at === RECORD_HEADER && isSslv2Header(type, version, length)) {
      this.#beginSslv2(type, version, length, frame);
    } else this.#leaveTls(version, length, frame);
  }

  /** Types that are not known are passed over where all the rest says that a record is here. */
  #isExpected(type: number, version: number): boolean {
    return (type >= CHANGE_CIPHER_SPEC && type <= HEARTBEAT) || (version === this.#version && !this.#unconfirmed);
  }

  /** All records say one version, but for the first: an initial ClientHello says an older one (RFC 8446 §5.1, RFC 5246 §E.1). */
  #mayFollow(version: number): boolean {
    const { type, at } = this.#record;
    return this.#version === 0 || version === this.#version || (type === HANDSHAKE && at === 0);
  }

  #begin(type: number, version: number, length: number, frame: FrameNo): void {
    const record = this.#record;
    if (this.#unconfirmed) this.#confirm(frame);
    record.type = type;
    record.version = version;
    record.length = length;
    record.at = this.#at - RECORD_HEADER;
    record.firstFrame = this.#headFrame;
    record.broken = false;
    record.tentative = this.#state === "lost";
    this.#version = version;
    if (length > MAX_CIPHERTEXT) {
      this.#note({ id: "tls-record-too-long", frame, at: record.at, detail: { length, max: MAX_CIPHERTEXT } });
    } else if (type < CHANGE_CIPHER_SPEC || type > HEARTBEAT) {
      this.#note({ id: "tls-not-tls", frame, at: record.at, detail: { contentType: type } });
    }
    this.#mode = this.#handler.begin(record, frame);
    this.#enterBody(length, frame);
  }

  #beginSslv2(b0: number, b1b2: number, b3b4: number, frame: FrameNo): void {
    const record = this.#record;
    record.type = 0;
    record.version = b3b4;
    // RFC 5246 §E.2: the highest bit is set, the other 15 are the length; three bytes behind it were read.
    record.length = ((b0 & 0x7f) << 8) | (b1b2 >> 8);
    record.at = this.#at - RECORD_HEADER;
    record.firstFrame = this.#headFrame;
    record.broken = false;
    record.tentative = false;
    this.#mode = "stream";
    record.offset = 0;
    this.#handler.sslv2(record, frame);
    const first = Uint8Array.of(b1b2, b3b4 >> 8, b3b4);
    this.#handler.piece(record, first, 0, Math.min(first.length, record.length), frame);
    this.#enterBody(Math.max(0, record.length - first.length), frame);
  }

  #enterBody(length: number, frame: FrameNo): void {
    this.#remaining = length;
    this.#state = "body";
    if (length === 0) this.#readBody(NOTHING, 0, 0, frame);
  }

  #readBody(bytes: Uint8Array, start: number, end: number, frame: FrameNo): number {
    const stop = Math.min(end, start + this.#remaining);
    const record = this.#record;
    record.offset = record.length - this.#remaining;
    this.#at += stop - start;
    this.#remaining -= stop - start;
    if (this.#mode === "stream") this.#handler.piece(record, bytes, start, stop, frame);
    else if (this.#mode === "whole") this.#collect(bytes, start, stop, frame);
    if (this.#remaining === 0) this.#finish(frame);
    return stop;
  }

  /** In place if the body is here in one piece, else by way of a buffer. */
  #collect(bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const { length, offset } = this.#record;
    if (end - start === length) {
      this.#handler.whole(this.#record, bytes, start, end, frame);
      return;
    }
    this.#buffer = recordBuffer(this.#buffer, offset + end - start, length);
    this.#buffer.set(bytes.subarray(start, end), offset);
    if (this.#remaining > 0) return;
    this.#record.offset = 0;
    this.#handler.whole(this.#record, this.#buffer, 0, length, frame);
  }

  #finish(frame: FrameNo): void {
    this.#release();
    this.#state = "header";
    this.#unconfirmed = this.#record.tentative;
    this.#handler.finish(this.#record, frame);
  }

  /** What was collected of a body that will not be whole. */
  #givePart(frame: FrameNo): void {
    if (this.#buffer === null) return;
    const record = this.#record;
    record.offset = 0;
    this.#handler.piece(record, this.#buffer, 0, record.length - this.#remaining, frame);
    this.#release();
  }

  #release(): void {
    if (this.#buffer !== null) giveRecordBuffer(this.#buffer);
    this.#buffer = null;
  }

  /** The record's length says where the next one begins: only this one is damaged. */
  #loseInside(length: number, frame: FrameNo): void {
    const record = this.#record;
    record.broken = true;
    this.#givePart(frame);
    this.#remaining -= length;
    if (this.#mode !== "skip") this.#mode = this.#handler.hole(record, length, frame);
    if (this.#remaining === 0) this.#finish(frame);
  }

  #lose(missing: number, frame: FrameNo): void {
    const unfinished = this.#state === "body" ? this.#record : null;
    this.#givePart(frame);
    this.#seek();
    this.#handler.lost(unfinished, missing, frame);
  }

  #seek(): void {
    this.#state = "lost";
    this.#head = 0;
    this.#headBytes = 0;
    this.#searched = 0;
    this.#unconfirmed = false;
  }

  #leaveTls(version: number, length: number, frame: FrameNo): void {
    const at = this.#at - RECORD_HEADER;
    this.#note({ id: "tls-not-tls", frame, at });
    this.#seek();
    this.#handler.notTls(at, frame);
    // A record may begin within the five bytes.
    this.#head = (version << 16) | length;
    this.#headBytes = RECORD_HEADER - 1;
  }

  /** Looks for the next header, one byte after the other; its first bytes may have come with an earlier push. */
  #search(bytes: Uint8Array, start: number, end: number, frame: FrameNo): number {
    let head = this.#head | 0;
    const stop = Math.min(end, start + MAX_SEARCH - this.#searched);
    for (let p = start; p < stop; p++) {
      // The last four bytes are in `head`: type, version, first byte of the length.
      if (((head >>> 16) & 0xff) === 3 && this.#headBytes === RECORD_HEADER - 1) {
        const type = head >>> 24;
        const version = (head >>> 8) & 0xffff;
        const length = ((head & 0xff) << 8) | bytes[p]!;
        if (isRecordHeader(type, version, length) && this.#mayFollow(version)) {
          this.#at += p + 1 - start;
          this.#head = 0;
          this.#headBytes = 0;
          this.#headFrame = frame;
          this.#begin(type, version, length, frame);
          return p + 1;
        }
      }
      head = (head << 8) | bytes[p]!;
      if (this.#headBytes < RECORD_HEADER - 1) this.#headBytes++;
    }
    this.#head = head;
    this.#at += stop - start;
    this.#searched += stop - start;
    if (this.#searched === MAX_SEARCH) this.#state = "given-up";
    return stop;
  }

  #confirm(frame: FrameNo): void {
    this.#unconfirmed = false;
    this.#note({ id: "tls-resynchronised", frame, at: this.#record.at });
  }
}

const NOTHING = new Uint8Array(0);
