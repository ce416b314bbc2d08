// What TLS shows: facts that need no keys, and the door through which decryption (one floor up) plugs in.

import type { FrameNo, Nanos, NoteSink, Where } from "../bytes/index.ts";
import type { ByteSink } from "../tcp/index.ts";

/** The two roles of a TLS connection. */
export type TlsRole = "client" | "server";

/** ContentType values of RFC 8446 §5.1 that are counted by name. Other values are not TLS here. */
export type RecordKind = "changeCipherSpec" | "alert" | "handshake" | "applicationData" | "heartbeat";

/** A ClientHello (RFC 8446 §4.1.2), or the SSLv2-compatible one (RFC 5246 §E.2). */
export interface ClientHello {
  readonly where: Where;
  readonly sslv2: boolean;
  /** legacy_version. */
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: readonly number[];
  /** In order, with raw data; undecoded ones included. */
  readonly extensions: readonly { readonly type: number; readonly data: Uint8Array }[];
  /** server_name, host_name entry (RFC 6066 §3). */
  readonly sni: string | null;
  readonly alpn: readonly string[];
  readonly supportedVersions: readonly number[];
  readonly groups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /**
   * encrypted_client_hello (RFC 9849). GREASE (§6.2) is made to look like a real one, and browsers send it wherever they have no
   * configuration: "offered" is the one or the other, and `sni` may be a cover name. "grease" only if the hello names no server:
   * a real outer hello should (§6.1), so that is most likely.
   */
  readonly ech: "none" | "grease" | "offered";
  /** pre_shared_key or a non-empty session_ticket was offered. */
  readonly offersResumption: boolean;
  readonly earlyData: boolean;
  /** It was cut or malformed: what was whole is kept. */
  readonly whole: boolean;
  /** The handshake message with its 4-byte header (for SSLv2: the message without record header). */
  readonly raw: Uint8Array;
}

/** A ServerHello or HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4). */
export interface ServerHello {
  readonly where: Where;
  readonly retry: boolean;
  /** Negotiated: supported_versions, else legacy_version. */
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuite: number;
  readonly extensions: readonly { readonly type: number; readonly data: Uint8Array }[];
  /** Only where it is readable: up to TLS 1.2 here, at TLS 1.3 in EncryptedExtensions. */
  readonly alpn: string | null;
  /** Of key_share, or up to TLS 1.2 of the ServerKeyExchange that follows. */
  readonly group: number | null;
  /** Of server_certificate_type (RFC 7250 §3), at TLS 1.3 in EncryptedExtensions; 0, X.509, where none is here. */
  readonly certificateType: number;
  /** TLS 1.3: a pre-shared key was chosen. TLS 1.2: the session id of the client came back. */
  readonly resumed: boolean;
  readonly raw: Uint8Array;
}

/** An X.509 certificate (RFC 5280) reduced to what the diagnosis needs. */
export interface Certificate {
  readonly der: Uint8Array;
  /** RFC 4514 text. */
  readonly subject: string;
  readonly issuer: string;
  /** Common names, for matching; null where absent. */
  readonly subjectCommonName: string | null;
  readonly issuerCommonName: string | null;
  readonly issuerOrganization: string | null;
  readonly notBefore: Nanos | null;
  readonly notAfter: Nanos | null;
  /** DNS names and IP addresses of subjectAltName. */
  readonly names: readonly string[];
  readonly isCa: boolean;
  /** The DER of SubjectPublicKeyInfo, to compare keys; see `publicKeyOf`. */
  readonly publicKey: Uint8Array;
  /** The DER of the AlgorithmIdentifier of its signature; see `signatureAlgorithmOf`. */
  readonly signatureAlgorithm: Uint8Array;
  readonly serial: string;
  readonly malformed: boolean;
}

/** What kind of public key a certificate has. */
export interface PublicKey {
  /** "RSA", "EC", "Ed25519"; dotted numbers where the name is not known. */
  readonly algorithm: string;
  /** Size in bits; null where it is not known. */
  readonly bits: number | null;
  /** Named curve of an EC key, "P-256"; null for other keys. */
  readonly curve: string | null;
}

