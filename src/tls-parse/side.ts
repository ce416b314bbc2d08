// One direction of a TLS connection: what each record is, which are protected, and what becomes of them.
import type { FrameNo, Nanos, StreamOffset, Where } from "../bytes/index.ts";
import type { EndCause } from "../tcp/index.ts";
import type { Connection } from "./connection.ts";
import { placeOf } from "./facts.ts";
import { HandshakeReader, type Message, type MessageHandler } from "./handshake.ts";
import { MAX_CIPHERTEXT, RECORD_HEADER } from "./looks-like.ts";
import type { BodyMode, RecordHandler, RecordView } from "./records.ts";
import { alertName, CLOSE_NOTIFY } from "./registry/alerts.ts";
import { END_OF_EARLY_DATA, FINISHED, KEY_UPDATE } from "./registry/handshake-types.ts";
import {
  ALERT,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  HANDSHAKE,
  HEARTBEAT,
  isTls13,
  RECORD_KINDS,
} from "./registry/versions.ts";
import type { TlsRole } from "./types.ts";

/** What happened to the record's protection. */
type Outcome =
  /** It has none. */
  | "plain"
  /** It was opened. */
  | "opened"
  /** Keys are there, and it does not open, or bytes of it are missing. */
  | "damaged"
  /** No keys. */
  | "closed"
  /** The opener's owner does not need it. */
  | "passed";

/** Bytes of a plaintext alert (RFC 8446 §6). An encrypted one has at least a tag or a MAC, too. */
const ALERT_BYTES = 2;

export class Side implements RecordHandler, MessageHandler {
  readonly #role: TlsRole;
  readonly #connection: Connection;
  readonly #messages = new HandshakeReader(this);
  /** Up to TLS 1.2: this side's records are encrypted, since it sent ChangeCipherSpec. */
  #ciphered = false;
  /** Bytes were lost: a ChangeCipherSpec may have been among them. */
  #lossy = false;
  /** A handshake message was read: what follows is plaintext until ChangeCipherSpec. */
  #spoke = false;
  /** Of the record being read. */
  #outcome: Outcome = "plain";
  /** Its body went through `open`. */
  #tried = false;
  #firstTime: Nanos = 0n;
  #alertLevel = 0;
  #alertDescription = 0;
  /** Messages come out of an opened record. */
  #decrypted = false;
  /** The last record of application data was opened with keys that are still in use. */
  #open = false;
  /** Plaintext was given to the sink. */
  #gave = false;
  #ended = false;
  /** The last record may have been a close_notify that was not opened. */
  #maybeClosing = false;
  /** An SSLv2 hello on its way. */
  #sslv2: Uint8Array | null = null;

  constructor(role: TlsRole, connection: Connection) {
    this.#role = role;
    this.#connection = connection;
  }

  /** Bytes of a message that is not whole. */
  get kept(): number {
    return this.#messages.kept;
  }

  get waits(): boolean {
    const { turns } = this.#connection;
    return this.#role === "client" ? turns.clientWaits : turns.serverWaits;
  }

  overdue(): void {
    this.#connection.turns.giveUp();
  }

  timeOf(frame: FrameNo): Nanos {
    return this.#connection.clock.timeOf(frame);
  }

  during(time: Nanos, action: () => void): void {
    const { during } = this.#connection.setup;
    if (during === undefined) action();
    else during(time, action);
  }

