// What runs without Node.
export type { Aead, AeadName, Cbc, CbcName, HashName, RsaKey, TlsPlatform } from "../tls-decrypt/index.ts";
export { portableCiphers } from "./portable-ciphers.ts";
