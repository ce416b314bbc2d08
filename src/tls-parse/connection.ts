// What both directions of a TLS connection share: the facts, the negotiated version, and what handshake messages say.
import { copyOf, type FrameNo, Reader, type Where } from "../bytes/index.ts";
import { type CertificateChain, readCertificateChain, readCompressedChain, X509 } from "./certificate-list.ts";
import { readClientHello, readSslv2ClientHello } from "./client-hello.ts";
import { EarlyData } from "./early-data.ts";
import { extensionData, readExtensions, readSelectedAlpn } from "./extensions.ts";
import { FrameClock, GrowingFacts, placeOf } from "./facts.ts";
import type { Message } from "./handshake.ts";
import { Progress, tagBytes } from "./progress.ts";
import { EXTENSION } from "./registry/extensions.ts";
import {
  CERTIFICATE,
  CLIENT_HELLO,
  COMPRESSED_CERTIFICATE,
  ENCRYPTED_EXTENSIONS,
  FINISHED,
  HANDSHAKE_HEADER,
  HANDSHAKE_STEPS,
  SERVER_HELLO,
  SERVER_KEY_EXCHANGE,
} from "./registry/handshake-types.ts";
import { isTls13 } from "./registry/versions.ts";
import { readKeyExchangeGroup, readServerHello } from "./server-hello.ts";
import { Turns } from "./turns.ts";
import type { ClientHello, TlsRole, TlsSetup } from "./types.ts";

/** Of a hello so much is kept, as of one whose rest is lost. Hellos with the keys of several groups have a few kilobytes. */
const MAX_HELLO = 32 * 1024;

export class Connection {
  readonly setup: TlsSetup;
  readonly facts: GrowingFacts;
  readonly clock: FrameClock;
  readonly progress: Progress;
  readonly turns = new Turns();
  /** Made if the client offers some and there is who opens it. */
  early: EarlyData | null = null;
  /** Of the server. */
  #certificateType = X509;

  constructor(setup: TlsSetup) {
    this.setup = setup;
    this.facts = new GrowingFacts(setup.transitions ?? true);
    this.clock = new FrameClock(setup);
    this.progress = new Progress(this.facts, this.clock);
  }

  /** Negotiated, by a HelloRetryRequest too; 0 as long as it is not known. */
  get version(): number {
    return (this.facts.serverHello ?? this.facts.helloRetryRequest)?.version ?? 0;
  }

  /** Of the tags at TLS 1.3. */
  get tagBytes(): number {
    return tagBytes(this.facts.serverHello?.cipherSuite ?? 0);
  }

