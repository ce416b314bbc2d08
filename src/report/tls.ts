// The TLS part of a tunnel in the report.
import { hex } from "../bytes/index.ts";
import type { TunnelFact } from "../proxy/index.ts";
import {
  type Certificate,
  cipherSuiteName,
  ja3,
  ja4,
  publicKeyOf,
  type RecordCounts,
  signatureAlgorithmOf,
  type TlsFacts,
  type TlsRole,
  versionName,
} from "../tls-parse/index.ts";
import { timestamp } from "./time.ts";
import type { ReportCertificate, ReportRecordCounts, ReportTls } from "./types.ts";

/** Digests that the platform lends, for fingerprints. */
export interface ReportDigests {
  sha256(bytes: Uint8Array): Uint8Array;
  md5(bytes: Uint8Array): Uint8Array;
}

/** How much is told. */
export interface TlsSettings {
  /** null: certificates have no fingerprints, ClientHellos neither. */
  readonly digests: ReportDigests | null;
}

/** Real chains have two to four certificates. */
const MAX_CHAIN = 10;

/** The TLS of a tunnel as plain data. `inside`: how much of it was read; `interception`: whether it ends at the proxy. */
export function buildTls(
  tls: TlsFacts,
  inside: TunnelFact["inside"],
  interception: { readonly state: ReportTls["intercepted"]; readonly why: string | null },
  { digests }: TlsSettings,
): ReportTls {
  const { clientHello, serverHello } = tls;
  const [leaf, ...chain] = tls.certificates;
  return {
    version: serverHello === null ? null : versionName(serverHello.version),
    sni: clientHello?.sni ?? null,
    alpnOffered: clientHello?.alpn ?? [],
    alpn: tls.alpn,
    cipher: serverHello === null ? null : cipherSuiteName(serverHello.cipherSuite),
    ja3: clientHello === null || !clientHello.whole || digests === null ? null : ja3(clientHello, digests.md5),
    ja4: clientHello === null || !clientHello.whole || digests === null ? null : ja4(clientHello, digests.sha256),
    ech: clientHello?.ech ?? "none",
    clientHelloFrame: clientHello?.where.frame ?? null,
    serverHelloFrame: serverHello?.where.frame ?? null,
    handshakeComplete: tls.handshakeComplete,
    records: { client: counts(tls.records.client), proxy: counts(tls.records.server) },
    alerts: tls.alerts.map(({ where, from, level, description, encrypted }) => ({
      frame: where.frame,
      from: side(from),
      level,
      description,
      encrypted,
    })),
    certificate: leaf === undefined ? null : certificate(leaf, digests),
    chain: chain.slice(0, MAX_CHAIN).map((issuer) => certificate(issuer, digests)),
    intercepted: interception.state,
    interceptedWhy: interception.why,
    decrypted: inside,
    transitions: tls.transitions.map(({ where, from, what }) => ({
      frame: where.frame,
      time: timestamp(where.time),
      from: side(from),
      what,
    })),
  };
}

function side(role: TlsRole): "client" | "proxy" {
  return role === "client" ? "client" : "proxy";
}

function counts({ handshake, changeCipherSpec, applicationData, alert }: RecordCounts): ReportRecordCounts {
  return { handshake, changeCipherSpec, applicationData, alert };
}

function certificate(leaf: Certificate, digests: ReportDigests | null): ReportCertificate {
  return {
    subject: leaf.subject,
    issuer: leaf.issuer,
    notBefore: leaf.notBefore === null ? null : timestamp(leaf.notBefore),
    notAfter: leaf.notAfter === null ? null : timestamp(leaf.notAfter),
    names: leaf.names,
    fingerprint: fingerprint(leaf.der, digests),
    key: publicKeyOf(leaf),
    signatureAlgorithm: signatureAlgorithmOf(leaf),
    selfIssued: leaf.subject === leaf.issuer && leaf.subject !== "",
  };
}

/** SHA-256 of a certificate in hexadecimal; empty without digests. */
function fingerprint(der: Uint8Array, digests: ReportDigests | null): string {
  return digests === null ? "" : hex(digests.sha256(der));
}
