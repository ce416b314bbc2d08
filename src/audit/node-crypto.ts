// The ciphers of Node (OpenSSL), and its decompression, behind the interface of tls-decrypt.
import {
  type CipherCCMTypes,
  type CipherChaCha20Poly1305Types,
  type CipherGCMTypes,
  constants,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  type DecipherCCM,
  getCiphers,
  type KeyObject,
  privateDecrypt,
} from "node:crypto";
import type { Aead, AeadName, Cbc, CbcName, RsaKey, TlsPlatform } from "../tls-decrypt/index.ts";
import { builtin } from "./builtin.ts";

/** What Node offers for TLS records. Stateless: one object serves all captures. */
export const nodeCrypto: TlsPlatform = {
  digest(hash, parts) {
    const h = createHash(hash);
    for (const part of parts) h.update(part);
    return h.digest();
  },
  hmac(hash, key, parts) {
    const h = createHmac(hash, key);
    for (const part of parts) h.update(part);
    return h.digest();
  },
  aead(name, key) {
    const { cipher, tag } = AEADS[name];
    if (!supported().has(cipher)) return null;
    return cipher.endsWith("-ccm") ? ccm(cipher as CipherCCMTypes, key, tag) : gcmOrPoly(cipher as CipherGCMTypes, key);
  },
  cbc(name, key) {
    const cipher = CBCS[name];
    return cipher !== null && supported().has(cipher) ? cbc(cipher, key) : null;
  },
  decompress(format, bytes, length) {
    const { brotliDecompressSync, inflateSync } = builtin("node:zlib");
    const options = { maxOutputLength: Math.max(1, length) };
    try {
      const plain = format === "zlib" ? inflateSync(bytes, options) : brotliDecompressSync(bytes, options);
      return plain.length === length ? plain : null;
    } catch {
      // It is no such stream, or it gives more.
      return null;
    }
  },
  rsaKey,
};

/** Tag lengths in bytes. */
const AEADS = {
  "aes-128-gcm": { cipher: "aes-128-gcm", tag: 16 },
  "aes-256-gcm": { cipher: "aes-256-gcm", tag: 16 },
  "aes-128-ccm": { cipher: "aes-128-ccm", tag: 16 },
  "aes-256-ccm": { cipher: "aes-256-ccm", tag: 16 },
  "aes-128-ccm8": { cipher: "aes-128-ccm", tag: 8 },
  "aes-256-ccm8": { cipher: "aes-256-ccm", tag: 8 },
  "chacha20-poly1305": { cipher: "chacha20-poly1305", tag: 16 },
  "aria-128-gcm": { cipher: "aria-128-gcm", tag: 16 },
  "aria-256-gcm": { cipher: "aria-256-gcm", tag: 16 },
  // OpenSSL 3 has Camellia without GCM.
  "camellia-128-gcm": { cipher: "camellia-128-gcm", tag: 16 },
  "camellia-256-gcm": { cipher: "camellia-256-gcm", tag: 16 },
} as const satisfies Record<AeadName, { cipher: string; tag: number }>;

/** null: in OpenSSL 3 only in a provider that Node does not load; tls-decrypt brings these itself. */
const CBCS = {
  "aes-128-cbc": "aes-128-cbc",
  "aes-256-cbc": "aes-256-cbc",
  "3des-ede-cbc": "des-ede3-cbc",
  "camellia-128-cbc": "camellia-128-cbc",
  "camellia-256-cbc": "camellia-256-cbc",
  "aria-128-cbc": "aria-128-cbc",
  "aria-256-cbc": "aria-256-cbc",
  "seed-cbc": null,
  "idea-cbc": null,
  "rc2-cbc": null,
} as const satisfies Record<CbcName, string | null>;

let names: Set<string> | null = null;

function supported(): Set<string> {
  // The names come in lower case, except for aliases such as id-aes128-CCM.
  names ??= new Set(getCiphers());
  return names;
}

const TAG = 16;

/** GCM, and ChaCha20-Poly1305, which Node treats alike. */
function gcmOrPoly(cipher: CipherGCMTypes | CipherChaCha20Poly1305Types, key: Uint8Array): Aead {
  const options = { authTagLength: TAG };
  return {
    open(nonce, aad, bytes, start, end) {
      try {
        const decipher = createDecipheriv(cipher as CipherGCMTypes, key, nonce, options);
        decipher.setAAD(aad);
        decipher.setAuthTag(bytes.subarray(end - TAG, end));
        const plain = decipher.update(bytes.subarray(start, end - TAG));
        decipher.final(); // throws if the tag is wrong
        return plain;
      } catch {
        return null;
      }
    },
  };
}

/** CCM wants the tag and the length first, and checks the tag in update. */
function ccm(cipher: CipherCCMTypes, key: Uint8Array, tag: number): Aead {
  const options = { authTagLength: tag };
  return {
    open(nonce, aad, bytes, start, end) {
      try {
        const decipher: DecipherCCM = createDecipheriv(cipher, key, nonce, options);
        decipher.setAuthTag(bytes.subarray(end - tag, end));
        decipher.setAAD(aad, { plaintextLength: end - tag - start });
        const plain = decipher.update(bytes.subarray(start, end - tag));
        decipher.final();
        return plain;
      } catch {
        return null;
      }
    },
  };
}

function cbc(cipher: string, key: Uint8Array): Cbc {
  return {
    decrypt(iv, bytes, start, end) {
      return createDecipheriv(cipher, key, iv).setAutoPadding(false).update(bytes.subarray(start, end));
    },
  };
}

function rsaKey(pem: string): RsaKey | null {
  const key = privateKey(pem);
  const bits = key?.asymmetricKeyType === "rsa" ? key.asymmetricKeyDetails?.modulusLength : undefined;
  if (key === null || bits === undefined) return null;
  return {
    size: Math.ceil(bits / 8),
    decrypt(ciphertext) {
      try {
        // Raw: current versions of OpenSSL answer wrong PKCS #1 v1.5 padding with random bytes, or Node refuses it.
        return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext);
      } catch {
        return null;
      }
    },
  };
}

function privateKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
