// What kind of key a certificate has and how it was signed (RFC 5280 §4.1.1.2, §4.1.2.7); read when a report asks.
import { Reader } from "../bytes/index.ts";
import { contentOf, oidText, peekTag, readElement, TAG } from "./der.ts";
import { CURVES, KEY_ALGORITHMS, KEY_BITS, SIGNATURE_ALGORITHMS } from "./registry/x509-algorithms.ts";
import type { Certificate, PublicKey } from "./types.ts";

const BIT_STRING = 0x03;

/** The public key of a certificate; null if it is damaged. Names that are not known stay dotted numbers. */
export function publicKeyOf({ publicKey }: Certificate): PublicKey | null {
  const key = readElement(new Reader(publicKey)).content;
  const algorithm = readElement(key);
  const id = oidText(contentOf(readElement(algorithm.content)));
  if (algorithm.tag !== TAG.sequence || id === "") return null;
  const name = KEY_ALGORITHMS[id] ?? id;
  switch (name) {
    case "RSA":
    case "RSASSA-PSS":
      return { algorithm: name, bits: modulusBits(key), curve: null };
    case "DSA":
      // Its parameters begin with the prime (RFC 3279 §2.3.2).
      return { algorithm: name, bits: integerBits(readElement(algorithm.content).content), curve: null };
    case "EC": {
      // An explicit curve (X9.62) has no name, and is not allowed in certificates of the web (RFC 5480 §2.1.1).
      const named = peekTag(algorithm.content) === TAG.oid;
      const curve = named ? oidText(contentOf(readElement(algorithm.content))) : "";
      return { algorithm: name, bits: CURVES[curve]?.bits ?? null, curve: CURVES[curve]?.name ?? (curve || null) };
    }
    default:
      return { algorithm: name, bits: KEY_BITS[name] ?? null, curve: null };
  }
}

/** The name of the algorithm with which the issuer signed; null if it is damaged. */
export function signatureAlgorithmOf({ signatureAlgorithm }: Certificate): string | null {
  const algorithm = readElement(new Reader(signatureAlgorithm));
  const id = oidText(contentOf(readElement(algorithm.content)));
  return algorithm.tag !== TAG.sequence || id === "" ? null : (SIGNATURE_ALGORITHMS[id] ?? id);
}

/** RSAPublicKey in a BIT STRING (RFC 8017 §A.1.1): the modulus comes first. */
function modulusBits(key: Reader): number | null {
  const bits = readElement(key);
  if (bits.tag !== BIT_STRING) return null;
  bits.content.skip(1); // bits of the last byte that are not used: none
  return integerBits(readElement(bits.content).content);
}

/** Length in bits of the positive INTEGER that comes next. */
function integerBits(r: Reader): number | null {
  const integer = readElement(r);
  if (integer.tag !== TAG.integer) return null;
  const bytes = contentOf(integer);
  let first = 0;
  while (first < bytes.length && bytes[first] === 0) first++;
  return first === bytes.length ? null : (bytes.length - first) * 8 - (Math.clz32(bytes[first]!) - 24);
}