  begin(record: RecordView, frame: FrameNo): BodyMode {
    const { facts, setup, turns } = this.#connection;
    this.#outcome = "plain";
    this.#tried = false;
    if (record.type === CHANGE_CIPHER_SPEC) return "skip";
    if (record.type !== HANDSHAKE && this.#role === "client") turns.clientRecord();
    if (!this.#isProtected(record)) {
      if (record.type === ALERT) return "stream";
      if (record.type !== HANDSHAKE) return "skip";
      this.#messages.beginRecord();
      // In one piece, so that messages are seen in the frame that completes their record, as Wireshark shows them.
      return record.length <= MAX_CIPHERTEXT ? "whole" : "stream";
    }
    if (facts.wantsMarks) this.#firstTime = this.#connection.clock.timeOf(frame);
    const wanted =
      record.length <= MAX_CIPHERTEXT && (setup.opener?.wants(this.#role, record.type, record.length) ?? false);
    if (wanted) this.#outcome = "damaged";
    else this.#outcome = this.#open && record.type === APPLICATION_DATA ? "passed" : "closed";
    return wanted ? "whole" : "skip";
  }

  piece(record: RecordView, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    const { offset, firstFrame } = record;
    if (this.#sslv2 !== null) this.#sslv2.set(bytes.subarray(start, end), offset);
    else if (this.#outcome !== "plain") return;
    else if (record.type === HANDSHAKE) {
      this.#decrypted = false;
      const at = record.at + RECORD_HEADER + offset;
      this.#messages.feed(bytes, start, end, at, record.length - offset, firstFrame, frame);
    } else {
      for (let p = start; p < end && offset + p - start < ALERT_BYTES; p++) {
        if (offset + p - start === 0) this.#alertLevel = bytes[p]!;
        else this.#alertDescription = bytes[p]!;
      }
    }
  }

  hole(record: RecordView, length: number, frame: FrameNo): BodyMode {
    this.#connection.turns.giveUp();
    if (this.#outcome !== "plain" || record.type !== HANDSHAKE) return "skip";
    this.#messages.hole(length, frame);
    return "stream";
  }

  whole(record: RecordView, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void {
    if (this.#outcome === "plain") {
      this.piece(record, bytes, start, end, frame);
      return;
    }
    const { setup, facts } = this.#connection;
    const opener = setup.opener!;
    this.#tried = true;
    const opened = opener.open(this.#role, record.type, record.version, bytes, start, end);
    if (opened === null) {
      this.#outcome = opener.lastFailure === "no-keys" ? "closed" : "damaged";
      return;
    }
    this.#outcome = "opened";
    facts.opened++;
    const { type, bytes: plain, start: from, end: to } = opened;
    const early = this.#role === "client" ? this.#connection.early : null;
    if (!opened.early) early?.passed(frame);
    if (type === HANDSHAKE) {
      this.#decrypted = true;
      this.#messages.beginRecord();
      this.#messages.feed(plain, from, to, record.at, to - from, record.firstFrame, frame);
    } else if (type === ALERT && to - from >= ALERT_BYTES) {
      this.#alert(plain[from]!, plain[from + 1]!, record, frame, true);
    } else if (type === APPLICATION_DATA) {
      this.#open = true;
      // Records without content hide the IV of the next one (TLS 1.0) or say nothing (TLS 1.3).
      if (to === from) return;
      this.#connection.progress.opened(this.#role, record, frame);
      if (early !== null && opened.early) {
        this.#gave ||= early.data(plain, from, to, frame, this.#connection.clock.timeOf(frame));
        return;
      }
      this.#gave = true;
      setup.sink?.data(this.#role, plain, from, to, frame);
    }
  }

  finish(record: RecordView, frame: FrameNo): void {
    const { facts } = this.#connection;
    if (this.#sslv2 !== null) {
      this.#finishSslv2(record, frame);
      return;
    }
    facts.countRecord(this.#role, record.type);
    if (record.broken) facts.gaps++;
    this.#maybeClosing = false;
    if (this.#outcome !== "plain") this.#finishProtected(record, frame);
    else if (record.type === CHANGE_CIPHER_SPEC) this.#changeCipherSpec(record, frame);
    else if (record.type === ALERT && !record.broken) {
      this.#alert(this.#alertLevel, this.#alertDescription, record, frame, false);
    }
  }

  lost(_record: RecordView | null, _missing: number, frame: FrameNo): void {
    this.#connection.facts.gaps++;
    this.#loseTrack(frame);
  }

  notTls(at: StreamOffset, frame: FrameNo): void {
    const { facts, clock } = this.#connection;
    facts.notTls[this.#role] ??= { frame, firstFrame: frame, at, time: clock.timeOf(frame) };
    this.#loseTrack(frame);
  }

  ended(how: EndCause, frame: FrameNo): void {
    this.#sslv2 = null;
    this.#messages.lose(frame);
    this.#connection.turns.giveUp();
    if (how === "fin" && this.#maybeClosing) this.#connection.facts.closeNotify[this.#role] = true;
    this.#endSink(frame);
  }

  sslv2(record: RecordView): void {
    this.#sslv2 = new Uint8Array(record.length);
  }

  get sure(): boolean {
    return this.#decrypted || (this.#spoke && !this.#lossy && !this.#ciphered);
  }

  message(message: Message, frame: FrameNo): void {
    this.#spoke = true;
    if (this.#decrypted && message.type === END_OF_EARLY_DATA) this.#connection.early?.settle(true);
    if (this.#decrypted && (message.type === FINISHED || message.type === KEY_UPDATE)) this.#open = false;
    this.#connection.message(this.#role, message, frame, this.#decrypted);
  }

  cut(message: Message, frame: FrameNo): void {
    this.#connection.cutMessage(this.#role, message, frame);
  }

  noMessage(at: StreamOffset, frame: FrameNo): void {
    if (this.#role === "client") this.#connection.turns.clientRecord();
    // Encrypted by a ChangeCipherSpec that is not in the capture, or whose meaning is not known for want of a ServerHello.
    if (!this.sure) {
      this.#ciphered = true;
      this.#outcome = "closed";
      this.#firstTime = this.#connection.clock.timeOf(frame);
    } else this.#connection.setup.note({ id: "tls-handshake-malformed", frame, at });
  }

  /** Up to TLS 1.2 everything behind ChangeCipherSpec, at TLS 1.3 what says application data (RFC 8446 §5.2). */
  #isProtected(record: RecordView): boolean {
    const { facts } = this.#connection;
    const version = this.#connection.version;
    switch (record.type) {
      case APPLICATION_DATA:
        if (this.#lossy && !this.#ciphered && facts.serverHello !== null && !isTls13(version)) this.#assumeCiphered();
        return true;
      case ALERT:
        return record.length > ALERT_BYTES;
      case HANDSHAKE:
      case HEARTBEAT:
        // Without a ServerHello: a ClientHello after a HelloRetryRequest, too, comes behind a ChangeCipherSpec.
        return this.#ciphered && version !== 0 && !isTls13(version);
      default:
        return false;
    }
  }

  /** Data flows, so this side's ChangeCipherSpec is among the bytes that were lost. */
  #assumeCiphered(): void {
    const { opener } = this.#connection.setup;
    this.#ciphered = true;
    opener?.changeCipherSpec(this.#role);
    opener?.gap(this.#role);
  }

  #finishProtected(record: RecordView, frame: FrameNo): void {
    const { facts, setup, progress, turns } = this.#connection;
    const role = this.#role;
    const { type, length } = record;
    if (role === "server") turns.serverFlight();
    if (type === APPLICATION_DATA) facts.applicationBytes[role] += length;
    if (facts.wantsMarks) this.#mark(record, frame);
    if (this.#outcome === "opened") return;
    if (this.#outcome === "damaged") facts.damaged++;
    else if (this.#outcome === "closed") {
      facts.closed++;
      if (setup.opener?.unsupported === true) facts.unsupported = true;
    }
    if (setup.opener !== null) this.#passOver(record, frame);
    if (type === ALERT) this.#closedAlert(record, frame);
    else progress.closed(role, record, frame);
    this.#maybeClosing = facts.handshakeComplete && this.#isLikeClosing(type, length);
  }

  /** Tells opener and sink of a record that was not opened. */
  #passOver(record: RecordView, frame: FrameNo): void {
    const { setup } = this.#connection;
    if (!this.#tried) setup.opener?.skipped(this.#role, record.type, record.length);
    if (this.#outcome === "passed" && !record.broken) return;
    this.#open = false;
    // Closed records in front of the first opened ones are taken for the handshake, as long as that is not complete.
    const missing = this.#outcome === "damaged" || this.#gave || this.#connection.facts.handshakeComplete;
    if (record.type === APPLICATION_DATA && missing) this.#tellGap(frame);
  }

  #mark(record: RecordView, frame: FrameNo): void {
    const { facts, clock } = this.#connection;
    facts.marks.push({
      from: this.#role,
      kind: RECORD_KINDS[record.type]!,
      length: record.length,
      firstFrame: record.firstFrame,
      frame,
      firstTime: this.#firstTime,
      time: clock.timeOf(frame),
    });
  }

  #changeCipherSpec(record: RecordView, frame: FrameNo): void {
    const { facts, setup } = this.#connection;
    this.#ciphered = true;
    this.#open = false;
    facts.addTransition(this.#role, "change-cipher-spec", this.#where(record, frame), false);
    setup.opener?.changeCipherSpec(this.#role);
  }

  #alert(level: number, description: number, record: RecordView, frame: FrameNo, decrypted: boolean): void {
    const { facts, turns } = this.#connection;
    const where = this.#where(record, frame);
    turns.giveUp();
    facts.addAlert({
      where,
      from: this.#role,
      encrypted: decrypted,
      level: level === 1 ? "warning" : level === 2 ? "fatal" : null,
      description: alertName(description),
    });
    facts.addTransition(this.#role, description === CLOSE_NOTIFY ? "close-notify" : "alert", where, decrypted);
    if (description !== CLOSE_NOTIFY) return;
    facts.closeNotify[this.#role] = true;
    this.#endSink(frame);
  }

  #closedAlert(record: RecordView, frame: FrameNo): void {
    const { facts } = this.#connection;
    const where = this.#where(record, frame);
    facts.addAlert({ where, from: this.#role, encrypted: true, level: null, description: null });
    facts.addTransition(this.#role, "alert", where, false);
  }

  /** An alert; at TLS 1.3, where it says application data, a record that has room for its two bytes and nothing else. */
  #isLikeClosing(type: number, length: number): boolean {
    if (type === ALERT) return true;
    return isTls13(this.#connection.version) && length === ALERT_BYTES + 1 + this.#connection.tagBytes;
  }

  #loseTrack(frame: FrameNo): void {
    const { setup } = this.#connection;
    this.#lossy = true;
    this.#open = false;
    this.#connection.turns.giveUp();
    this.#sslv2 = null;
    this.#messages.lose(frame);
    if (setup.opener === null) return;
    setup.opener.gap(this.#role);
    this.#tellGap(frame);
  }

  /** Tells the sink that something is missing here, behind what waits. */
  #tellGap(frame: FrameNo): void {
    const { early, setup, clock } = this.#connection;
    if (this.#role === "client" && early?.waits === true) early.gap(frame, clock.timeOf(frame));
    else setup.sink?.gap(this.#role, 0, frame);
  }

  #finishSslv2(record: RecordView, frame: FrameNo): void {
    const raw = this.#sslv2!;
    this.#sslv2 = null;
    this.#spoke = true;
    this.#connection.sslv2Hello(this.#role, raw, this.#where(record, frame));
  }

  #endSink(frame: FrameNo): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#role === "client") this.#connection.early?.end();
    this.#connection.setup.sink?.end(this.#role, frame);
  }

  #where(record: RecordView, frame: FrameNo): Where {
    return placeOf(record, frame, this.#connection.clock);
  }
}
