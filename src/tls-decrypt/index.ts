// TLS decryption: key logs and RSA keys in, an opener of records for each connection out.
export { type KeyLogReader, readKeyLog } from "./key-log.ts";
export { createKeyStore, type KeyLogCounts, type KeyStore, type KeyStoreOptions } from "./key-store.ts";
export { createRecordOpener } from "./opener.ts";
export type { Aead, AeadName, Cbc, CbcName, HashName, RsaKey, TlsPlatform } from "./platform.ts";
export { createSessionCache, type SessionCache } from "./sessions.ts";
export type { ClosedWhy, DirectionStats, KeySource, OpenerOptions, OpenerStats, TlsOpener } from "./types.ts";
