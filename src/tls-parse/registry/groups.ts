// Named groups for key exchange (RFC 8446 §4.2.7; elliptic curves RFC 8422 §5.1.1; finite fields RFC 7919 §2).
import { isGrease } from "./grease.ts";

const GROUPS: Readonly<Record<number, string>> = {
  1: "sect163k1",
  2: "sect163r1",
  3: "sect163r2",
  4: "sect193r1",
  5: "sect193r2",
  6: "sect233k1",
  7: "sect233r1",
  8: "sect239k1",
  9: "sect283k1",
  10: "sect283r1",
  11: "sect409k1",
  12: "sect409r1",
  13: "sect571k1",
  14: "sect571r1",
  15: "secp160k1",
  16: "secp160r1",
  17: "secp160r2",
  18: "secp192k1",
  19: "secp192r1",
  20: "secp224k1",
  21: "secp224r1",
  22: "secp256k1",
  23: "secp256r1",
  24: "secp384r1",
  25: "secp521r1",
  26: "brainpoolP256r1", // RFC 7027
  27: "brainpoolP384r1",
  28: "brainpoolP512r1",
  29: "x25519",
  30: "x448",
  31: "brainpoolP256r1tls13", // RFC 8734
  32: "brainpoolP384r1tls13",
  33: "brainpoolP512r1tls13",
  34: "GC256A", // RFC 9189
  35: "GC256B",
  36: "GC256C",
  37: "GC256D",
  38: "GC512A",
  39: "GC512B",
  40: "GC512C",
  41: "curveSM2", // RFC 8998
  256: "ffdhe2048",
  257: "ffdhe3072",
  258: "ffdhe4096",
  259: "ffdhe6144",
  260: "ffdhe8192",
  512: "MLKEM512", // draft-ietf-tls-mlkem
  513: "MLKEM768",
  514: "MLKEM1024",
  4587: "SecP256r1MLKEM768", // draft-ietf-tls-ecdhe-mlkem
  4588: "X25519MLKEM768",
  4589: "SecP384r1MLKEM1024",
  25497: "X25519Kyber768Draft00", // draft-tls-westerbaan-xyber768d00
  65281: "arbitrary_explicit_prime_curves", // RFC 4492 §5.1.1
  65282: "arbitrary_explicit_char2_curves",
};

/** Registry name of a named group; hexadecimal if unknown. */
export function groupName(group: number): string {
  return GROUPS[group] ?? `${isGrease(group) ? "GREASE " : ""}0x${group.toString(16).padStart(4, "0")}`;
}
