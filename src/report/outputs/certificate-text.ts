// Certificates in words, for people.
import type { ReportCertificate, ReportTls } from "../types.ts";

/** "CN=news.example.com, issued by CN=Example CA", then dates, key and signature, then who stands behind it; a line each. */
export function certificateLines({ certificate, chain }: ReportTls): string[] {
  if (certificate === null) return [];
  const { subject, issuer, selfIssued } = certificate;
  return [
    selfIssued ? `${subject}, issued by itself` : `${subject}, issued by ${issuer}`,
    details(certificate),
    ...chain.map((behind) => `behind it ${behind.subject}${behind.selfIssued ? " (issued by itself)" : ""}`),
  ].filter((line) => line !== "");
}

/** "valid 2026-03-09 to 2027-03-09, EC P-256, ecdsa-with-SHA256"; the report has the times of day. */
function details({ notBefore, notAfter, key, signatureAlgorithm }: ReportCertificate): string {
  const day = (time: string): string => time.slice(0, "2026-03-09".length);
  return [
    ...(notBefore === null || notAfter === null ? [] : [`valid ${day(notBefore)} to ${day(notAfter)}`]),
    ...(key === null
      ? []
      : [[key.algorithm, key.curve ?? (key.bits === null ? "" : `${key.bits} bits`)].join(" ").trim()]),
    ...(signatureAlgorithm === null ? [] : [signatureAlgorithm]),
  ].join(", ");
}
