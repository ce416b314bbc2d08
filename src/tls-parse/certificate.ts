// X.509 certificates (RFC 5280), reduced to what a diagnosis needs; a damaged one gives what was whole in front of it.
import { hex, latin1, type Nanos, Reader } from "../bytes/index.ts";
import { ipv4Text, ipv6Text } from "../pcap-parser/index.ts";
import { contentOf, oidText, peekTag, readElement, readTime, TAG } from "./der.ts";
import { type DistinguishedName, readName } from "./distinguished-name.ts";
import type { Certificate } from "./types.ts";

/** Context-specific tags of TBSCertificate (RFC 5280 §4.1). */
const VERSION_FIELD = 0xa0;
const EXTENSIONS_FIELD = 0xa3;

/** GeneralName choices (RFC 5280 §4.2.1.6). */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

const SUBJECT_ALT_NAME = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";

/** Names are shown and compared; some hosting certificates have hundreds. */
const MAX_NAMES = 1024;

/** Extensions that are read; real certificates have ten. */
const MAX_EXTENSIONS = 64;

const NO_NAME: DistinguishedName = { text: "", commonName: null, organization: null };

interface Fields {
  serial: string;
  issuer: DistinguishedName;
  subject: DistinguishedName;
  notBefore: Nanos | null;
  notAfter: Nanos | null;
  publicKey: Uint8Array;
  signatureAlgorithm: Uint8Array;
  names: readonly string[];
  isCa: boolean;
}

/** Reads a certificate. Its byte fields are views on `der`. */
export function parseCertificate(der: Uint8Array): Certificate {
  const r = new Reader(der);
  const fields: Fields = {
    serial: "",
    issuer: NO_NAME,
    subject: NO_NAME,
    notBefore: null,
    notAfter: null,
    publicKey: NOTHING,
    signatureAlgorithm: NOTHING,
    names: [],
    isCa: false,
  };
  const certificate = readElement(r);
  const body = readElement(certificate.content);
  const fits = certificate.tag === TAG.sequence && body.tag === TAG.sequence && readBody(body.content, fields);
  return {
    der,
    subject: fields.subject.text,
    issuer: fields.issuer.text,
    subjectCommonName: fields.subject.commonName,
    issuerCommonName: fields.issuer.commonName,
    issuerOrganization: fields.issuer.organization,
    notBefore: fields.notBefore,
    notAfter: fields.notAfter,
    names: fields.names,
    isCa: fields.isCa,
    publicKey: fields.publicKey,
    signatureAlgorithm: fields.signatureAlgorithm,
    serial: fields.serial,
    malformed: !fits || r.failed !== null,
  };
}

/** TBSCertificate, field by field; false where it is not one. What is read before a fault stays. */
function readBody(r: Reader, fields: Fields): boolean {
  if (peekTag(r) === VERSION_FIELD) readElement(r);
  const serial = readElement(r);
  if (serial.tag !== TAG.integer) return false;
  fields.serial = integerText(contentOf(serial));
  const algorithm = readElement(r);
  fields.signatureAlgorithm = r.bytes.subarray(algorithm.start, algorithm.end);
  const issuer = readElement(r);
  if (issuer.tag !== TAG.sequence) return false;
  fields.issuer = readName(issuer.content);
  const validity = readElement(r).content;
  fields.notBefore = readTime(readElement(validity));
  fields.notAfter = readTime(readElement(validity));
  const subject = readElement(r);
  if (subject.tag !== TAG.sequence) return false;
  fields.subject = readName(subject.content);
  const key = readElement(r);
  if (key.tag !== TAG.sequence) return false;
  fields.publicKey = r.bytes.subarray(key.start, key.end);
  while (r.more) {
    const optional = readElement(r);
    if (optional.tag === EXTENSIONS_FIELD) readExtensions(readElement(optional.content).content, fields);
  }
  return fields.notBefore !== null && fields.notAfter !== null;
}

function readExtensions(list: Reader, fields: Fields): void {
  for (let read = 0; list.more && read < MAX_EXTENSIONS; read++) {
    const extension = readElement(list).content;
    const id = oidText(contentOf(readElement(extension)));
    if (peekTag(extension) === TAG.boolean) readElement(extension);
    const value = readElement(extension);
    if (value.tag !== TAG.octetString) continue;
    if (id === SUBJECT_ALT_NAME) fields.names = readAlternativeNames(readElement(value.content).content);
    else if (id === BASIC_CONSTRAINTS) fields.isCa = readIsCa(readElement(value.content).content);
  }
}

function readAlternativeNames(list: Reader): string[] {
  const names: string[] = [];
  while (list.more && names.length < MAX_NAMES) {
    const { tag, content } = readElement(list);
    const value = content.view(content.remaining);
    if (list.failed !== null) break;
    if (tag === DNS_NAME) names.push(latin1(value));
    else if (tag === IP_ADDRESS && value.length === 4) names.push(ipv4Text(value));
    else if (tag === IP_ADDRESS && value.length === 16) names.push(ipv6Text(value));
  }
  return names;
}

/** cA is false where it is left out (RFC 5280 §4.2.1.9). */
function readIsCa(constraints: Reader): boolean {
  if (peekTag(constraints) !== TAG.boolean) return false;
  return (contentOf(readElement(constraints))[0] ?? 0) !== 0;
}

/** A signed integer (X.690 §8.3) in hexadecimal without leading zeros, whole bytes, "-" in front of a negative one. */
function integerText(bytes: Uint8Array): string {
  if (bytes.length === 0) return "";
  const bits = BigInt(bytes.length * 8);
  const unsigned = BigInt(`0x${hex(bytes)}`);
  const negative = bytes[0]! >= 0x80;
  const digits = (negative ? (1n << bits) - unsigned : unsigned).toString(16);
  return (negative ? "-" : "") + (digits.length % 2 === 0 ? digits : `0${digits}`);
}

const NOTHING = new Uint8Array(0);
