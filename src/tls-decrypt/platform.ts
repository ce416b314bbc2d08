// The ciphers that the platform brings: what this room needs of them and no more. All calls are synchronous.

/** Hash functions of the TLS key schedules (RFC 5246 §5, RFC 8446 §7.1; MD5 and SHA-1 for TLS 1.1 and older). */
export type HashName = "md5" | "sha1" | "sha256" | "sha384";

/** AEAD algorithms by the names of their specifications; `-ccm8` has a tag of 8 bytes (RFC 6655 §4), all others 16. */
export type AeadName =
  | "aes-128-gcm"
  | "aes-256-gcm"
  | "aes-128-ccm"
  | "aes-256-ccm"
  | "aes-128-ccm8"
  | "aes-256-ccm8"
  | "chacha20-poly1305"
  | "aria-128-gcm"
  | "aria-256-gcm"
  | "camellia-128-gcm"
  | "camellia-256-gcm";

/** Block ciphers in CBC mode. */
export type CbcName =
  | "aes-128-cbc"
  | "aes-256-cbc"
  | "3des-ede-cbc"
  | "camellia-128-cbc"
  | "camellia-256-cbc"
  | "aria-128-cbc"
  | "aria-256-cbc"
  | "seed-cbc"
  | "idea-cbc"
  | "rc2-cbc";

/** One AEAD with its key. */
export interface Aead {
  /**
   * Opens `bytes[start, end)`, which ends with the tag. Gives the plaintext, valid until the next call, or null if it
   * does not authenticate: plaintext never leaves without its tag having been checked. Never throws.
   */
  open(nonce: Uint8Array, aad: Uint8Array, bytes: Uint8Array, start: number, end: number): Uint8Array | null;
}

/** One block cipher in CBC mode with its key. */
export interface Cbc {
  /**
   * Decrypts `bytes[start, end)`, a multiple of the block size; padding is left alone. Valid until the next call.
   * Never throws.
   */
  decrypt(iv: Uint8Array, bytes: Uint8Array, start: number, end: number): Uint8Array;
}

/** An RSA private key. */
export interface RsaKey {
  /** Length of the modulus in bytes. */
  readonly size: number;
  /** RSADP (RFC 8017 §5.1.2) without touching any padding: `size` bytes in, `size` bytes out; null if it cannot. */
  decrypt(ciphertext: Uint8Array): Uint8Array | null;
}

/** What a platform has to bring. `null` from a factory: the platform does not have this algorithm. */
export interface TlsPlatform {
  digest(hash: HashName, parts: readonly Uint8Array[]): Uint8Array;
  /** HMAC (RFC 2104) over the concatenation of `parts`. */
  hmac(hash: HashName, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array;
  aead(name: AeadName, key: Uint8Array): Aead | null;
  cbc(name: CbcName, key: Uint8Array): Cbc | null;
  /**
   * Decompresses a zlib (RFC 1950) or Brotli (RFC 7932) stream; null if it does not give exactly `length` bytes. It makes no more
   * than these, and never throws. Left out: the platform decompresses neither.
   */
  decompress?(format: "zlib" | "brotli", bytes: Uint8Array, length: number): Uint8Array | null;
  /** Private keys in a PEM text (PKCS#1, PKCS#8); null if it holds none that is RSA and not encrypted. */
  rsaKey(pem: string): RsaKey | null;
}
