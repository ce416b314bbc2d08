// The Certificate message: a chain, leaf first (RFC 5246 §7.4.2, RFC 8446 §4.4.2). RFC 8879's compressed one is not undone.
import { Reader } from "../bytes/index.ts";
import { isTls13 } from "./registry/versions.ts";

/** More than any chain that a client would walk. */
const MAX_CHAIN = 16;

const HANDSHAKE_HEADER = 4;

/**
 * Copies of the certificates (DER) in `bytes[start, end)`, a message with its header, as far as they are whole. `whole`
 * is false if anything is damaged.
 */
export function readCertificateChain(
  version: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly chain: readonly Uint8Array[]; readonly whole: boolean } {
  const r = new Reader(bytes, start + HANDSHAKE_HEADER, end);
  const tls13 = isTls13(version);
  // RFC 8446 §4.4.2: the context of a request; the server's own certificate has none.
  if (tls13) r.skip(r.u8());
  const chain: Uint8Array[] = [];
  for (const list = r.sub(r.u24()); list.more && chain.length < MAX_CHAIN; ) {
    const der = list.view(list.u24());
    if (list.failed === null) chain.push(der.slice());
    if (tls13) list.skip(list.u16());
  }
  return { chain, whole: r.failed === null };
}
