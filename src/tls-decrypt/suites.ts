// What a cipher suite means for its records, read from its IANA name (the numbers are typed once, in tls-parse).
import { cipherSuiteName } from "../tls-parse/index.ts";
import type { AeadName, CbcName, HashName } from "./platform.ts";

/** How records are protected. Lengths in bytes. */
export type Cipher =
  | { readonly kind: "aead"; readonly name: AeadName; readonly key: number; readonly tag: number }
  | {
      readonly kind: "cbc";
      readonly name: CbcName;
      readonly key: number;
      readonly block: number;
      /** Single DES: the key is repeated three times for 3DES. */
      readonly repeat: number;
      /** Export suites: bytes of secret key material (RFC 2246 §6.3.1). */
      readonly exportKey: number | null;
    }
  | { readonly kind: "rc4"; readonly key: number; readonly exportKey: number | null }
  | { readonly kind: "null" };

export interface Suite {
  readonly cipher: Cipher;
  /** HMAC of CBC, stream and NULL suites; null for AEAD. */
  readonly mac: HashName | null;
  /** Hash of the TLS 1.2 PRF or of the TLS 1.3 schedule. */
  readonly prf: HashName;
  /** The premaster secret travels encrypted to the server's RSA key (RFC 5246 §7.4.7.1). */
  readonly rsaKeyExchange: boolean;
  readonly tls13: boolean;
}

/** The suite by number; null if its name is not known or its cipher is not implemented. */
export function suiteOf(id: number): Suite | null {
  let suite = known.get(id);
  if (suite === undefined) {
    suite = parseSuite(cipherSuiteName(id));
    known.set(id, suite);
  }
  return suite;
}

const known = new Map<number, Suite | null>();

/** Reads a name such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or TLS_AES_128_GCM_SHA256. */
export function parseSuite(name: string): Suite | null {
  if (!name.startsWith("TLS_")) return null;
  const with_ = name.indexOf("_WITH_");
  const exchange = with_ < 0 ? "" : name.slice("TLS_".length, with_);
  const rest = with_ < 0 ? name.slice("TLS_".length) : name.slice(with_ + "_WITH_".length);
  const match = /^(.*?)(?:_(MD5|SHA|SHA256|SHA384))?$/.exec(rest);
  const cipher = Object.hasOwn(CIPHERS, match![1]!) ? CIPHERS[match![1]!]! : null;
  if (cipher === null) return null;
  const hash = match![2] === undefined ? null : HASHES[match![2] as keyof typeof HASHES];
  const aead = cipher.kind === "aead";
  if (!aead && hash === null) return null;
  return {
    cipher,
    mac: aead ? null : hash,
    // RFC 5246 §5: SHA-256 unless the suite says more.
    prf: hash === "sha384" ? "sha384" : "sha256",
    rsaKeyExchange: exchange === "RSA" || exchange === "RSA_EXPORT" || exchange === "RSA_EXPORT1024",
    tls13: with_ < 0,
  };
}

const HASHES = { MD5: "md5", SHA: "sha1", SHA256: "sha256", SHA384: "sha384" } as const;

const aead = (name: AeadName, key: number, tag = 16): Cipher => ({ kind: "aead", name, key, tag });
const cbc = (name: CbcName, key: number, block: number, exportKey: number | null = null, repeat = 1): Cipher => ({
  kind: "cbc",
  name,
  key,
  block,
  repeat,
  exportKey,
});

/** The middle part of the names. Key and block lengths from RFC 5246 Appendix C and the documents of each cipher. */
const CIPHERS: Readonly<Record<string, Cipher>> = {
  NULL: { kind: "null" },
  RC4_128: { kind: "rc4", key: 16, exportKey: null },
  RC4_40: { kind: "rc4", key: 16, exportKey: 5 },
  RC4_56: { kind: "rc4", key: 16, exportKey: 7 },
  RC2_CBC_40: cbc("rc2-cbc", 16, 8, 5),
  DES40_CBC: cbc("3des-ede-cbc", 8, 8, 5, 3),
  DES_CBC: cbc("3des-ede-cbc", 8, 8, null, 3),
  "3DES_EDE_CBC": cbc("3des-ede-cbc", 24, 8),
  IDEA_CBC: cbc("idea-cbc", 16, 8),
  SEED_CBC: cbc("seed-cbc", 16, 16),
  AES_128_CBC: cbc("aes-128-cbc", 16, 16),
  AES_256_CBC: cbc("aes-256-cbc", 32, 16),
  CAMELLIA_128_CBC: cbc("camellia-128-cbc", 16, 16),
  CAMELLIA_256_CBC: cbc("camellia-256-cbc", 32, 16),
  ARIA_128_CBC: cbc("aria-128-cbc", 16, 16),
  ARIA_256_CBC: cbc("aria-256-cbc", 32, 16),
  AES_128_GCM: aead("aes-128-gcm", 16),
  AES_256_GCM: aead("aes-256-gcm", 32),
  AES_128_CCM: aead("aes-128-ccm", 16),
  AES_256_CCM: aead("aes-256-ccm", 32),
  AES_128_CCM_8: aead("aes-128-ccm8", 16, 8),
  AES_256_CCM_8: aead("aes-256-ccm8", 32, 8),
  CHACHA20_POLY1305: aead("chacha20-poly1305", 32),
  ARIA_128_GCM: aead("aria-128-gcm", 16),
  ARIA_256_GCM: aead("aria-256-gcm", 32),
  CAMELLIA_128_GCM: aead("camellia-128-gcm", 16),
  CAMELLIA_256_GCM: aead("camellia-256-gcm", 32),
};
