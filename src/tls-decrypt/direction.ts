// One direction's records: which key and which sequence number opens the next one, also behind lost records.
import { APPLICATION_DATA, type OpenedRecord } from "../tls-parse/index.ts";
import type { Protection } from "./protection.ts";
import type { Trials } from "./sessions.ts";
import type { ClosedWhy, DirectionStats } from "./types.ts";

/**
 * The keys of a direction by epoch. TLS 1.3: 0 early data, 1 handshake, 2 and up application data, one more after each
 * KeyUpdate. Up to TLS 1.2: 0, renewed by each ChangeCipherSpec. A source without keys gives null; it is asked again.
 */
export interface EpochSource {
  protection(epoch: number): Protection | null;
  /** Whether records may go on in a later epoch without a sign that was seen. */
  readonly hasNext: boolean;
  readonly unsupported: boolean;
}

/** Sequence numbers tried per record behind a loss; each further record tries the next ones, so the range grows. */
const SEARCH_PER_RECORD = 32;
/** A loss of more records than this is not bridged (unless nonces count): 2,048 records are up to 32 MiB. */
const SEARCH_LIMIT = 2048;
/** In a later epoch that began unseen, only its first records are tried. */
const SEARCH_NEXT_EPOCH = 8;
/** An explicit nonce that claims a greater step than this is random and counts nothing. */
const MAX_HINT_STEP = 1 << 24;
/** Records that did not open before any did: the keys are another session's. A server's flight may come before. */
const MAX_FRESH_FAILURES = 64;
/** Records in a row that did not open after some did. */
const MAX_FAILURES = 512;
/** All trials of one direction since its last opened record: 8,192 of 16 KiB cost some 0.1 s. */
const MAX_TRIES = 8192;
/** Ciphertext that earns a direction another trial: a trial costs some microseconds however short the record is. */
const BYTES_PER_TRY = 64;
/** Of these it saves up so many. What it tries beyond them all connections share. */
const MAX_EARNED = 1024;

export class Direction implements DirectionStats {
  opened = 0;
  passed = 0;
  damaged = 0;
  closed = 0;
  tries = 0;
  why: ClosedWhy = "open";
  /** Null: nothing is protected yet. */
  #source: EpochSource | null = null;
  #epoch = 0;
  #sequence = 0;
  /** Records were lost since the last one that opened: its number is not certain. */
  #uncertain = false;
  #searched = 0;
  #failures = 0;
  #triesLeft = MAX_TRIES;
  #earned = 0;
  readonly #trials: Trials;
  #given: "no-keys" | "damaged" | null = null;
  /** Plaintext bytes ahead that are not needed, and those passed over since they were last asked for. */
  #passable = 0;
  #passedBytes = 0;
  #openedInEpoch = 0;

  /** `trials`: of the whole capture. */
  constructor(trials: Trials) {
    this.#trials = trials;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isProtected(): boolean {
    return this.#source !== null;
  }

  /** Why the last `open` gave nothing. */
  get lastFailure(): "no-keys" | "damaged" | null {
    return this.#given;
  }

  /** New keys from the next record on, whose number is 0. `uncertain`: records of the new epoch may have passed. */
  begin(source: EpochSource, epoch: number, uncertain = false): void {
    this.#source = source;
    this.#enter(epoch, 0);
    this.#uncertain = uncertain;
    this.#failures = 0;
    this.why = "open";
  }

  /** The sign for the next epoch was seen: its first record is next. */
  moveTo(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#enter(epoch, 0);
    this.#uncertain = false;
  }