  /** A whole handshake message; `decrypted`: out of an opened record. */
  message(from: TlsRole, message: Message, frame: FrameNo, decrypted: boolean): void {
    const { facts, setup } = this;
    const { type, bytes, start, end } = message;
    const where = placeOf(message, frame, this.clock);
    if (type === SERVER_HELLO) this.#serverHello(from, message, where, decrypted);
    else facts.addTransition(from, HANDSHAKE_STEPS[type] ?? "other-handshake", where, decrypted);
    if (from === "client" && type !== CLIENT_HELLO) this.turns.clientRecord();
    switch (type) {
      case CLIENT_HELLO:
        this.#clientHello(readClientHello(helloOf(message), message.length, where));
        break;
      case ENCRYPTED_EXTENSIONS:
        this.#encryptedExtensions(bodyOf(message), from === "server" && decrypted);
        break;
      case CERTIFICATE:
        if (from === "server" && this.#certificateType === X509)
          this.#certificates(type, readCertificateChain(this.version, bodyOf(message)), where);
        break;
      case COMPRESSED_CERTIFICATE:
        if (from === "server" && this.#certificateType === X509 && setup.opener !== null)
          this.#certificates(type, readCompressedChain(this.version, bodyOf(message), setup.opener), where);
        break;
      case SERVER_KEY_EXCHANGE:
        if (facts.serverHello !== null) {
          facts.serverHello.group ??= readKeyExchangeGroup(facts.serverHello.cipherSuite, bytes, start, end);
        }
        break;
      case FINISHED:
        this.progress.finished(from, where);
    }
    setup.opener?.handshake(from, bytes, start, end);
  }

  /** A message whose rest is lost; of a ClientHello what there is is kept. */
  cutMessage(from: TlsRole, message: Message, frame: FrameNo): void {
    const { type, length } = message;
    if (type !== CLIENT_HELLO) return;
    const where = placeOf(message, frame, this.clock);
    this.facts.addTransition(from, "client-hello", where, false);
    this.#clientHello(readClientHello(helloOf(message), length, where));
  }

  sslv2Hello(from: TlsRole, raw: Uint8Array, where: Where): void {
    this.facts.addTransition(from, "client-hello", where, false);
    this.#clientHello(readSslv2ClientHello(raw, raw.length, where));
  }

  #clientHello(hello: ClientHello): void {
    const { facts, setup } = this;
    if (facts.clientHello === null) {
      facts.clientHello = hello;
      if (setup.opener !== null && hello.earlyData) this.early = new EarlyData(setup);
    } else facts.clientHellos++;
    this.turns.clientHello(hello.whole && !hello.earlyData);
    if (!hello.whole && hello.raw.length < MAX_HELLO) this.#malformed(hello.where, CLIENT_HELLO);
    setup.opener?.clientHello(hello);
  }

  #serverHello(from: TlsRole, message: Message, where: Where, decrypted: boolean): void {
    const { facts, setup } = this;
    const clientSessionId = facts.clientHello?.sessionId ?? null;
    const read = readServerHello(helloOf(message), where, clientSessionId);
    const all = message.end - message.start <= MAX_HELLO;
    if (read === null || (all && !read.whole)) this.#malformed(where, SERVER_HELLO);
    const retry = read?.hello.retry ?? false;
    facts.addTransition(from, retry ? "hello-retry-request" : "server-hello", where, decrypted);
    if (read === null) return;
    this.#certificateType = read.hello.certificateType;
    this.turns.serverHello(retry, isTls13(read.hello.version));
    // RFC 8446 §4.2.10: early data depends on the pre-shared key, and is over with a HelloRetryRequest.
    if (from === "server" && (retry || !isTls13(read.hello.version) || !read.hello.resumed)) this.early?.settle(false);
    if (retry) facts.helloRetryRequest ??= read.hello;
    else {
      facts.serverHello ??= read.hello;
      facts.alpn ??= read.hello.alpn;
    }
    setup.opener?.serverHello(read.hello);
  }

  /** `isServers`: they are what the server authenticated. */
  #encryptedExtensions(r: Reader, isServers: boolean): void {
    const { list, whole } = readExtensions(r.sub(r.u16()));
    this.facts.alpn ??= readSelectedAlpn(list);
    if (isServers) this.#certificateType = extensionData(list, EXTENSION.serverCertificateType)?.[0] ?? X509;
    // RFC 8446 §4.2.10: the server names early_data here if it takes it.
    if (isServers && whole) this.early?.settle(extensionData(list, EXTENSION.earlyData) !== null);
  }

  #certificates(type: number, read: CertificateChain | null, where: Where): void {
    if (read === null) return;
    if (read.malformed) this.#malformed(where, type);
    this.facts.setChain(read.chain, where);
  }

  #malformed(where: Where, type: number): void {
    this.setup.note({ id: "tls-handshake-malformed", frame: where.frame, at: where.at, detail: { type } });
  }
}

/** What is behind a message's header, as far as it is kept. */
function bodyOf({ bytes, start, end, length }: Message): Reader {
  return new Reader(bytes, start + HANDSHAKE_HEADER, end, start + length);
}

/** A hello's own copy of its message. */
function helloOf({ bytes, start, end }: Message): Uint8Array {
  return copyOf(bytes, start, Math.min(end, start + MAX_HELLO));
}