export interface TlsAlert {
  readonly where: Where;
  readonly from: TlsRole;
  /** Encrypted alerts have null level and description unless they were decrypted. */
  readonly encrypted: boolean;
  readonly level: "warning" | "fatal" | null;
  /** Registry name (RFC 8446 §6), e.g. unknown_ca; a number as text if unknown. */
  readonly description: string | null;
}

/** A step of the record layer or handshake, for the ladder. */
export interface TlsTransition {
  readonly where: Where;
  readonly from: TlsRole;
  readonly what:
    | "client-hello"
    | "hello-retry-request"
    | "server-hello"
    | "encrypted-extensions"
    | "certificate"
    | "certificate-request"
    | "certificate-verify"
    | "server-key-exchange"
    | "client-key-exchange"
    | "server-hello-done"
    | "new-session-ticket"
    | "change-cipher-spec"
    | "finished"
    | "key-update"
    | "early-data"
    | "application-data"
    | "alert"
    | "close-notify"
    | "encrypted-handshake"
    | "other-handshake";
  /** Where the message was inside an encrypted record that was opened. */
  readonly decrypted: boolean;
}

/** Size and place of one protected record, for what can be told without keys. */
export interface RecordMark {
  readonly from: TlsRole;
  readonly kind: RecordKind;
  /** Length field of the record. */
  readonly length: number;
  readonly firstFrame: FrameNo;
  readonly frame: FrameNo;
  readonly firstTime: Nanos;
  readonly time: Nanos;
}

export type RecordCounts = Readonly<Record<RecordKind, number>>;

/** All that is known of one TLS connection; live while it goes on. */
export interface TlsFacts {
  readonly clientHello: ClientHello | null;
  /** ClientHellos beyond the first: after a HelloRetryRequest, or in a renegotiation that was opened. */
  readonly clientHellos: number;
  readonly serverHello: ServerHello | null;
  readonly helloRetryRequest: ServerHello | null;
  /** Leaf first; empty if none could be read. */
  readonly certificates: readonly Certificate[];
  readonly certificateWhere: Where | null;
  readonly alerts: readonly TlsAlert[];
  readonly records: { readonly client: RecordCounts; readonly server: RecordCounts };
  /**
   * First steps, at most 64. Of application data the first record of each side only. Where `TlsSetup` does not want them, requests
   * for certificates alone.
   */
  readonly transitions: readonly TlsTransition[];
  /** Protected records in order of arrival: the first 96 of the connection, both sides. */
  readonly marks: readonly RecordMark[];
  /** Application data bytes (ciphertext lengths of the records that are complete) per side. */
  readonly applicationBytes: { readonly client: number; readonly server: number };
  /**
   * Both Finished were seen (decrypted), or what stands for them: up to TLS 1.2 ChangeCipherSpec and an encrypted
   * handshake record of both sides, at TLS 1.3 a record of the client after the server's flight that is large enough for a
   * Finished (with early data: exactly as large). Application data of both sides says so, too. See progress.ts.
   */
  readonly handshakeComplete: boolean;
  readonly handshakeCompleteWhere: Where | null;
  /** ALPN chosen: from ServerHello, or EncryptedExtensions if opened. */
  readonly alpn: string | null;
  /**
   * Readable ones; and behind a complete handshake, where a FIN follows, a last record that looks like one: an encrypted
   * alert, or at TLS 1.3 a record with room for two bytes.
   */
  readonly closeNotify: { readonly client: boolean; readonly server: boolean };
  /** Bytes of a side that are not TLS: where they first begin. */
  readonly notTls: { readonly client: Where | null; readonly server: Where | null };
  /** Losses of both sides, a late start included. */
  readonly gaps: number;
  /**
   * Protected records that were opened / that could not be opened although keys were there (damaged, bytes missing) / that
   * keys are missing for, or no opener is there for. Records that were passed over because their plaintext is not needed
   * are in none of them.
   */
  readonly opened: number;
  readonly damaged: number;
  readonly closed: number;
  /** Records stay closed because whoever opens them does not have the cipher suite, whatever keys there are. */
  readonly unsupported: boolean;
}

/** A record as the opener sees it. */
export interface OpenedRecord {
  /** Inner content type (TLS 1.3) or the outer one. */
  type: number;
  /** It was opened with the keys of the client's early data (RFC 8446 §4.2.10). */
  early: boolean;
  /** Plaintext is `bytes[start, end)`; valid until the next call. */
  bytes: Uint8Array;
  start: number;
  end: number;
}

