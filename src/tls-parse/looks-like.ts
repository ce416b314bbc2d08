// What the header of a TLS record looks like (RFC 8446 §5.1), and the SSLv2-compatible ClientHello (RFC 5246 §E.2).
import { ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HEARTBEAT } from "./registry/versions.ts";

/** RFC 5246 §6.2.3: 2^14 bytes and 2,048 more for protection (TLS 1.3 allows 256 more, RFC 8446 §5.2). */
export const MAX_CIPHERTEXT = (1 << 14) + 2048;

/** Bytes of a record's header. */
export const RECORD_HEADER = 5;

/** All record versions on the wire have 3 in front: SSL 3.0 is 3.0, TLS 1.2 and 1.3 are 3.3. */
const MAJOR = 3;
const MAX_MINOR = 4;

/**
 * Whether bytes at the beginning of a direction are TLS: a plausible record header, or an SSLv2-compatible ClientHello.
 * "more": too few to say, and nothing against it yet.
 */
export function looksLikeTls(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
  if (start >= end) return "more";
  const first = bytes[start]!;
  if (first >= 0x80) return looksLikeSslv2(bytes, start, end);
  if (first < CHANGE_CIPHER_SPEC || first > HEARTBEAT) return "no";
  if (start + 1 < end && bytes[start + 1] !== MAJOR) return "no";
  if (start + 2 < end && bytes[start + 2]! > MAX_MINOR) return "no";
  if (start + RECORD_HEADER > end) return "more";
  return isPlausibleLength(first, (bytes[start + 3]! << 8) | bytes[start + 4]!) ? "yes" : "no";
}

/**
 * Whether bytes from the middle of a connection are TLS: records that end where the bytes do, or two of them and a third that
 * begins. Five bytes alone look like a header once in a million times, and not only in random ones.
 */
export function areRecords(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  let whole = 0;
  for (; at + RECORD_HEADER <= end; whole++) {
    const version = (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const length = (bytes[at + 3]! << 8) | bytes[at + 4]!;
    if (!isRecordHeader(bytes[at]!, version, length)) return false;
    if (at + RECORD_HEADER + length > end) return whole >= 2;
    at += RECORD_HEADER + length;
  }
  return whole > 0 && (at === end || whole >= 2);
}

/** Whether five bytes are a record header: `type`, `version`, `length`. */
export function isRecordHeader(type: number, version: number, length: number): boolean {
  return type >= CHANGE_CIPHER_SPEC && type <= HEARTBEAT && isRecordVersion(version) && isPlausibleLength(type, length);
}

export function isRecordVersion(version: number): boolean {
  return version >> 8 === MAJOR && (version & 0xff) <= MAX_MINOR;
}

function isPlausibleLength(type: number, length: number): boolean {
  if (length > MAX_CIPHERTEXT) return false;
  // RFC 8446 §5.1: only application data may be empty. One byte, or that byte encrypted (renegotiation up to TLS 1.2).
  if (type === CHANGE_CIPHER_SPEC) return length > 0 && length <= MAX_SMALL;
  if (type === ALERT) return length >= 2 && length <= MAX_SMALL;
  return length > 0 || type === APPLICATION_DATA;
}

/** Two bytes under SSL 3.0 to TLS 1.2: an IV of 16, a MAC of 48 and up to 255 bytes of padding. */
const MAX_SMALL = 336;

/** MSG-CLIENT-HELLO. */
const SSLV2_CLIENT_HELLO = 1;

/** Whether the header of an SSLv2 record and the fields behind it are a CLIENT-HELLO that offers SSL 3.0 or later. */
function looksLikeSslv2(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
  if (start + 2 < end && bytes[start + 2] !== SSLV2_CLIENT_HELLO) return "no";
  if (start + 3 < end && bytes[start + 3] !== MAJOR) return "no";
  if (start + 4 < end && bytes[start + 4]! > MAX_MINOR) return "no";
  if (start + 11 > end) return "more";
  const field = (at: number): number => (bytes[start + at]! << 8) | bytes[start + at + 1]!;
  const length = field(0) & 0x7fff;
  const [suites, sessionId, challenge] = [field(5), field(7), field(9)];
  if (suites === 0 || suites % 3 !== 0 || challenge < 16 || challenge > 32) return "no";
  return length === 9 + suites + sessionId + challenge ? "yes" : "no";
}

/**
 * Whether the five bytes that begin a direction, read as the header of a record, are an SSLv2 record's header (2 bytes),
 * the type of a CLIENT-HELLO and its version.
 */
export function isSslv2Header(type: number, version: number, length: number): boolean {
  return type >= 0x80 && (version & 0xff) === SSLV2_CLIENT_HELLO && isRecordVersion(length);
}
