// The ciphers of TLS without anything of a platform: from @noble/ciphers and @noble/hashes, for browsers and for Nodes whose OpenSSL
// has been cut down (FIPS). Ten to forty times slower than Node's own.
import { cbc as aesCbc, ctr, gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hmac } from "@noble/hashes/hmac.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384 } from "@noble/hashes/sha2.js";
import type { Aead, AeadName, Cbc, TlsPlatform } from "../tls-decrypt/index.ts";
import { portableRsaKey } from "./portable-rsa.ts";

const HASHES = { md5, sha1, sha256, sha384 } as const;

/** Tags of 16 bytes, but for the short ones of CCM (RFC 6655 §4); null: none of the two libraries has it. */
const AEADS: Readonly<Record<AeadName, ((key: Uint8Array) => Aead) | null>> = {
  "aes-128-gcm": (key) => aead((nonce, aad) => gcm(key, nonce, aad)),
  "aes-256-gcm": (key) => aead((nonce, aad) => gcm(key, nonce, aad)),
  "aes-128-ccm": (key) => ccm(key, 16),
  "aes-256-ccm": (key) => ccm(key, 16),
  "aes-128-ccm8": (key) => ccm(key, 8),
  "aes-256-ccm8": (key) => ccm(key, 8),
  "chacha20-poly1305": (key) => aead((nonce, aad) => chacha20poly1305(key, nonce, aad)),
  "aria-128-gcm": null,
  "aria-256-gcm": null,
  "camellia-128-gcm": null,
  "camellia-256-gcm": null,
};

/** What can be had without the platform: all of TLS but the suites with ARIA and Camellia. */
export const portableCiphers: TlsPlatform = {
  digest(hash, parts) {
    const h = HASHES[hash].create();
    for (const part of parts) h.update(part);
    return h.digest();
  },
  hmac(hash, key, parts) {
    const h = hmac.create(HASHES[hash], key);
    for (const part of parts) h.update(part);
    return h.digest();
  },
  aead: (name, key) => AEADS[name]?.(key) ?? null,
  cbc: (name, key) => (name === "aes-128-cbc" || name === "aes-256-cbc" ? cbc(key) : null),
  rsaKey: portableRsaKey,
};

function aead(cipher: (nonce: Uint8Array, aad: Uint8Array) => { decrypt(bytes: Uint8Array): Uint8Array }): Aead {
  return {
    open(nonce, aad, bytes, start, end) {
      try {
        return cipher(nonce, aad).decrypt(bytes.subarray(start, end));
      } catch {
        // The tag is wrong, or the record is shorter than a tag.
        return null;
      }
    },
  };
}

function cbc(key: Uint8Array): Cbc {
  return {
    decrypt: (iv, bytes, start, end) => aesCbc(key, iv, { disablePadding: true }).decrypt(bytes.subarray(start, end)),
  };
}

const BLOCK = 16;
/** RFC 6655 §3: nonces of 12 bytes leave three for the length. */
const LENGTH_BYTES = 3;
const NONCE = 15 - LENGTH_BYTES;

/** Counter with CBC-MAC (RFC 3610) out of its two parts. */
function ccm(key: Uint8Array, tag: number): Aead {
  return {
    open(nonce, aad, bytes, start, end) {
      const length = end - tag - start;
      if (nonce.length !== NONCE || length < 0 || aad.length >= 0xff00) return null;
      // The first block of the key stream hides the tag, the others the text.
      const counter = new Uint8Array(BLOCK);
      counter[0] = LENGTH_BYTES - 1;
      counter.set(nonce, 1);
      const stream = new Uint8Array(BLOCK + length);
      stream.set(bytes.subarray(start, end - tag), BLOCK);
      const opened = ctr(key, counter).decrypt(stream);
      const plain = opened.subarray(BLOCK);
      const mac = cbcMac(key, nonce, aad, plain, tag);
      let wrong = 0;
      for (let i = 0; i < tag; i++) wrong |= mac[i]! ^ opened[i]! ^ bytes[end - tag + i]!;
      return wrong === 0 ? plain : null;
    },
  };
}

/** RFC 3610 §2.2: the last block of CBC over lengths and nonce, additional data and text, each filled up to whole blocks. */
function cbcMac(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, tag: number): Uint8Array {
  const aadEnd = aad.length === 0 ? BLOCK : BLOCK + filled(2 + aad.length);
  const blocks = new Uint8Array(aadEnd + filled(text.length));
  blocks[0] = (aad.length > 0 ? 0x40 : 0) | (((tag - 2) / 2) << 3) | (LENGTH_BYTES - 1);
  blocks.set(nonce, 1);
  for (let i = 0; i < LENGTH_BYTES; i++) blocks[BLOCK - 1 - i] = text.length >>> (8 * i);
  blocks[BLOCK] = aad.length >>> 8;
  if (aad.length > 0) {
    blocks[BLOCK + 1] = aad.length;
    blocks.set(aad, BLOCK + 2);
  }
  blocks.set(text, aadEnd);
  return aesCbc(key, new Uint8Array(BLOCK), { disablePadding: true }).encrypt(blocks).subarray(-BLOCK);
}

function filled(length: number): number {
  return Math.ceil(length / BLOCK) * BLOCK;
}
