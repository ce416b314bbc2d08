// The TLS room: bytes and gaps of a connection in, its records, handshake, alerts, certificates and fingerprints out.

export { parseCertificate } from "./certificate.ts";
export { publicKeyOf, signatureAlgorithmOf } from "./certificate-algorithms.ts";
export { createTlsConversation } from "./conversation.ts";
export { contentOf, oidText, readElement, TAG } from "./der.ts";
export { MAX_MARKS } from "./facts.ts";
export { ja3, ja3String } from "./ja3.ts";
export { ja4 } from "./ja4.ts";
export { areRecords, looksLikeTls, RECORD_HEADER } from "./looks-like.ts";
export { alertName } from "./registry/alerts.ts";
export { cipherSuiteName } from "./registry/cipher-suites.ts";
export { extensionName } from "./registry/extensions.ts";
export { groupName } from "./registry/groups.ts";
export {
  CERTIFICATE,
  CLIENT_HELLO,
  CLIENT_KEY_EXCHANGE,
  END_OF_EARLY_DATA,
  FINISHED,
  HANDSHAKE_HEADER,
  HELLO_REQUEST,
  KEY_UPDATE,
  NEW_SESSION_TICKET,
  SERVER_HELLO,
  SERVER_HELLO_DONE,
} from "./registry/handshake-types.ts";
export { APPLICATION_DATA, HANDSHAKE, isTls13, TLS13, versionName } from "./registry/versions.ts";
export { peekServerName } from "./server-name.ts";
export type * from "./types.ts";
export { weightOfTls } from "./weight.ts";
