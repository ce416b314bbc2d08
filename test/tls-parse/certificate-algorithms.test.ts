// Keys and signature algorithms of certificates against what OpenSSL says of the same bytes.
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parseCertificate, publicKeyOf, signatureAlgorithmOf } from "../../src/tls-parse/index.ts";
import { CORPUS_SKIP, corpusBytes, hasCorpus } from "../harness/corpus.ts";
import { times } from "../harness/times.ts";
import { followTls } from "../harness/tls-follow.ts";

const folder = mkdtempSync(join(tmpdir(), "certificate-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A self-signed certificate with a new key. */
function make(key: readonly string[], ...more: readonly string[]): Uint8Array {
  const file = join(folder, "key.pem");
  execFileSync("openssl", [...key, "-out", file], { stdio: "ignore" });
  const args = ["req", "-x509", "-new", "-key", file, "-subj", "/CN=x", "-days", "2", "-outform", "DER", ...more];
  return new Uint8Array(execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] }));
}

const RSA = (bits: number): string[] => ["genpkey", "-algorithm", "RSA", "-pkeyopt", `rsa_keygen_bits:${bits}`];
const EC = (curve: string): string[] => ["genpkey", "-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${curve}`];

/** OpenSSL's word for how a certificate was signed. */
function signedWith(der: Uint8Array): string | undefined {
  const text = execFileSync("openssl", ["x509", "-inform", "DER", "-noout", "-text"], { input: der, encoding: "utf8" });
  return /Signature Algorithm: (\S+)/.exec(text)?.[1];
}

describe("keys and signatures are read as OpenSSL reads them", () => {
  it.each([
    ["RSA of 1024 bits", RSA(1024), { algorithm: "RSA", bits: 1024, curve: null }],
    ["RSA of 1025 bits, whose first byte is 1", RSA(1025), { algorithm: "RSA", bits: 1025, curve: null }],
    ["RSA of 2047 bits", RSA(2047), { algorithm: "RSA", bits: 2047, curve: null }],
    ["RSA of 3072 bits", RSA(3072), { algorithm: "RSA", bits: 3072, curve: null }],
    ["P-256", EC("P-256"), { algorithm: "EC", bits: 256, curve: "P-256" }],
    ["P-384", EC("P-384"), { algorithm: "EC", bits: 384, curve: "P-384" }],
    ["P-521", EC("P-521"), { algorithm: "EC", bits: 521, curve: "P-521" }],
    ["secp256k1", EC("secp256k1"), { algorithm: "EC", bits: 256, curve: "secp256k1" }],
    ["brainpoolP256r1", EC("brainpoolP256r1"), { algorithm: "EC", bits: 256, curve: "brainpoolP256r1" }],
    ["Ed25519", ["genpkey", "-algorithm", "ED25519"], { algorithm: "Ed25519", bits: 256, curve: null }],
    ["Ed448", ["genpkey", "-algorithm", "ED448"], { algorithm: "Ed448", bits: 456, curve: null }],
    [
      "RSASSA-PSS",
      ["genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
      { algorithm: "RSASSA-PSS", bits: 2048, curve: null },
    ],
  ])("%s", (_what, key, expected) => {
    const der = make(key);
    const ours = parseCertificate(der);
    expect(publicKeyOf(ours)).toEqual(expected);
    const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(der).publicKey;
    expect(asymmetricKeyType).toBe(expected.algorithm === "RSASSA-PSS" ? "rsa-pss" : expected.algorithm.toLowerCase());
    if (asymmetricKeyDetails?.modulusLength !== undefined)
      expect(expected.bits).toBe(asymmetricKeyDetails.modulusLength);
    expect(signatureAlgorithmOf(ours)?.toLowerCase().replace("rsassa-pss", "rsassapss")).toBe(
      signedWith(der)?.toLowerCase(),
    );
  });

  it.each(["-sha1", "-sha224", "-sha256", "-sha384", "-sha512"])("signed with %s", (digest) => {
    for (const key of [RSA(2048), EC("P-256")]) {
      const der = make(key, digest);
      expect(signatureAlgorithmOf(parseCertificate(der))).toBe(signedWith(der));
    }
  });

  it("of a curve without a name", () => {
    const explicit = [...EC("P-256"), "-pkeyopt", "ec_param_enc:explicit"];
    expect(publicKeyOf(parseCertificate(make(explicit)))).toEqual({ algorithm: "EC", bits: null, curve: null });
  });
});

describe("a damaged certificate", () => {
  const certificates = [make(RSA(1024)), make(EC("P-256")), make(["genpkey", "-algorithm", "ED25519"])];

  it("gives a key or none, cut anywhere and with any byte flipped", () => {
    fc.assert(
      fc.property(fc.constantFrom(...certificates), fc.nat(), fc.integer({ min: 1, max: 255 }), (der, at, flip) => {
        const flipped = der.slice();
        flipped[at % der.length]! ^= flip;
        for (const damaged of [flipped, der.slice(0, at % der.length)]) {
          const ours = parseCertificate(damaged);
          const key = publicKeyOf(ours);
          expect(key === null || key.algorithm !== "").toBe(true);
          expect(key?.bits ?? 0).toBeLessThan(1 << 20);
          expect(signatureAlgorithmOf(ours)).not.toBe("");
        }
      }),
      { numRuns: times(2_000) },
    );
  });
});

describe.skipIf(!hasCorpus)(`certificates of the corpus${CORPUS_SKIP}`, () => {
  it.each([
    "arkime+arkime/tests/pcap/https-generalizedtime.pcap",
    "OISF+suricata-verify/tests/tls/tls-issuer-zero/input.pcap",
    "ntop+nDPI/tests/cfgs/default/pcap/long_tls_certificate.pcap",
    "ntop+nDPI/tests/cfgs/default/pcap/selfsigned.pcap",
  ])("%s", (name) => {
    const ders = followTls(corpusBytes(name)).flatMap(({ facts }) => facts.certificates.map(({ der }) => der));
    expect(ders.length).toBeGreaterThan(0);
    for (const der of ders.slice(0, 6)) {
      const ours = parseCertificate(der);
      const { asymmetricKeyDetails } = new X509Certificate(der).publicKey;
      const { bits } = publicKeyOf(ours) ?? {};
      if (asymmetricKeyDetails?.modulusLength !== undefined) expect(bits).toBe(asymmetricKeyDetails.modulusLength);
      expect(signatureAlgorithmOf(ours)).toBe(signedWith(der));
    }
  });
});
