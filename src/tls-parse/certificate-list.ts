// The Certificate message: a chain, leaf first (RFC 5246 §7.4.2, RFC 8446 §4.4.2), compressed or not (RFC 8879 §4).
import { Reader } from "../bytes/index.ts";
import { isTls13 } from "./registry/versions.ts";
import type { RecordOpener } from "./types.ts";

/** CertificateType (RFC 7250 §3, RFC 8446 §4.4.2): what is none of it, as a public key alone, is no chain. */
export const X509 = 0;

/** More than any chain that a client would walk. */
const MAX_CHAIN = 16;

/** Longest message that is decompressed, as of those that come whole: a kilobyte of zeros may stand for 16 MiB. */
const MAX_DECOMPRESSED = 128 * 1024;

/** A chain as far as it is whole. */
export interface CertificateChain {
  /** Copies of the certificates (DER). */
  readonly chain: readonly Uint8Array[];
  /** The message contradicts its specification. False where it is only too long to be kept. */
  readonly malformed: boolean;
}

/** Reads the body of a Certificate message. */
export function readCertificateChain(version: number, r: Reader): CertificateChain {
  const tls13 = isTls13(version);
  // RFC 8446 §4.4.2: the context of a request; the server's own certificate has none.
  if (tls13) r.skip(r.u8());
  const chain: Uint8Array[] = [];
  for (const list = r.sub(r.u24()); list.more && chain.length < MAX_CHAIN; ) {
    const der = list.view(list.u24());
    if (list.failed === null) chain.push(der.slice());
    if (tls13) list.skip(list.u16());
  }
  return { chain, malformed: isMalformed(r) };
}

/** Reads the body of a CompressedCertificate message. Null: it is whole, and compressed as nobody here can undo. */
export function readCompressedChain(version: number, r: Reader, opener: RecordOpener): CertificateChain | null {
  const algorithm = r.u16();
  const length = r.u24();
  const compressed = r.view(r.u24());
  if (r.failed !== null) return { chain: [], malformed: isMalformed(r) };
  if (length > MAX_DECOMPRESSED) return null;
  const body = opener.decompressCertificates(algorithm, compressed, length);
  if (body === "unsupported") return null;
  // RFC 8879 §4: what does not decompress to exactly that length is a fatal error for an endpoint, too.
  return body === "malformed" ? { chain: [], malformed: true } : readCertificateChain(version, new Reader(body));
}

function isMalformed(r: Reader): boolean {
  return r.failed?.kind === "malformed";
}
