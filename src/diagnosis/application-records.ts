// What a TLS connection carried behind its handshake, by the sizes of its protected records: told without keys.
import { cipherSuiteName, isTls13, type RecordMark, type TlsFacts } from "../tls-parse/index.ts";

/** Alerts (2 bytes), KeyUpdate (5) and empty records carry no request and no answer. */
export const MAX_CONTROL = 8;

/** A record of application data, and how many bytes of plaintext it holds. */
export interface SizedRecord {
  readonly mark: RecordMark;
  readonly bytes: number;
}

/** What was carried, and whether its sizes are right to the byte. */
export interface ApplicationRecords {
  readonly records: readonly SizedRecord[];
  readonly exact: boolean;
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

/** Length of a protected Finished at TLS 1.3 (RFC 8446 §4.4.4, §5.2): header, verify_data, inner type, tag. */
function finishedLength(hash: number, tag: number): number {
  return 4 + hash + 1 + tag;
}

/** By the ciphers that there are; with CBC a longer record has room for 29 bytes and more. */
const FINISHED = { least: finishedLength(32, 8), most: finishedLength(48, 16) };

/** Whether the client certainly said something behind its Finished: seen from the end, at once and without listing the records. */
export function spokeBehindFinished({ marks }: TlsFacts): boolean {
  for (let at = marks.length - 1; at >= 0; at--) {
    const { from, kind, length } = marks[at]!;
    if (from !== "client" || kind !== "applicationData") continue;
    if (length > FINISHED.most) return true;
    // A certificate of the client may stand in front of it.
    if (length >= FINISHED.least) return false;
  }
  return false;
}

/** Records of application data behind the handshake, in order; null if they cannot be told from the handshake's. */
export function applicationRecords(tls: TlsFacts): ApplicationRecords | null {
  const { marks, serverHello } = tls;
  const { bytes: overhead, exact } = recordOverhead(tls);
  let behind = !isTls13(serverHello?.version ?? 0);
  // A client certificate makes the flight longer, not the Finished.
  const name = behind ? "" : cipherSuiteName(serverHello!.cipherSuite);
  const finished = finishedLength(name.endsWith("_SHA384") ? 48 : 32, name.includes("_CCM_8_") ? 8 : 16);
  const records: SizedRecord[] = [];
  for (const mark of marks) {
    if (mark.kind !== "applicationData") continue;
    if (behind) records.push({ mark, bytes: Math.max(mark.length - overhead, 0) });
    else behind = mark.from === "client" && mark.length === finished;
  }
  return behind ? { records, exact } : null;
}
