// RSA private keys (RFC 8017) from PEM texts, and what TLS with RSA key exchange needs of them. The time that it takes depends on the
// key: it is for reading captures, not for a server.
import { hex, Reader } from "../bytes/index.ts";
import type { RsaKey } from "../tls-decrypt/index.ts";
import { contentOf, oidText, readElement, TAG } from "../tls-parse/index.ts";

/** PKCS #1 (RFC 8017 §A.1.2) and PKCS #8 (RFC 5958 §2). Encrypted ones are neither. */
const PEM = /-----BEGIN (RSA )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END \1?PRIVATE KEY-----/;
const RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
/** Longer ones are made to be tiring: 16,384 bits. */
const MAX_MODULUS = 2048;

/** The private key in a PEM text; null if there is none that is RSA and not encrypted. */
export function portableRsaKey(pem: string): RsaKey | null {
  const match = PEM.exec(pem);
  const der = match === null ? null : fromBase64(match[2]!);
  if (match === null || der === null) return null;
  const numbers = readNumbers(match[1] === undefined ? insidePkcs8(der) : der);
  if (numbers === null) return null;
  const { modulus, exponent, size } = numbers;
  return {
    size,
    decrypt(ciphertext) {
      const value = numberOf(ciphertext);
      if (ciphertext.length !== size || value >= modulus) return null;
      return bytesOf(power(value, exponent, modulus), size);
    },
  };
}

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text.replace(/\s/g, "")), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

/** The PKCS #1 key inside; nothing where the algorithm is another one. */
function insidePkcs8(der: Uint8Array): Uint8Array {
  const info = readElement(new Reader(der)).content;
  readElement(info); // version
  const algorithm = oidText(contentOf(readElement(readElement(info).content)));
  const key = readElement(info);
  return algorithm === RSA_ENCRYPTION && key.tag === TAG.octetString ? contentOf(key) : new Uint8Array(0);
}

function readNumbers(pkcs1: Uint8Array): { modulus: bigint; exponent: bigint; size: number } | null {
  const r = new Reader(pkcs1);
  const fields = readElement(r).content;
  readElement(fields); // version
  const [modulus, , exponent] = [readElement(fields), readElement(fields), readElement(fields)];
  if (r.failed !== null || modulus?.tag !== TAG.integer || exponent?.tag !== TAG.integer) return null;
  const value = numberOf(contentOf(modulus));
  const size = Math.ceil(value.toString(16).length / 2);
  if (value < 2n || size > MAX_MODULUS) return null;
  return { modulus: value, exponent: numberOf(contentOf(exponent)), size };
}

/** Square and multiply. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === "1") result = (result * base) % modulus;
  }
  return result;
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`);
}

function bytesOf(value: bigint, size: number): Uint8Array {
  const digits = value.toString(16).padStart(2 * size, "0");
  return Uint8Array.from({ length: size }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