  /** Whether `open` is worth calling. */
  wants(length: number): boolean {
    const source = this.#source;
    if (source === null || this.why === "keys-unusable" || this.why === "lost") return false;
    const current = source.protection(this.#epoch);
    if (current === null && !(source.hasNext && this.#laterKeys(source))) {
      this.why = source.unsupported ? "unsupported" : "no-keys";
      return false;
    }
    this.why = "open";
    return !(current !== null && this.#mayPassOver(current, length));
  }

  open(type: number, version: number, bytes: Uint8Array, start: number, end: number, out: OpenedRecord): boolean {
    const source = this.#source;
    this.#given = null;
    if (source === null) return false;
    this.#earned = Math.min(MAX_EARNED, this.#earned + (end - start) / BYTES_PER_TRY);
    const current = source.protection(this.#epoch);
    if (this.why === "keys-unusable" || this.why === "lost") return this.#fail(current);
    if (current?.open(this.#sequence, type, version, bytes, start, end, out)) {
      this.#succeed(this.#epoch, this.#sequence, current, bytes, start, end, out);
      return true;
    }
    if (this.#search(source, current, type, version, bytes, start, end, out)) return true;
    if (current !== null && current.located >= 0) {
      this.#sequence = current.located;
      this.#uncertain = false;
    }
    current?.advance(bytes, start, end);
    this.#sequence++;
    this.#countFailure(current);
    return this.#fail(current);
  }

  /** A protected record was not opened: its number passes. */
  skipped(length: number): void {
    if (this.#source === null) return;
    const current = this.#source.protection(this.#epoch);
    if (current !== null && this.why === "open" && this.#mayPassOver(current, length)) {
      const plaintext = current.plaintextLength(length);
      this.#passable -= plaintext;
      this.#passedBytes += plaintext;
      this.passed++;
    } else {
      this.closed++;
      current?.lost();
      // Whatever it was, the next record may belong to a later epoch.
      this.#uncertain = true;
      if (current?.resync === "never") this.why = "lost";
    }
    this.#sequence++;
  }

  /** Bytes are missing; how many records they held is not known. */
  gap(): void {
    this.#passable = 0;
    if (this.#source === null) return;
    const current = this.#source.protection(this.#epoch);
    current?.lost();
    if (current?.resync === "never") this.why = "lost";
    else if (this.why === "lost" && this.#triesLeft > 0) this.why = "open";
    this.#uncertain = true;
    this.#searched = 0;
  }

  mayPass(bytes: number): void {
    this.#passable = bytes;
  }

  takePassed(): number {
    const bytes = this.#passedBytes;
    this.#passedBytes = 0;
    return bytes;
  }

  /**
   * Passing over needs an epoch that is known to be running, a record too large for a ticket or a KeyUpdate, and a
   * plaintext that ends before the last byte that is not needed: that one is opened with its record.
   */
  #mayPassOver(current: Protection, length: number): boolean {
    if (this.#passable === 0 || length < MIN_PASSED || this.#uncertain) return false;
    if (this.#openedInEpoch < OPENED_BEFORE_PASSING) return false;
    const plaintext = current.plaintextLength(length);
    return plaintext >= 0 && plaintext < this.#passable;
  }

  #laterKeys(source: EpochSource): boolean {
    return source.protection(this.#epoch + 1) !== null || source.protection(this.#epoch + 2) !== null;
  }

  /** Tries other numbers in this epoch, then the epochs behind it. */
  #search(
    source: EpochSource,
    current: Protection | null,
    type: number,
    version: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: OpenedRecord,
  ): boolean {
    const epoch = this.#epoch;
    if (current?.ready && current.resync === "sequence") {
      const hint = current.hint(bytes, start);
      if (hint > this.#sequence && hint - this.#sequence < MAX_HINT_STEP) {
        if (this.#try(current, epoch, hint, type, version, bytes, start, end, out)) return true;
      }
      if (this.#uncertain && this.#searched < SEARCH_LIMIT) {
        const from = this.#sequence + Math.max(1, this.#searched);
        // What there are no trials for is left to the next record.
        const step = Math.min(SEARCH_PER_RECORD, Math.floor(this.#earned) + this.#trials.left);
        const to = this.#sequence + this.#searched + step;
        this.#searched += step;
        for (let s = from; s < to; s++) {
          if (this.#try(current, epoch, s, type, version, bytes, start, end, out)) return true;
        }
      }
    }
    if (!source.hasNext) return false;
    const window = this.#uncertain || current === null ? SEARCH_NEXT_EPOCH : 1;
    // From early data the handshake may be passed unseen; later epochs follow one at a time.
    for (let e = epoch + 1; e <= Math.max(epoch + 1, FIRST_TRAFFIC_EPOCH); e++) {
      const later = source.protection(e);
      if (later === null) continue;
      for (let s = 0; s < window; s++) {
        if (this.#try(later, e, s, type, version, bytes, start, end, out)) return true;
      }
    }
    return false;
  }

  #try(
    protection: Protection,
    epoch: number,
    sequence: number,
    type: number,
    version: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: OpenedRecord,
  ): boolean {
    if (!this.#pay()) return false;
    this.#triesLeft--;
    this.tries++;
    if (!protection.open(sequence, type, version, bytes, start, end, out)) return false;
    this.#succeed(epoch, sequence, protection, bytes, start, end, out);
    return true;
  }

  /** Whether one more trial may be made. Counts it. */
  #pay(): boolean {
    if (this.#triesLeft === 0) return false;
    if (this.#earned >= 1) this.#earned--;
    else if (this.#trials.left > 0) this.#trials.left--;
    else return false;
    return true;
  }

  #succeed(
    epoch: number,
    sequence: number,
    protection: Protection,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: OpenedRecord,
  ): void {
    protection.advance(bytes, start, end);
    if (epoch !== this.#epoch) this.#enter(epoch, sequence);
    this.#sequence = sequence + 1;
    this.#uncertain = false;
    this.#searched = 0;
    this.#failures = 0;
    this.#triesLeft = MAX_TRIES;
    this.#openedInEpoch++;
    this.opened++;
    if (out.type === APPLICATION_DATA) this.#passable = Math.max(0, this.#passable - (out.end - out.start));
  }

  #enter(epoch: number, sequence: number): void {
    this.#epoch = epoch;
    this.#sequence = sequence;
    this.#searched = 0;
    this.#openedInEpoch = 0;
    this.#passable = 0;
  }

  #countFailure(current: Protection | null): void {
    this.#failures++;
    const limit = this.opened === 0 ? MAX_FRESH_FAILURES : MAX_FAILURES;
    if (this.#failures < limit && this.#triesLeft > 0) return;
    if (this.opened > 0) this.why = "lost";
    else this.why = current === null ? "no-keys" : "keys-unusable";
  }

  #fail(current: Protection | null): false {
    this.#given = current === null ? "no-keys" : "damaged";
    if (current === null) this.closed++;
    else this.damaged++;
    return false;
  }
}

/** TLS 1.3: the epoch of CLIENT_TRAFFIC_SECRET_0 and SERVER_TRAFFIC_SECRET_0. */
export const FIRST_TRAFFIC_EPOCH = 2;
/** Smaller records are always opened: tickets, KeyUpdates and alerts travel between the records of a body. */
const MIN_PASSED = 4096;
/** Records of an epoch that are opened before any is passed over: they show that keys fit and nothing is padded. */
const OPENED_BEFORE_PASSING = 1;
