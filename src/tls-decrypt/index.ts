// TLS decryption: key logs and RSA keys in, an opener of records for each connection out.
export { readKeyLog } from "./key-log.ts";
export { createKeyStore, type KeyStore } from "./key-store.ts";
export { createRecordOpener } from "./opener.ts";
export type { Aead, AeadName, Cbc, CbcName, HashName, RsaKey, TlsPlatform } from "./platform.ts";
export { createSessionCache, type SessionCache } from "./sessions.ts";
export type * from "./types.ts";
