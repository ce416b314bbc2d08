// Opens the records of one TLS connection: takes in the handshake, gives each direction its keys, RFC 5246 and RFC 8446.
import {
  APPLICATION_DATA,
  CERTIFICATE,
  CLIENT_HELLO,
  CLIENT_KEY_EXCHANGE,
  type ClientHello,
  END_OF_EARLY_DATA,
  FINISHED,
  HANDSHAKE,
  HANDSHAKE_HEADER,
  HELLO_REQUEST,
  KEY_UPDATE,
  NEW_SESSION_TICKET,
  type OpenedRecord,
  SERVER_HELLO_DONE,
  type ServerHello,
  TLS13,
  type TlsRole,
} from "../tls-parse/index.ts";
import { decompressCertificates } from "./certificate-compression.ts";
import { Direction, FIRST_TRAFFIC_EPOCH } from "./direction.ts";
import { EARLY_EPOCH, Epochs13, HANDSHAKE_EPOCH, type Session13 } from "./epochs-1.3.ts";
import { Handshake12 } from "./handshake-1.2.ts";
import type { KeyStore } from "./key-store.ts";
import type { TlsPlatform } from "./platform.ts";
import type { SessionCache } from "./sessions.ts";
import type { KeySource, OpenerOptions, OpenerStats, TlsOpener } from "./types.ts";

/** An opener for one connection. `keys` and `sessions` belong to the capture, `platform` to the program. */
export function createRecordOpener(
  keys: KeyStore,
  platform: TlsPlatform,
  sessions: SessionCache,
  options: OpenerOptions = {},
): TlsOpener {
  return new Opener(keys, platform, sessions, options.verifyBodies ?? true);
}

/** Of each full handshake up to TLS 1.2; several, as some may be lost. */
const FULL_HANDSHAKE: readonly number[] = [CERTIFICATE, SERVER_HELLO_DONE, CLIENT_KEY_EXCHANGE];

/** Extensions: RFC 7366, RFC 7627, RFC 5077. */
const ENCRYPT_THEN_MAC = 22;
const EXTENDED_MASTER_SECRET = 23;
const SESSION_TICKET = 35;

/** Hellos, a long chain and key exchanges; beyond it an extended master secret is not derived. */
const MAX_TRANSCRIPT = 256 * 1024;
/** First room: the handshake of a server with a usual chain. */
const FIRST_TRANSCRIPT = 4 * 1024;
/** What RSA keys of 16,384 bits encrypt has 2 KiB. What is longer fits no key, cut or not. */
const MAX_KEY_EXCHANGE = 4 * 1024;
const NOTHING = new Uint8Array(0);

class Opener implements TlsOpener {
  readonly #keys: KeyStore;
  readonly #platform: TlsPlatform;
  readonly #sessions: SessionCache;
  readonly #verifyBodies: boolean;
  readonly #directions: { readonly client: Direction; readonly server: Direction };
  readonly #record: OpenedRecord = { type: 0, early: false, bytes: NOTHING, start: 0, end: 0 };
  /** Negotiated; 0 until the ServerHello or HelloRetryRequest. */
  #version = 0;
  /** A HelloRetryRequest came, and no ServerHello yet. */
  #retried = false;
  /** Up to TLS 1.2: the handshake going on, or the last one. */
  #handshake: Handshake12 | null = null;
  #session13: Session13 | null = null;
  /** The client offered early data: its keys are TLS 1.3's from the start. */
  #early = false;
  /** Records of the client came before the ServerHello was seen: the first of them are past. */
  #clientAhead = false;
  /** Handshake messages since the ClientHello, kept only while premaster secrets may need them. */
  #transcript: Uint8Array = NOTHING;
  #transcriptBytes = 0;
  /** The last record that was opened of each side was a handshake record. */
  readonly #openedHandshake = { client: false, server: false };
  lastFailure: "no-keys" | "damaged" | null = null;

  constructor(keys: KeyStore, platform: TlsPlatform, sessions: SessionCache, verifyBodies: boolean) {
    this.#keys = keys;
    this.#platform = platform;
    this.#sessions = sessions;
    this.#verifyBodies = verifyBodies;
    this.#directions = { client: new Direction(sessions.trials), server: new Direction(sessions.trials) };
  }

  get unsupported(): boolean {
    const { client, server } = this.#directions;
    return client.why === "unsupported" || server.why === "unsupported";
  }

  get kept(): number {
    return this.#transcript.length + (this.#handshake?.kept ?? 0);
  }

