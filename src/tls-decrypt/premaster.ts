// The premaster secret of RSA key exchange: RFC 5246 §7.4.7.1 (EncryptedPreMasterSecret), RFC 8017 §7.2.2 (padding).
import type { KeyStore } from "./key-store.ts";

/** Where a premaster secret was found. */
export interface FoundPremaster {
  readonly premaster: Uint8Array;
  readonly source: "key-log-premaster" | "rsa-key";
}

const PREMASTER = 48;

/**
 * Looks for the premaster secret of a ClientKeyExchange body, in the key log's RSA lines and with the RSA keys. In
 * SSL 3.0 the body is the ciphertext alone, from TLS 1.0 on a two-byte length stands before it (RFC 5246 §7.4.7.1).
 */
export function findPremaster(keys: KeyStore, exchange: Uint8Array): FoundPremaster | null {
  const encrypted = withoutLength(exchange);
  if (encrypted.length < 8) return null;
  const logged = keys.findPremaster(encrypted);
  if (logged !== null) return { premaster: logged, source: "key-log-premaster" };
  for (const key of keys.rsaKeys) {
    if (key.size !== encrypted.length) continue;
    const block = key.decrypt(encrypted);
    const premaster = block === null ? null : unpad(block);
    if (premaster !== null) return { premaster, source: "rsa-key" };
  }
  return null;
}

function withoutLength(exchange: Uint8Array): Uint8Array {
  const length = exchange.length < 2 ? -1 : (exchange[0]! << 8) | exchange[1]!;
  return length === exchange.length - 2 ? exchange.subarray(2) : exchange;
}

/** 00 02, at least 8 bytes that are not zero, 00, the 48 bytes. Anything else: the key of another server. */
function unpad(block: Uint8Array): Uint8Array | null {
  const at = block.length - PREMASTER;
  if (at < 11 || block[0] !== 0 || block[1] !== 2 || block[at - 1] !== 0) return null;
  for (let i = 2; i < at - 1; i++) if (block[i] === 0) return null;
  // RFC 5246 §7.4.7.1: it begins with the version the client offered, 3.x.
  return block[at] === 3 ? block.slice(at) : null;
}