/**
 * Opens protected records; implemented by tls-decrypt, injected by proxy. Fed with everything the key schedule needs.
 * All calls come in capture order of each direction.
 *
 * For each hello: `clientHello` or `serverHello`, then `handshake` with the same message. For each protected record:
 * `wants` with its header; if true, `open` once the body is there, and at once `handshake` for each message that the
 * record completes; if false, `skipped` once the body has passed. A record with missing bytes inside is `skipped`, too,
 * even if it was wanted; `gap` comes where not even records can be counted. Up to TLS 1.2 a side's records are protected
 * from its ChangeCipherSpec on, at TLS 1.3 those of type application data. If the ChangeCipherSpec itself was lost,
 * `changeCipherSpec` and `gap` come before the first record of application data.
 */
export interface RecordOpener {
  clientHello(hello: ClientHello): void;
  serverHello(hello: ServerHello): void;
  /**
   * Every handshake message of both sides, with its 4-byte header, plaintext or opened, in order (transcript). Of a very long one
   * the header says more than there is.
   */
  handshake(from: TlsRole, bytes: Uint8Array, start: number, end: number): void;
  changeCipherSpec(from: TlsRole): void;
  /**
   * Whether this side's records are protected now and can be opened (or tried). False: the body is passed over, because
   * there are no keys or, if the last application data of this side was opened with these keys, because nobody needs it.
   */
  wants(from: TlsRole, type: number, length: number): boolean;
  /**
   * Opens the record whose body is `bytes[start, end)`; `version` is the record's. null: not protected, no keys, or the
   * tag is wrong (`lastFailure` says which).
   */
  open(
    from: TlsRole,
    type: number,
    version: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): OpenedRecord | null;
  /**
   * The Certificate message (its body) in a CompressedCertificate (RFC 8879 §4): `algorithm` is its number there, `length` its
   * uncompressed_length, which is within a limit. "unsupported": not decompressed here. "malformed": it gives anything but `length` bytes.
   */
  decompressCertificates(
    algorithm: number,
    compressed: Uint8Array,
    length: number,
  ): Uint8Array | "unsupported" | "malformed";
  /** A record of this side was passed over without being opened (skipped body): sequence numbers move on. */
  skipped(from: TlsRole, type: number, length: number): void;
  /** Bytes of this side are missing; `records` of them is unknown. The opener resynchronises at the next that opens. */
  gap(from: TlsRole): void;
  readonly lastFailure: "no-keys" | "damaged" | null;
  /** Bytes of handshakes that wait for what opens the records, and of what is remembered from one record to the next. */
  readonly kept: number;
  /** The cipher suite (or compression) of this connection is none that can be opened here. */
  readonly unsupported: boolean;
}

/** Receives what a TLS connection carries, if it was opened. */
export interface TlsSink {
  /** Plaintext of application data, in order per side; early data once the server has taken it, and none that it refused. */
  data(from: TlsRole, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void;
  /** Plaintext is missing here (gap, damaged record). `length` 0: not known. */
  gap(from: TlsRole, length: number, frame: FrameNo): void;
  /** A side has ended (close_notify, FIN, reset, end of capture). */
  end(from: TlsRole, frame: FrameNo): void;
}

/** One TLS connection: two byte sinks in, facts out. */
export interface TlsConversation {
  readonly client: ByteSink;
  readonly server: ByteSink;
  readonly facts: TlsFacts;
  /** Bytes kept of records and handshake messages that are not whole, of early data, and of an unusually long hello or chain. */
  readonly kept: number;
}

/** What a TLS conversation needs from outside. */
export interface TlsSetup {
  readonly note: NoteSink;
  /** Time of the frame being worked on. */
  now(): Nanos;
  /** Runs `action`, in which bytes that had to wait are given on, with `now()` at the `time` when they were recorded. */
  during?(time: Nanos, action: () => void): void;
  readonly opener: RecordOpener | null;
  readonly sink: TlsSink | null;
  /** Whether all of `TlsFacts.transitions` are wanted, default true: a fifth of what is kept of a connection for who draws ladders. */
  readonly transitions?: boolean;
}