  get stats(): OpenerStats {
    const { client, server } = this.#directions;
    return { source: this.#source(), client, server };
  }

  clientHello(hello: ClientHello): void {
    if (hello.random.length === 0) return;
    // SSLv2-compatible hellos have challenges of 16 to 32 bytes: right-aligned they are the random (RFC 5246 §E.2).
    const random = new Uint8Array(32);
    random.set(hello.random.subarray(-32), Math.max(0, 32 - hello.random.length));
    this.#keys.ask(random);
    // RFC 8446 §4.1.2: the ClientHello after a retry has the same random; early data is over.
    if (this.#retried) this.#directions.client.moveTo(HANDSHAKE_EPOCH);
    else if (this.#version === 0) this.#expect13(hello, random);
    if (this.#version === TLS13) return;
    const ticket = hello.extensions.find((extension) => extension.type === SESSION_TICKET)?.data ?? null;
    this.#handshake = new Handshake12(random, ticket, this.#keys, this.#platform, this.#sessions);
  }

  serverHello(hello: ServerHello): void {
    this.#version = hello.version;
    this.#retried = hello.retry;
    if (hello.version === TLS13) {
      if (!hello.retry) this.#begin13(hello);
      return;
    }
    if (this.#handshake === null) return;
    const has = (type: number) => hello.extensions.some((extension) => extension.type === type);
    this.#handshake.negotiated = {
      random: hello.random.slice(),
      sessionId: hello.sessionId.slice(),
      version: hello.version,
      suite: hello.cipherSuite,
      encryptThenMac: has(ENCRYPT_THEN_MAC),
      extendedMaster: has(EXTENDED_MASTER_SECRET),
      compression: compressionOf(hello.raw),
    };
  }

  handshake(from: TlsRole, bytes: Uint8Array, start: number, end: number): void {
    if (end - start < HANDSHAKE_HEADER) return;
    const type = bytes[start]!;
    if (this.#version === TLS13) this.#follow13(from, type);
    else this.#follow12(type, bytes, start, end);
  }

  changeCipherSpec(from: TlsRole): void {
    // RFC 8446 §D.4: for middleboxes only.
    if (this.#version === TLS13 || this.#handshake === null) return;
    // RFC 8446 §D.4: with early data it comes before the ServerHello.
    if (this.#version === 0 && this.#early) return;
    this.#directions[from].begin(this.#handshake.epochs(from), 0);
    if (from === "server") this.#handshake.rememberSession();
  }

  wants(from: TlsRole, type: number, length: number): boolean {
    // RFC 8446 §5.2: all that is protected says that it is application data.
    if (this.#version === TLS13 && type !== APPLICATION_DATA) return false;
    return this.#directions[from].wants(length);
  }

  open(
    from: TlsRole,
    type: number,
    version: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): OpenedRecord | null {
    const direction = this.#directions[from];
    const opened = direction.open(type, version, bytes, start, end, this.#record);
    this.lastFailure = direction.lastFailure;
    this.#openedHandshake[from] = opened && this.#record.type === HANDSHAKE;
    // Up to TLS 1.2 the epoch of that number is another one.
    const mayBeEarly = this.#early && from === "client" && (this.#version === 0 || this.#version === TLS13);
    this.#record.early = mayBeEarly && direction.epoch === EARLY_EPOCH;
    return opened ? this.#record : null;
  }

  decompressCertificates(
    algorithm: number,
    compressed: Uint8Array,
    length: number,
  ): Uint8Array | "unsupported" | "malformed" {
    return decompressCertificates(this.#platform, algorithm, compressed, length);
  }

  skipped(from: TlsRole, type: number, length: number): void {
    if (this.#version === TLS13 && type !== APPLICATION_DATA) return;
    this.#openedHandshake[from] = false;
    if (from === "client" && this.#version === 0) this.#clientAhead = true;
    this.#directions[from].skipped(length);
  }

  gap(from: TlsRole): void {
    this.#openedHandshake[from] = false;
    this.#directions[from].gap();
  }

  mayPass(from: TlsRole, bytes: number): void {
    if (!this.#verifyBodies) this.#directions[from].mayPass(bytes);
  }

  takePassed(from: TlsRole): number {
    return this.#directions[from].takePassed();
  }

  #source(): KeySource {
    if (this.#version !== TLS13) return this.#handshake?.source ?? "none";
    return this.#directions.client.opened + this.#directions.server.opened > 0 ? "key-log" : "none";
  }

  /** The client may send early data at once, and its next records may be TLS 1.3's before the ServerHello is seen. */
  #expect13(hello: ClientHello, random: Uint8Array): void {
    if (!hello.supportedVersions.includes(TLS13)) return;
    this.#session13 = {
      keys: this.#keys,
      platform: this.#platform,
      clientRandom: random,
      offered: hello.cipherSuites,
      suite: null,
    };
    this.#early = hello.earlyData;
    if (this.#early) this.#directions.client.begin(new Epochs13(this.#session13, "client"), EARLY_EPOCH);
  }

  #begin13(hello: ServerHello): void {
    if (this.#session13 === null) return;
    this.#session13.suite = hello.cipherSuite;
    const { client, server } = this.#directions;
    // With early data the client's keys follow its messages, or what opens if the server refused it.
    if (!this.#early) client.begin(new Epochs13(this.#session13, "client"), HANDSHAKE_EPOCH, this.#clientAhead);
    server.begin(new Epochs13(this.#session13, "server"), HANDSHAKE_EPOCH);
  }

  #follow13(from: TlsRole, type: number): void {
    // A message in the clear must not move the keys.
    if (!this.#openedHandshake[from]) return;
    const direction = this.#directions[from];
    if (type === END_OF_EARLY_DATA && direction.epoch === EARLY_EPOCH) direction.moveTo(HANDSHAKE_EPOCH);
    // Post-handshake authentication ends in a Finished too, in an epoch of traffic: nothing changes (RFC 8446 §4.6.2).
    else if (type === FINISHED && direction.epoch === HANDSHAKE_EPOCH) direction.moveTo(FIRST_TRAFFIC_EPOCH);
    else if (type === KEY_UPDATE && direction.epoch >= FIRST_TRAFFIC_EPOCH) direction.moveTo(direction.epoch + 1);
  }

  #follow12(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === CLIENT_HELLO) {
      this.#transcript = NOTHING;
      this.#transcriptBytes = 0;
    }
    if (FULL_HANDSHAKE.includes(type) && this.#handshake !== null) this.#handshake.full = true;
    if (type === NEW_SESSION_TICKET) this.#takeTicket(bytes, start, end);
    if (!this.#keys.hasPremasters || type === HELLO_REQUEST) return;
    this.#transcribe(bytes, start, end);
    if (type !== CLIENT_KEY_EXCHANGE || this.#handshake === null) return;
    const whole = this.#transcriptBytes <= MAX_TRANSCRIPT;
    this.#handshake.transcript = whole ? this.#transcript.slice(0, this.#transcriptBytes) : null;
    this.#handshake.clientKeyExchange = bytes.slice(start + HANDSHAKE_HEADER, Math.min(end, start + MAX_KEY_EXCHANGE));
    // What comes behind it is no part of the transcript.
    this.#transcript = NOTHING;
    this.#transcriptBytes = Number.POSITIVE_INFINITY;
  }

  /** All messages in one array: messages may have four bytes, and arrays of their own take fifty times as much. */
  #transcribe(bytes: Uint8Array, start: number, end: number): void {
    const at = this.#transcriptBytes;
    // A hash of what is not whole would give keys that open nothing.
    const isWhole = HANDSHAKE_HEADER + lengthOf(bytes, start) === end - start;
    this.#transcriptBytes += isWhole ? end - start : Number.POSITIVE_INFINITY;
    if (this.#transcriptBytes > MAX_TRANSCRIPT) {
      this.#transcript = NOTHING;
      return;
    }
    if (this.#transcriptBytes > this.#transcript.length) {
      const larger = new Uint8Array(Math.max(FIRST_TRANSCRIPT, 2 * this.#transcriptBytes));
      larger.set(this.#transcript.subarray(0, at));
      this.#transcript = larger;
    }
    this.#transcript.set(bytes.subarray(start, end), at);
  }

  /** RFC 5077 §3.3: lifetime (4 bytes), length (2), ticket. */
  #takeTicket(bytes: Uint8Array, start: number, end: number): void {
    const at = start + HANDSHAKE_HEADER + 4;
    if (at + 2 > end) return;
    const length = (bytes[at]! << 8) | bytes[at + 1]!;
    if (at + 2 + length <= end) this.#handshake?.rememberTicket(bytes.slice(at + 2, at + 2 + length));
  }
}

/** Of the message whose header is at `start`, without it. */
function lengthOf(bytes: Uint8Array, start: number): number {
  return (bytes[start + 1]! << 16) | (bytes[start + 2]! << 8) | bytes[start + 3]!;
}

/** compression_method of a ServerHello (RFC 5246 §7.4.1.3): behind version, random, session id and suite. */
function compressionOf(raw: Uint8Array): number {
  const sessionId = raw[HANDSHAKE_HEADER + 2 + 32] ?? 0;
  return raw[HANDSHAKE_HEADER + 2 + 32 + 1 + sessionId + 2] ?? 0;
}
