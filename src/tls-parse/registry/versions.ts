// Protocol versions and content types of TLS records (RFC 8446 §4.2.1, §5.1).
import type { RecordKind } from "../types.ts";

export const TLS12 = 0x0303;
export const TLS13 = 0x0304;

const VERSIONS: Readonly<Record<number, string>> = {
  2: "SSL 2.0",
  768: "SSL 3.0",
  769: "TLS 1.0",
  770: "TLS 1.1",
  [TLS12]: "TLS 1.2",
  [TLS13]: "TLS 1.3",
};

/** High byte of the drafts of TLS 1.3 (RFC 8446 came of draft 28); Facebook's own drafts have another. */
const DRAFT = 0x7f;
const FACEBOOK_DRAFT = 0xfb;

/** The name of a version as people write it; drafts of TLS 1.3 by number; hexadecimal if unknown. */
export function versionName(version: number): string {
  const known = VERSIONS[version];
  if (known !== undefined) return known;
  if (isTls13(version)) return `TLS 1.3 (draft ${version & 0xff})`;
  return `0x${version.toString(16).padStart(4, "0")}`;
}

/** TLS 1.3 or one of its drafts. */
export function isTls13(version: number): boolean {
  const high = version >> 8;
  return version === TLS13 || high === DRAFT || (high === FACEBOOK_DRAFT && version !== 0xfbfb);
}

/**
 * Drafts of TLS 1.3 before the 22nd had a ServerHello without session id and compression method, whose version field says
 * the draft, or TLS 1.3; since then it says TLS 1.2.
 */
export function hasShortServerHello(version: number): boolean {
  return version === TLS13 || (version >> 8 === DRAFT && (version & 0xff) < 22);
}

export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;
export const HEARTBEAT = 24;

/** ContentType values by number; RFC 6520 for the heartbeat. */
export const RECORD_KINDS: Readonly<Record<number, RecordKind>> = {
  [CHANGE_CIPHER_SPEC]: "changeCipherSpec",
  [ALERT]: "alert",
  [HANDSHAKE]: "handshake",
  [APPLICATION_DATA]: "applicationData",
  [HEARTBEAT]: "heartbeat",
};
