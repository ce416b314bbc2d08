// What a Negotiate token holds: SPNEGO (RFC 4178) around NTLM or Kerberos, or one of them bare (RFC 4559, RFC 4121).
import { hex, Reader } from "../bytes/index.ts";
import { isNtlm, readNtlm } from "./ntlm.ts";
import type { NegotiateToken } from "./types.ts";

/** DER-encoded object identifiers of mechanisms, and their names. */
const MECHANISMS: Readonly<Record<string, string>> = {
  "2a864886f712010202": "kerberos", // 1.2.840.113554.1.2.2, RFC 4121 §4.1
  "2a864882f712010202": "kerberos", // 1.2.840.48018.1.2.2, Microsoft's variant
  "2b06010401823702020a": "ntlm", // 1.3.6.1.4.1.311.2.2.10
  "2b06010401823702021e": "negoex", // 1.3.6.1.4.1.311.2.2.30
  "2b0601050502": "spnego", // 1.3.6.1.5.5.2
};

/** Token ids of Kerberos (RFC 4121 §4.1). */
const KERBEROS_STEPS = { 256: "ap-req", 512: "ap-rep", 768: "error" } as const;
/** ASN.1 tags of the bare Kerberos messages (RFC 4120 §5.10), which some clients send without GSS-API around them. */
const KERBEROS_TAGS: Readonly<Record<number, "ap-req" | "ap-rep" | "error">> = {
  110: "ap-req",
  111: "ap-rep",
  126: "error",
};

/** ASN.1 tags (X.690 §8.1.2). */
const TAG = {
  oid: 0x06,
  octets: 0x04,
  sequence: 0x30,
  application: 0x60,
  init: 0xa0,
  response: 0xa1,
  token: 0xa2,
  mechTypes: 0xa0,
  supportedMech: 0xa1,
};

/** Names the content of a token; `unknown` for anything that is not understood. */
export function readNegotiate(bytes: Uint8Array): NegotiateToken {
  const mechanism = readMechanism(bytes);
  if (mechanism !== null) return mechanism;
  const reader = new Reader(bytes);
  const tag = reader.u8();
  const body = reader.sub(derLength(reader));
  if (tag === TAG.response) return readSpnego(body.view(body.remaining));
  if (tag !== TAG.application || oid(body) !== "spnego" || body.u8() !== TAG.init) return { kind: "unknown" };
  const init = body.sub(derLength(body));
  return readSpnego(init.view(init.remaining));
}

/** A token of a mechanism itself, without SPNEGO around it; null if it is none that is known. */
function readMechanism(bytes: Uint8Array): NegotiateToken | null {
  if (isNtlm(bytes)) return ntlm(bytes);
  const reader = new Reader(bytes);
  const tag = reader.u8();
  const step = KERBEROS_TAGS[tag];
  if (step !== undefined) return { kind: "kerberos", step };
  const body = reader.sub(derLength(reader));
  return tag === TAG.application && oid(body) === "kerberos" ? kerberos(body) : null;
}

/** NegTokenInit and NegTokenResp (RFC 4178 §4.2): the mechanisms and the token of the first one. */
function readSpnego(bytes: Uint8Array): NegotiateToken {
  const mechanisms: string[] = [];
  const reader = new Reader(bytes);
  if (reader.u8() !== TAG.sequence) return { kind: "unknown" };
  for (const fields = reader.sub(derLength(reader)); fields.more; ) {
    const tag = fields.u8();
    const value = fields.sub(derLength(fields));
    if (fields.failed !== null) break;
    if (tag === TAG.mechTypes) readMechanisms(value, mechanisms);
    else if (tag === TAG.supportedMech) {
      const mechanism = oid(value);
      if (mechanism !== null) mechanisms.push(mechanism);
    } else if (tag === TAG.token) {
      if (value.u8() !== TAG.octets) continue;
      const token = readMechanism(value.view(derLength(value)));
      if (token !== null) return token;
    }
  }
  return { kind: "spnego", mechanisms };
}

function readMechanisms(value: Reader, mechanisms: string[]): void {
  // In a NegTokenResp this tag holds an enumerated state instead of a sequence.
  if (value.u8() !== TAG.sequence) return;
  for (const list = value.sub(derLength(value)); list.more && mechanisms.length < 16; ) {
    const mechanism = oid(list);
    if (mechanism !== null) mechanisms.push(mechanism);
  }
}

function oid(reader: Reader): string | null {
  if (reader.u8() !== TAG.oid) return null;
  const name = hex(reader.view(derLength(reader)));
  return reader.failed === null ? (MECHANISMS[name] ?? name) : null;
}

function kerberos(body: Reader): NegotiateToken {
  const id: number = body.u16();
  const steps: Readonly<Record<number, "ap-req" | "ap-rep" | "error">> = KERBEROS_STEPS;
  return { kind: "kerberos", step: steps[id] ?? "unknown" };
}

function ntlm(bytes: Uint8Array): NegotiateToken {
  const message = readNtlm(bytes);
  return message === null ? { kind: "unknown" } : { kind: "ntlm", message };
}

/** A definite length (X.690 §8.1.3); an indefinite or too long one gives a length beyond every limit. */
function derLength(reader: Reader): number {
  const first = reader.u8();
  if (first < 0x80) return first;
  let length = 0;
  if (first === 0x80 || first > 0x84) return Number.MAX_SAFE_INTEGER;
  for (let i = first & 0x7f; i > 0; i--) length = length * 256 + reader.u8();
  return length;
}
