// ServerHello and HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4; RFC 5246 §7.4.1.3).
import { Reader, sameBytes, type Where } from "../bytes/index.ts";
import { X509 } from "./certificate-list.ts";
import { type Extension, readAlpn, readExtensions } from "./extensions.ts";
import { cipherSuiteName } from "./registry/cipher-suites.ts";
import { EXTENSION } from "./registry/extensions.ts";
import { HANDSHAKE_HEADER } from "./registry/handshake-types.ts";
import { hasShortServerHello, isTls13 } from "./registry/versions.ts";
import type { ServerHello } from "./types.ts";

/** `group` grows: up to TLS 1.2 it arrives with ServerKeyExchange. */
export type GrowingServerHello = { -readonly [K in keyof ServerHello]: ServerHello[K] };

/**
 * A ServerHello from its own copy of the message, header included. `clientSessionId`: that of the ClientHello, null if
 * it was not seen. null if not even the cipher suite is there; `whole` is false if anything behind it is damaged.
 */
export function readServerHello(
  raw: Uint8Array,
  where: Where,
  clientSessionId: Uint8Array | null,
): { readonly hello: GrowingServerHello; readonly whole: boolean } | null {
  const r = new Reader(raw);
  r.skip(HANDSHAKE_HEADER);
  const legacyVersion = r.u16();
  const short = hasShortServerHello(legacyVersion);
  r.skip(RANDOM_BYTES);
  const sessionIdLength = short ? 0 : r.u8();
  r.skip(sessionIdLength);
  const cipherSuite = r.u16();
  if (r.failed !== null) return null;
  const hello = new Hello(raw, where, sessionIdLength, cipherSuite);
  hello.version = legacyVersion;
  if (!short) r.skip(1); // compression method
  if (r.more) hello.readExtensions(r.sub(r.u16()));
  if (!isTls13(hello.version)) {
    hello.resumed = sessionIdLength > 0 && clientSessionId !== null && sameBytes(hello.sessionId, clientSessionId);
  }
  return { hello, whole: r.failed === null };
}

/** What every connection is asked for is read at once, the rest when it is asked for. */
class Hello implements GrowingServerHello {
  readonly where: Where;
  readonly raw: Uint8Array;
  readonly cipherSuite: number;
  readonly retry: boolean;
  version = 0;
  alpn: string | null = null;
  group: number | null = null;
  certificateType = X509;
  resumed = false;
  readonly #sessionIdLength: number;
  /** Where the extensions stand; without any both are 0. */
  #extensionsAt = 0;
  #extensionsLimit = 0;

  constructor(raw: Uint8Array, where: Where, sessionIdLength: number, cipherSuite: number) {
    this.raw = raw;
    this.where = where;
    this.cipherSuite = cipherSuite;
    this.#sessionIdLength = sessionIdLength;
    this.retry = isRetry(raw);
  }

  get random(): Uint8Array {
    return this.raw.subarray(RANDOM_AT, RANDOM_AT + RANDOM_BYTES);
  }

  get sessionId(): Uint8Array {
    const start = RANDOM_AT + RANDOM_BYTES + 1;
    return this.#sessionIdLength === 0 ? NOTHING : this.raw.subarray(start, start + this.#sessionIdLength);
  }

  get extensions(): readonly Extension[] {
    return readExtensions(new Reader(this.raw, this.#extensionsAt, this.raw.length, this.#extensionsLimit)).list;
  }

  /** Takes in what they say; `list` shares its memory of failure with the message. */
  readExtensions(list: Reader): void {
    this.#extensionsAt = list.position;
    this.#extensionsLimit = list.limit;
    while (list.more) {
      const type = list.u16();
      const data = list.sub(list.u16());
      if (type === EXTENSION.serverCertificateType && data.remaining === 1) this.certificateType = data.u8();
      const value = data.remaining >= 2 ? data.u16() : null;
      if (value === null) continue;
      if (type === EXTENSION.supportedVersions) this.version = value;
      else if (type === EXTENSION.keyShare) this.group = value;
      else if (type === EXTENSION.preSharedKey) this.resumed = true;
      else if (type === EXTENSION.alpn)
        this.alpn = readAlpn(this.raw.subarray(data.position - 2, data.limit))[0] ?? null;
    }
  }
}

/**
 * The named group of a ServerKeyExchange message, header included (RFC 8422 §5.4); null if `suite` has none there or the
 * curve is an explicit one.
 */
export function readKeyExchangeGroup(suite: number, bytes: Uint8Array, start: number, end: number): number | null {
  const at = start + HANDSHAKE_HEADER;
  if (at + 3 > end || bytes[at] !== NAMED_CURVE) return null;
  if (!/^TLS_ECDH(E_RSA|E_ECDSA|_anon)_/.test(cipherSuiteName(suite))) return null;
  return (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

const RANDOM_AT = HANDSHAKE_HEADER + 2;
const RANDOM_BYTES = 32;
const NAMED_CURVE = 3;
const NOTHING = new Uint8Array(0);

function isRetry(raw: Uint8Array): boolean {
  for (let i = 0; i < RANDOM_BYTES; i++) if (raw[RANDOM_AT + i] !== RETRY_RANDOM[i]) return false;
  return true;
}

/** RFC 8446 §4.1.3: SHA-256 of "HelloRetryRequest". */
const RETRY_RANDOM = Uint8Array.from([
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
  0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
]);
