// ServerHello and HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4; RFC 5246 §7.4.1.3).
import { Reader, type Where } from "../bytes/index.ts";
import { readExtensions, readSelected, readSelectedAlpn } from "./extensions.ts";
import { cipherSuiteName } from "./registry/cipher-suites.ts";
import { EXTENSION } from "./registry/extensions.ts";
import { hasShortServerHello, isTls13 } from "./registry/versions.ts";
import type { ServerHello } from "./types.ts";

/** Where the group of a key exchange up to TLS 1.2 arrives later, in ServerKeyExchange. */
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
  const random = r.view(RANDOM_BYTES);
  const sessionId = short ? NOTHING : r.view(r.u8());
  const cipherSuite = r.u16();
  if (r.failed !== null) return null;
  if (!short) r.skip(1); // compression method
  const extensions = r.more ? readExtensions(r.sub(r.u16())) : { list: [], whole: true };
  const version = readSelected(extensions.list, EXTENSION.supportedVersions) ?? legacyVersion;
  const hello = {
    where,
    retry: isSame(random, RETRY_RANDOM),
    version,
    random,
    sessionId,
    cipherSuite,
    extensions: extensions.list,
    alpn: readSelectedAlpn(extensions.list),
    group: readSelected(extensions.list, EXTENSION.keyShare),
    resumed: isTls13(version)
      ? readSelected(extensions.list, EXTENSION.preSharedKey) !== null
      : sessionId.length > 0 && clientSessionId !== null && isSame(sessionId, clientSessionId),
    raw,
  };
  return { hello, whole: r.failed === null && extensions.whole };
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

const HANDSHAKE_HEADER = 4;
const RANDOM_BYTES = 32;
const NAMED_CURVE = 3;
const NOTHING = new Uint8Array(0);

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** RFC 8446 §4.1.3: SHA-256 of "HelloRetryRequest". */
const RETRY_RANDOM = Uint8Array.from([
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
  0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
]);
