// Handshake message types (RFC 8446 §4, RFC 5246 §7.4, and those of extensions) and what each is in the ladder.
import type { TlsTransition } from "../types.ts";

/** Bytes in front of each message: its type and its length. */
export const HANDSHAKE_HEADER = 4;

export const HELLO_REQUEST = 0;
export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
export const NEW_SESSION_TICKET = 4;
export const END_OF_EARLY_DATA = 5;
export const ENCRYPTED_EXTENSIONS = 8;
export const CERTIFICATE = 11;
export const SERVER_KEY_EXCHANGE = 12;
export const SERVER_HELLO_DONE = 14;
export const CLIENT_KEY_EXCHANGE = 16;
export const FINISHED = 20;
export const KEY_UPDATE = 24;
export const COMPRESSED_CERTIFICATE = 25;

/** Every message type that is known; a HelloRetryRequest has the type of a ServerHello (RFC 8446 §4.1.4). */
export const HANDSHAKE_STEPS: Readonly<Record<number, TlsTransition["what"]>> = {
  [HELLO_REQUEST]: "other-handshake",
  [CLIENT_HELLO]: "client-hello",
  [SERVER_HELLO]: "server-hello",
  [NEW_SESSION_TICKET]: "new-session-ticket",
  [END_OF_EARLY_DATA]: "other-handshake",
  6: "hello-retry-request", // drafts of TLS 1.3 before the 22nd
  [ENCRYPTED_EXTENSIONS]: "encrypted-extensions",
  [CERTIFICATE]: "certificate",
  [SERVER_KEY_EXCHANGE]: "server-key-exchange",
  13: "certificate-request",
  [SERVER_HELLO_DONE]: "server-hello-done",
  15: "certificate-verify",
  [CLIENT_KEY_EXCHANGE]: "client-key-exchange",
  [FINISHED]: "finished",
  21: "other-handshake", // certificate_url, RFC 6066 §5
  22: "other-handshake", // certificate_status, RFC 6066 §8
  23: "other-handshake", // supplemental_data, RFC 4680
  [KEY_UPDATE]: "key-update",
  [COMPRESSED_CERTIFICATE]: "certificate", // RFC 8879 §4
  67: "other-handshake", // next_protocol, draft-agl-tls-nextprotoneg
  203: "other-handshake", // encrypted_extensions of channel id, draft-balfanz-tls-channelid
};
