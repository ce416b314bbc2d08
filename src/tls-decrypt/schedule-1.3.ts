// From a TLS 1.3 traffic secret to its key and IV, and to the next secret: RFC 8446 §7.1, §7.2, §7.3.
import type { HashName, TlsPlatform } from "./platform.ts";
import { ascii } from "./schedule-1.2.ts";

/**
 * HKDF-Expand-Label with an empty context (RFC 8446 §7.1), for at most as many bytes as the hash is long: all that
 * record protection needs, and so one round of HKDF-Expand (RFC 5869 §2.3).
 */
export function expandLabel(
  platform: TlsPlatform,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  length: number,
): Uint8Array {
  const text = ascii(`tls13 ${label}`);
  const info = new Uint8Array(2 + 1 + text.length + 1 + 1);
  info[0] = length >> 8;
  info[1] = length & 0xff;
  info[2] = text.length;
  info.set(text, 3);
  info[info.length - 1] = 1; // the round; the byte before it is the context's length, 0
  return platform.hmac(hash, secret, [info]).slice(0, length);
}

/** The secret that follows a KeyUpdate (RFC 8446 §7.2). */
export function nextTrafficSecret(platform: TlsPlatform, hash: HashName, secret: Uint8Array): Uint8Array {
  return expandLabel(platform, hash, secret, "traffic upd", secret.length);
}
