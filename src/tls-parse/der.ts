// DER, the encoding of certificates (ITU-T X.690), as far as certificates use it: tags of one byte, definite lengths.
import { latin1, type Nanos, Reader } from "../bytes/index.ts";

/** Universal tags (X.690 §8.1.2), with the bit for constructed ones. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element. */
export interface Element {
  readonly tag: number;
  /** Index of its tag in the reader's bytes, and of the byte behind its content. */
  readonly start: number;
  readonly end: number;
  /** Reads its content and nothing else. */
  readonly content: Reader;
}

/** The next element of `r`. If `r` has failed, the element is empty with tag 0. */
export function readElement(r: Reader): Element {
  const start = r.position;
  const tag = r.u8();
  const content = r.sub(readLength(r));
  const element = { tag, start, end: content.limit, content };
  return r.failed === null ? element : { tag: 0, start, end: start, content };
}

/** The tag that comes next; 0 at the end. */
export function peekTag(r: Reader): number {
  return r.more && r.position < r.end ? r.bytes[r.position]! : 0;
}

/** All content of an element. */
export function contentOf(element: Element): Uint8Array {
  return element.content.view(element.content.remaining);
}

/** X.690 §8.1.3. Lengths of more than four bytes fit into no certificate and fail as too long. */
function readLength(r: Reader): number {
  const first = r.u8();
  if (first < 0x80) return first;
  let length = 0;
  for (let i = first & 0x7f; i > 0 && r.more; i--)
    length = Math.min(length * 256 + r.u8(), Number.MAX_SAFE_INTEGER / 256);
  // The indefinite form is not DER.
  return first === 0x80 ? Number.MAX_SAFE_INTEGER / 256 : length;
}

/** Bytes of an object identifier that is made to text: registered ones have a dozen. Arithmetic with longer numbers is slow. */
const MAX_OID_BYTES = 64;

/** Dotted text of an object identifier (X.690 §8.19); empty if it is damaged, or longer than any that has a meaning. */
export function oidText(bytes: Uint8Array): string {
  if (bytes.length > MAX_OID_BYTES) return "";
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of bytes) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const first = arc < 80n ? arc / 40n : 2n;
      arcs.push(first, arc - first * 40n);
    } else arcs.push(arc);
    arc = 0n;
  }
  return bytes.length === 0 || bytes.at(-1)! >= 0x80 ? "" : arcs.join(".");
}

/** The text of a string type; null if the tag is none. What is not valid in UTF-8 becomes U+FFFD. */
export function stringText(tag: number, bytes: Uint8Array): string | null {
  switch (tag) {
    case TAG.utf8String:
      return new TextDecoder().decode(bytes);
    // Teletex is T.61 by the book; what is found in it is Latin-1.
    case TAG.numericString:
    case TAG.printableString:
    case TAG.teletexString:
    case TAG.ia5String:
    case TAG.visibleString:
      return latin1(bytes);
    case TAG.bmpString:
      return wideText(bytes, 2);
    case TAG.universalString:
      return wideText(bytes, 4);
    default:
      return null;
  }
}

function wideText(bytes: Uint8Array, width: 2 | 4): string {
  let text = "";
  const r = new Reader(bytes);
  for (let left = bytes.length; left >= width; left -= width) {
    const unit = width === 2 ? r.u16() : r.u32();
    text += width === 2 ? String.fromCharCode(unit) : unit <= 0x10ffff ? String.fromCodePoint(unit) : "\ufffd";
  }
  return text;
}

/** A UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5, with the offsets and missing seconds of older ones); null if it is none. */
export function readTime(element: Element): Nanos | null {
  const text = latin1(contentOf(element));
  const match =
    element.tag === TAG.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-])(\d\d)(\d\d))$/.exec(text)
      : element.tag === TAG.generalizedTime
        ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?(?:Z|([+-])(\d\d)(\d\d))$/.exec(text)
        : null;
  if (match === null) return null;
  const [year, month, day, hour, minute, second, , offsetHours, offsetMinutes] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  // RFC 5280 §4.1.2.5.1: 50 to 99 are of the last century.
  const fullYear = element.tag === TAG.generalizedTime ? year! : year! + (year! >= 50 ? 1900 : 2000);
  if (month! < 1 || month! > 12 || day! < 1 || day! > 31 || hour! > 23 || minute! > 59 || second! > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(fullYear, month! - 1, day!);
  date.setUTCHours(hour!, minute!, second!);
  const offsetMs = (offsetHours! * 60 + offsetMinutes!) * 60_000 * (match[7] === "-" ? -1 : 1);
  return BigInt(date.getTime() - offsetMs) * 1_000_000n;
}
