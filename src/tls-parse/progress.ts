// How far the handshake is, told from opened messages or, without keys, from the order and size of protected records.
import type { FrameNo, Where } from "../bytes/index.ts";
import { type FrameClock, type GrowingFacts, placeOf } from "./facts.ts";
import type { RecordView } from "./records.ts";
import { APPLICATION_DATA, HANDSHAKE, isTls13 } from "./registry/versions.ts";
import type { TlsRole } from "./types.ts";

/**
 * What can be told of records that stay closed.
 *
 * Up to TLS 1.2 the outer type says it: an encrypted handshake record is the Finished.
 *
 * At TLS 1.3 every protected record says application data (RFC 8446 §5.2). After the ServerHello the server's records are
 * its flight. The client's records are its flight until one could hold a Finished (a refusal is an alert and smaller; with
 * early data, whose records are of any size, it has to be exactly as long): with it the handshake is complete. What the
 * client sends then is application data; what the server sends may be tickets or settings until the client has sent some.
 */
export class Progress {
  readonly #facts: GrowingFacts;
  readonly #clock: FrameClock;
  readonly #finished = { client: false, server: false };
  readonly #applicationData = { client: false, server: false };
  readonly #encryptedHandshake = { client: false, server: false };
  #earlyData = false;
  /** The client sent what may be its Finished before a record of the server's flight was complete. */
  #finishedEarly = false;
  /** Length of the client's last record before the ServerHello: where that was recorded too late, it may be the Finished. */
  #lastEarly = 0;

  constructor(facts: GrowingFacts, clock: FrameClock) {
    this.#facts = facts;
    this.#clock = clock;
  }

  /** A protected record stays closed. */
  closed(from: TlsRole, record: RecordView, frame: FrameNo): void {
    if (record.type === HANDSHAKE) {
      const where = placeOf(record, frame, this.#clock);
      this.#facts.addTransition(from, "encrypted-handshake", where, false);
      this.finished(from, where);
    } else if (record.type === APPLICATION_DATA && !this.#applicationData[from]) {
      const version = this.#facts.serverHello?.version ?? 0;
      if (isTls13(version)) this.#closed13(from, record, frame);
      else if (version === 0 && from === "client" && this.#offersEarlyData()) this.#early(record, frame, false);
      else this.#application(from, record, frame, false);
    }
  }

  /** A record of application data was opened. */
  opened(from: TlsRole, record: RecordView, frame: FrameNo): void {
    if (this.#applicationData[from]) return;
    if (from === "client" && !this.#finished.client && this.#offersEarlyData()) this.#early(record, frame, true);
    else {
      const tls13 = isTls13(this.#facts.serverHello?.version ?? 0);
      // Its Finished came before, opened or not.
      if (from === "client" && tls13) this.finished("client", placeOf(record, frame, this.#clock));
      this.#application(from, record, frame, true);
    }
  }

  /** A Finished was opened, or what stands for it was seen. */
  finished(from: TlsRole, where: Where): void {
    this.#finished[from] = true;
    if (this.#finished.client && this.#finished.server) this.#facts.handshakeCompleteWhere ??= where;
  }

  #closed13(from: TlsRole, record: RecordView, frame: FrameNo): void {
    if (from === "server") {
      if (!this.#finished.client) {
        this.#flight(from, record, frame);
        this.#finished.server = true;
        if (this.#finishedEarly || this.#lastEarly === this.#finishedBytes())
          this.finished("client", placeOf(record, frame, this.#clock));
      } else if (this.#applicationData.client) this.#application(from, record, frame, false);
    } else if (this.#finished.client) this.#application(from, record, frame, false);
    else {
      this.#flight(from, record, frame);
      if (!this.#holdsFinished(record.length)) return;
      if (this.#finished.server) this.finished(from, placeOf(record, frame, this.#clock));
      else if (!this.#offersEarlyData()) this.#finishedEarly = true;
    }
  }

  #holdsFinished(length: number): boolean {
    const exact = this.#finishedBytes();
    return this.#offersEarlyData() ? length === exact : length >= exact;
  }

  /** Of a record with a Finished and nothing else, once the suite is known (RFC 8446 §4, §4.4.4, §5.2): header, verify_data, inner type, tag. */
  #finishedBytes(): number {
    const suite = this.#facts.serverHello?.cipherSuite ?? 0;
    return 4 + hashBytes(suite) + 1 + tagBytes(suite);
  }

  #offersEarlyData(): boolean {
    return this.#facts.clientHello?.earlyData ?? false;
  }

  #early(record: RecordView, frame: FrameNo, decrypted: boolean): void {
    this.#lastEarly = record.length;
    if (this.#earlyData) return;
    this.#earlyData = true;
    this.#facts.addTransition("client", "early-data", placeOf(record, frame, this.#clock), decrypted);
  }

  #flight(from: TlsRole, record: RecordView, frame: FrameNo): void {
    if (this.#encryptedHandshake[from]) return;
    this.#encryptedHandshake[from] = true;
    this.#facts.addTransition(from, "encrypted-handshake", placeOf(record, frame, this.#clock), false);
  }

  #application(from: TlsRole, record: RecordView, frame: FrameNo, decrypted: boolean): void {
    this.#applicationData[from] = true;
    const where = placeOf(record, frame, this.#clock);
    this.#facts.addTransition(from, "application-data", where, decrypted);
    // Whatever was lost before: a server sends no data before the client's Finished, nor a client before the server's
    // (but for early data, which is not counted here).
    if (this.#applicationData.client && this.#applicationData.server) this.#facts.handshakeCompleteWhere ??= where;
  }
}

/** The suites of TLS 1.3 (RFC 8446 §B.4) that differ from the others: a longer hash, a shorter tag. */
const TLS_AES_256_GCM_SHA384 = 0x1302;
const TLS_AES_128_CCM_8_SHA256 = 0x1305;

/** The hash of a TLS 1.3 suite, in bytes. */
function hashBytes(suite: number): number {
  return suite === TLS_AES_256_GCM_SHA384 ? 48 : 32;
}

/** The tag of a TLS 1.3 suite, in bytes. */
export function tagBytes(suite: number): number {
  return suite === TLS_AES_128_CCM_8_SHA256 ? 8 : 16;
}
