// Names of certificates as text (RFC 4514) and their single attributes.
import { hex, type Reader } from "../bytes/index.ts";
import { contentOf, oidText, readElement, stringText } from "./der.ts";

/** A Name of RFC 5280 §4.1.2.4. */
export interface DistinguishedName {
  /** RFC 4514 §2: the last attribute first; within a set, whose order says nothing (§2.2), as OpenSSL has it. */
  readonly text: string;
  /** The most specific (last) one; null where absent. */
  readonly commonName: string | null;
  readonly organization: string | null;
}

/** Attributes that are read of one name; real ones have ten. */
const MAX_ATTRIBUTES = 64;

const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";

/** RFC 4514 §3, and of the registry of RFC 4520 what certificates have. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  [COMMON_NAME]: "CN",
  "2.5.4.4": "SN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "STREET",
  [ORGANIZATION]: "O",
  "2.5.4.11": "OU",
  "2.5.4.12": "title",
  "2.5.4.13": "description",
  "2.5.4.15": "businessCategory",
  "2.5.4.17": "postalCode",
  "2.5.4.42": "givenName",
  "2.5.4.46": "dnQualifier",
  "2.5.4.97": "organizationIdentifier",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
  "1.2.840.113549.1.9.1": "emailAddress",
};

/** Reads the content of a Name, a sequence of sets of attributes. */
export function readName(rdns: Reader): DistinguishedName {
  const parts: string[] = [];
  let commonName: string | null = null;
  let organization: string | null = null;
  let read = 0;
  while (rdns.more && read < MAX_ATTRIBUTES) {
    const attributes: string[] = [];
    for (const set = readElement(rdns).content; set.more && read < MAX_ATTRIBUTES; read++) {
      const pair = readElement(set).content;
      const type = oidText(contentOf(readElement(pair)));
      const value = readElement(pair);
      if (pair.failed !== null) break;
      const text = stringText(value.tag, contentOf(value));
      if (type === COMMON_NAME) commonName = text ?? commonName;
      if (type === ORGANIZATION) organization = text ?? organization;
      attributes.push(attributeText(type, text, value.content.bytes.subarray(value.start, value.end)));
    }
    if (attributes.length > 0) parts.push(attributes.reverse().join("+"));
  }
  return { text: parts.reverse().join(","), commonName, organization };
}

/** RFC 4514 §2.3, §2.4: what has no short name is the number and the encoded value in hexadecimal. */
function attributeText(type: string, text: string | null, encoded: Uint8Array): string {
  const name = SHORT_NAMES[type];
  return name === undefined || text === null ? `${name ?? type}=#${hex(encoded)}` : `${name}=${escapeValue(text)}`;
}

function escapeValue(text: string): string {
  return text
    .replace(/["+,;<>\\]/g, "\\$&")
    .replace(/^[ #]/, "\\$&")
    .replace(/(?<!^) $/, "\\ ")
    .replaceAll("\0", "\\00");
}
