// What a TLS connection carried behind its handshake, by the sizes of its protected records: told without keys.
import { cipherSuiteName, isTls13, type RecordMark, type TlsFacts } from "../tls-parse/index.ts";

/** Alerts (2 bytes), KeyUpdate (5) and empty records carry no request and no answer. */
export const MAX_CONTROL = 8;

/** A record of application data, and how many bytes of plaintext it holds. */
export interface SizedRecord {
  readonly mark: RecordMark;
  readonly bytes: number;
}

/** Whether the sizes are right to the byte. */
export function hasExactSizes(tls: TlsFacts): boolean {
  return recordOverhead(tls).exact;
}

/** What protection adds to the plaintext: to the byte for AEAD ciphers, else about. */
function recordOverhead({ serverHello }: TlsFacts): { readonly bytes: number; readonly exact: boolean } {
  const name = cipherSuiteName(serverHello?.cipherSuite ?? 0);
  const tag = /_CCM_8(_|$)/.test(name) ? 8 : 16;
  // RFC 8446 §5.2: inner type and tag.
  if (isTls13(serverHello?.version ?? 0)) return { bytes: tag + 1, exact: true };
  // RFC 7905 §2 sends no nonce; RFC 5288 §3 and RFC 6655 §3 send eight bytes.
  if (name.includes("CHACHA20")) return { bytes: tag, exact: true };
  if (name.includes("_GCM_") || name.includes("_CCM")) return { bytes: tag + 8, exact: true };
  return { bytes: 40, exact: false };
}

/** Records of application data behind the handshake, in order; null if they cannot be told from the handshake's. */
export function applicationRecords(tls: TlsFacts): readonly SizedRecord[] | null {
  const { marks, serverHello } = tls;
  const overhead = recordOverhead(tls).bytes;
  let behind = !isTls13(serverHello?.version ?? 0);
  // RFC 8446 §4.4.4: header, verify_data, inner type, tag. A client certificate makes the flight longer, not the Finished.
  const name = behind ? "" : cipherSuiteName(serverHello!.cipherSuite);
  const finished = 4 + (name.endsWith("_SHA384") ? 48 : 32) + 1 + (name.includes("_CCM_8_") ? 8 : 16);
  const found: SizedRecord[] = [];
  for (const mark of marks) {
    if (mark.kind !== "applicationData") continue;
    if (behind) found.push({ mark, bytes: Math.max(mark.length - overhead, 0) });
    else behind = mark.from === "client" && mark.length === finished;
  }
  return behind ? found : null;
}
