// Secrets and keys up to TLS 1.2: RFC 5246 §5, §6.3, §8.1; RFC 2246 §5, §6.3.1; RFC 6101 §6; RFC 7627 §4.
import type { HashName, TlsPlatform } from "./platform.ts";

/** Which of the three key schedules applies. */
export type Era = "ssl3" | "tls1.0" | "tls1.2";

/** What one schedule depends on. `hash` counts for TLS 1.2 only. */
export interface Schedule {
  readonly platform: TlsPlatform;
  readonly era: Era;
  readonly hash: HashName;
}

/** The era of a protocol version (0x0300 to 0x0303). */
export function eraOf(version: number): Era {
  if (version <= 0x0300) return "ssl3";
  return version <= 0x0302 ? "tls1.0" : "tls1.2";
}

/** The pseudorandom function of TLS 1.0 to 1.2: `length` bytes. */
export function prf(
  { platform, era, hash }: Schedule,
  secret: Uint8Array,
  label: string,
  seed: readonly Uint8Array[],
  length: number,
): Uint8Array {
  const labelled = [ascii(label), ...seed];
  if (era === "tls1.2") return expand(platform, hash, secret, labelled, length);
  // RFC 2246 §5: the halves overlap in one byte if the secret's length is odd.
  const half = Math.ceil(secret.length / 2);
  const out = expand(platform, "md5", secret.subarray(0, half), labelled, length);
  const sha = expand(platform, "sha1", secret.subarray(secret.length - half), labelled, length);
  for (let i = 0; i < length; i++) out[i]! ^= sha[i]!;
  return out;
}

/** Master secret from a premaster secret (RFC 5246 §8.1). */
export function masterSecret(s: Schedule, premaster: Uint8Array, client: Uint8Array, server: Uint8Array): Uint8Array {
  if (s.era === "ssl3") return ssl3Expand(s.platform, premaster, client, server, 48);
  return prf(s, premaster, "master secret", [client, server], 48);
}

/** Extended master secret (RFC 7627 §4); `transcript` is every handshake message up to ClientKeyExchange. */
export function extendedMasterSecret(s: Schedule, premaster: Uint8Array, transcript: Uint8Array): Uint8Array {
  const hash = (name: HashName) => s.platform.digest(name, [transcript]);
  const sessionHash = s.era === "tls1.2" ? [hash(s.hash)] : [hash("md5"), hash("sha1")];
  return prf(s, premaster, "extended master secret", sessionHash, 48);
}

/** The key block (RFC 5246 §6.3): note that the server's random comes first. */
export function keyBlock(
  s: Schedule,
  master: Uint8Array,
  client: Uint8Array,
  server: Uint8Array,
  length: number,
): Uint8Array {
  if (s.era === "ssl3") return ssl3Expand(s.platform, master, server, client, length);
  return prf(s, master, "key expansion", [server, client], length);
}

/** Keys and IVs of an exportable suite (RFC 2246 §6.3.1, RFC 6101 §6.2.2.1). */
export function exportKeys(
  s: Schedule,
  side: "client" | "server",
  material: Uint8Array,
  client: Uint8Array,
  server: Uint8Array,
  keyLength: number,
  ivLength: number,
): { key: Uint8Array; iv: Uint8Array } {
  if (s.era === "ssl3") {
    const randoms = side === "client" ? [client, server] : [server, client];
    return {
      key: s.platform.digest("md5", [material, ...randoms]).subarray(0, keyLength),
      iv: s.platform.digest("md5", randoms).subarray(0, ivLength),
    };
  }
  const key = prf(s, material, `${side} write key`, [client, server], keyLength);
  const ivs = prf(s, new Uint8Array(0), "IV block", [client, server], 2 * ivLength);
  return { key, iv: side === "client" ? ivs.slice(0, ivLength) : ivs.slice(ivLength) };
}

/** P_hash of RFC 5246 §5. */
function expand(
  platform: TlsPlatform,
  hash: HashName,
  secret: Uint8Array,
  seed: readonly Uint8Array[],
  length: number,
): Uint8Array {
  const out = new Uint8Array(length);
  let a = platform.hmac(hash, secret, seed);
  for (let at = 0; at < length; a = platform.hmac(hash, secret, [a])) {
    const block = platform.hmac(hash, secret, [a, ...seed]);
    out.set(block.subarray(0, Math.min(block.length, length - at)), at);
    at += block.length;
  }
  return out;
}

/** RFC 6101 §6.1, §6.2.2: MD5(secret + SHA("A" + secret + randoms)), then "BB", "CCC" and so on. */
function ssl3Expand(
  platform: TlsPlatform,
  secret: Uint8Array,
  first: Uint8Array,
  second: Uint8Array,
  length: number,
): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0, round = 1; at < length; at += 16, round++) {
    const salt = new Uint8Array(round).fill(0x40 + round);
    const inner = platform.digest("sha1", [salt, secret, first, second]);
    out.set(platform.digest("md5", [secret, inner]).subarray(0, Math.min(16, length - at)), at);
  }
  return out;
}

/** Bytes of a label, which is ASCII. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
