// Certificates against what OpenSSL says of the same bytes: its own, odd ones, and those of the corpus.

import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Certificate, oidText, parseCertificate } from "../../src/tls-parse/index.ts";
import { CORPUS_SKIP, corpusBytes, hasCorpus } from "../harness/corpus.ts";
import { followTls } from "../harness/tls-follow.ts";
import { concat, fromHex } from "./play.ts";

const folder = mkdtempSync(join(tmpdir(), "certificates-"));
afterAll(() => rmSync(folder, { recursive: true }));

const key = join(folder, "key.pem");
execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key], {
  stdio: "ignore",
});

interface Shape {
  /** Lines of the request's [dn] section. */
  readonly name: string;
  /** Lines of its extensions. */
  readonly extensions?: string;
  readonly arguments?: readonly string[];
  /** What strings OpenSSL may use: "utf8only", "default" (BMP and T61 among them), "nombstr", "pkix". */
  readonly strings?: string;
}

/** A self-signed certificate, DER. */
function make({ name, extensions = "", strings = "utf8only", arguments: more = ["-days", "30"] }: Shape): Uint8Array {
  const config = join(folder, "request.cnf");
  writeFileSync(
    config,
    `oid_section=oids\n[oids]\nodd=1.2.3.4.5678\n[req]\nprompt=no\nutf8=yes\nstring_mask=${strings}\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\n${name}\n[ext]\n${extensions}\n`,
  );
  const args = ["req", "-x509", "-new", "-utf8", "-key", key, "-config", config, "-outform", "DER", ...more];
  return new Uint8Array(execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] }));
}

/** OpenSSL's words for a field of a certificate. */
function openssl(der: Uint8Array, ...options: string[]): string {
  const args = ["x509", "-inform", "DER", "-noout", ...options];
  return execFileSync("openssl", args, { input: der, encoding: "utf8" })
    .replace(/^[^=]*=\s?/, "")
    .trimEnd();
}

const RFC2253 = ["-nameopt", "RFC2253,-esc_msb,utf8"];

/** Holds everything that OpenSSL can tell against ours. */
function expectAsOpenssl(der: Uint8Array): Certificate {
  const ours = parseCertificate(der);
  expect(ours.malformed).toBe(false);
  expect(ours.subject).toBe(openssl(der, "-subject", ...RFC2253));
  expect(ours.issuer).toBe(openssl(der, "-issuer", ...RFC2253));
  const serial = openssl(der, "-serial").toLowerCase();
  expect(ours.serial).toBe(serial);
  for (const [option, time] of [["-startdate", ours.notBefore] as const, ["-enddate", ours.notAfter] as const]) {
    const text = openssl(der, option, "-dateopt", "iso_8601").replace(" ", "T");
    expect(time).toBe(BigInt(Date.parse(text)) * 1_000_000n);
  }
  const x509 = new X509Certificate(der);
  expect(Buffer.from(ours.publicKey)).toEqual(x509.publicKey.export({ type: "spki", format: "der" }));
  expect(ours.isCa).toBe(x509.ca);
  return ours;
}

describe("a certificate is read as OpenSSL reads it", () => {
  it("with many attributes, in the order of RFC 4514", () => {
    const name =
      "C=DE\nST=Hessen\nL=Darmstadt\nO=Example Works\nOU=Network\nCN=proxy.example\nemailAddress=help@proxy.example";
    const ours = expectAsOpenssl(make({ name }));
    expect(ours.subject).toBe(
      "emailAddress=help@proxy.example,CN=proxy.example,OU=Network,O=Example Works,L=Darmstadt,ST=Hessen,C=DE",
    );
    expect(ours).toMatchObject({ subjectCommonName: "proxy.example", issuerCommonName: "proxy.example" });
    expect(ours.issuerOrganization).toBe("Example Works");
  });

  it.each([
    ["characters that are escaped", 'CN=a, b+c "d" <e>; \\\\f=g', "utf8only"],
    ["a # in front and a blank behind", "CN=\\#x ", "utf8only"],
    ["UTF-8", "CN=Zürich 東京", "utf8only"],
    ["BMPString", "CN=東京 proxy", "default"],
    ["T61String", "CN=Zürich", "default"],
    ["PrintableString", "CN=plain", "pkix"],
    ["64 characters", `CN=${"n".repeat(64)}`, "utf8only"],
    ["two common names", "0.CN=first\n1.CN=second", "utf8only"],
    ["a domain component", "0.DC=example\n1.DC=proxy\nCN=x", "utf8only"],
    ["several values in one place", "O=a\n+CN=b", "utf8only"],
  ])("%s", (_what, name, strings) => {
    expectAsOpenssl(make({ name, strings }));
  });

  it("an attribute that has no name here", () => {
    const der = make({ name: "CN=x\nodd=value" });
    expect(parseCertificate(der).subject).toBe("1.2.3.4.5678=#0c0576616c7565,CN=x");
  });

  it("an empty subject", () => {
    const der = make({ name: "CN=x", arguments: ["-subj", "/", "-days", "1"] });
    expect(expectAsOpenssl(der)).toMatchObject({ subject: "", subjectCommonName: null });
  });

  it("names of hosts and addresses", () => {
    const der = make({
      name: "CN=x",
      extensions:
        "subjectAltName=critical,DNS:proxy.example,DNS:*.proxy.example,IP:192.0.2.1,IP:2001:db8::1,email:a@b.example,URI:http://x/",
    });
    expect(expectAsOpenssl(der).names).toEqual(["proxy.example", "*.proxy.example", "192.0.2.1", "2001:db8::1"]);
  });

  it.each([
    ["CA:TRUE", true],
    ["critical,CA:TRUE,pathlen:0", true],
    ["CA:FALSE", false],
  ])("basic constraints %s", (constraints, isCa) => {
    expect(expectAsOpenssl(make({ name: "CN=x", extensions: `basicConstraints=${constraints}` })).isCa).toBe(isCa);
  });

  it.each([
    ["1949 to 2049", "19500101000000Z", "20491231235959Z"],
    ["2050 and later", "20500101000000Z", "99991231235959Z"],
    ["before 1950", "18991231000000Z", "19000101000000Z"],
  ])("dates of %s", (_what, from, to) => {
    const request = join(folder, "r.pem");
    execFileSync("openssl", ["req", "-new", "-key", key, "-subj", "/CN=x", "-out", request], { stdio: "ignore" });
    const config = join(folder, "ca.cnf");
    writeFileSync(
      config,
      `[ca]\ndefault_ca=a\n[a]\ndatabase=${folder}/index.txt\nnew_certs_dir=${folder}\nrand_serial=yes\npolicy=p\ndefault_md=sha256\nunique_subject=no\n[p]\ncommonName=supplied\n`,
    );
    writeFileSync(join(folder, "index.txt"), "");
    const args = [
      "-selfsign",
      "-keyfile",
      key,
      "-in",
      request,
      "-startdate",
      from,
      "-enddate",
      to,
      "-notext",
      "-batch",
    ];
    const out = join(folder, "c.pem");
    execFileSync("openssl", ["ca", "-config", config, ...args, "-out", out], { stdio: "ignore" });
    const der = new Uint8Array(execFileSync("openssl", ["x509", "-in", out, "-outform", "DER"]));
    expectAsOpenssl(der);
  });

  it.each(["0", "127", "128", "0x00ffffffffffffffffffffffffffffffffffffff", "-1", "-128", "-129"])(
    "serial %s",
    (serial) => {
      expectAsOpenssl(make({ name: "CN=x", arguments: ["-set_serial", serial, "-days", "1"] }));
    },
  );

  it("of version 1, without extensions", () => {
    // X.509 v1 has no version field (RFC 5280 §4.1): what `openssl x509 -req` makes of a request without extensions.
    const request = join(folder, "v1.pem");
    execFileSync("openssl", ["req", "-new", "-key", key, "-subj", "/CN=old", "-out", request], { stdio: "ignore" });
    const args = ["x509", "-req", "-in", request, "-signkey", key, "-days", "1", "-outform", "DER"];
    const der = new Uint8Array(execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] }));
    expect(execFileSync("openssl", ["x509", "-inform", "DER", "-noout", "-text"], { input: der }).toString()).toContain(
      "Version: 1 ",
    );
    expect(expectAsOpenssl(der)).toMatchObject({ subject: "CN=old", names: [], isCa: false });
  });
});

describe("a damaged certificate", () => {
  const der = make({ name: "CN=proxy.example", extensions: "subjectAltName=DNS:proxy.example" });

  it("gives what is in front of the end, at any length", () => {
    const whole = parseCertificate(der);
    for (let length = 0; length < der.length; length++) {
      const cut = parseCertificate(der.slice(0, length));
      expect(cut.malformed).toBe(true);
      for (const field of ["serial", "issuer", "subject"] as const) expect([whole[field], ""]).toContain(cut[field]);
    }
  });

  it("is told from a sound one", () => {
    expect(parseCertificate(new Uint8Array(0)).malformed).toBe(true);
    expect(parseCertificate(fromHex("3000")).malformed).toBe(true);
    expect(parseCertificate(fromHex("3080 3080")).malformed).toBe(true);
    expect(parseCertificate(fromHex("30 88 ffffffffffffffff 00")).malformed).toBe(true);
    const flipped = der.slice();
    flipped[4] = 0x31; // the body is a set
    expect(parseCertificate(flipped)).toMatchObject({ malformed: true, subject: "" });
  });
});

/** An element, DER, of fewer than 128 bytes. */
function element(tag: number, ...content: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const body = concat(...content);
  return concat([tag, body.length], body);
}

/** What OpenSSL does not make: a certificate whose fields can be anything. */
function made(fields: { issuer?: Uint8Array; notBefore?: Uint8Array; extensions?: Uint8Array } = {}): Certificate {
  const name = element(0x30, element(0x31, element(0x30, fromHex("0603550403"), element(0x0c, [0x78]))));
  const time = utcTime("200101000000Z");
  const body = element(
    0x30,
    [2, 1, 5], // serial
    element(0x30), // signature algorithm
    fields.issuer ?? name,
    element(0x30, fields.notBefore ?? time, time),
    name,
    element(0x30), // key
    fields.extensions === undefined ? [] : element(0xa3, element(0x30, fields.extensions)),
  );
  return parseCertificate(element(0x30, body));
}

const utcTime = (text: string): Uint8Array => element(0x17, Buffer.from(text));

describe("a certificate that OpenSSL does not make", () => {
  it("has an issuer that is a name, or is none", () => {
    expect(made()).toMatchObject({ malformed: false, serial: "05", issuer: "CN=x", subject: "CN=x" });
    expect(made({ issuer: element(0x31) })).toMatchObject({ malformed: true, serial: "05", issuer: "", subject: "" });
  });

  it("has characters of four bytes each, or none where they are beyond Unicode", () => {
    const names = (text: string) =>
      made({
        issuer: element(0x30, element(0x31, element(0x30, fromHex("0603550403"), element(0x1c, fromHex(text))))),
      });
    expect(names("0000005a 0001f600").issuer).toBe("CN=Z\u{1f600}");
    expect(names("0000005a 00110000 000000").issuer).toBe("CN=Z\ufffd");
  });

  it("is malformed where one of its two times is none", () => {
    expect(made({ notBefore: utcTime("201301000000Z") })).toMatchObject({
      malformed: true,
      notBefore: null,
      issuer: "CN=x",
    });
  });

  it.each([
    ["200101000000+0130", "2019-12-31T22:30:00Z"],
    ["200101000000-0130", "2020-01-01T01:30:00Z"],
    ["2001010000-0100", "2020-01-01T01:00:00Z"],
  ])("has a time of another zone: %s", (text, time) => {
    expect(made({ notBefore: utcTime(text) }).notBefore).toBe(BigInt(Date.parse(time)) * 1_000_000n);
  });

  it.each([
    ["ff", true],
    ["01", true],
    ["00", false],
    ["", false],
  ])("is a CA if its boolean is true: %j", (boolean, isCa) => {
    const constraints = element(0x30, element(0x01, fromHex(boolean)));
    const extension = element(0x30, fromHex("0603551d13"), element(0x04, constraints));
    expect(made({ extensions: extension }).isCa).toBe(isCa);
  });
});

describe.skipIf(!hasCorpus)(`certificates of the corpus${CORPUS_SKIP}`, () => {
  const captures = [
    "arkime+arkime/tests/pcap/https-generalizedtime.pcap",
    "OISF+suricata-verify/tests/tls/tls-issuer-zero/input.pcap",
    "ntop+nDPI/tests/cfgs/default/pcap/long_tls_certificate.pcap",
    "ntop+nDPI/tests/cfgs/default/pcap/selfsigned.pcap",
    "tls-attacker+TLS-Breaker/Bleichenbacher/src/test/resources/pcap_files/Sample5.pcapng",
  ];

  it.each(captures)("%s", (name) => {
    const chains = followTls(corpusBytes(name)).map(({ facts }) => facts.certificates);
    const ders = new Map(chains.flat().map(({ der }) => [Buffer.from(der).toString("base64"), der]));
    expect(ders.size).toBeGreaterThan(0);
    for (const der of [...ders.values()].slice(0, 6)) {
      const ours = parseCertificate(der);
      const x509 = new X509Certificate(der);
      expect(ours.malformed).toBe(false);
      expect(ours.subject).toBe(openssl(der, "-subject", ...RFC2253));
      expect(ours.issuer).toBe(openssl(der, "-issuer", ...RFC2253));
      expect(ours.notBefore).toBe(BigInt(Date.parse(x509.validFrom)) * 1_000_000n);
      expect(ours.notAfter).toBe(BigInt(Date.parse(x509.validTo)) * 1_000_000n);
      const names = (x509.subjectAltName ?? "").split(", ").filter((entry) => /^DNS:/.test(entry));
      expect(ours.names.filter((entry) => !/^[\d.]+$/.test(entry))).toEqual(names.map((entry) => entry.slice(4)));
    }
  });
});

describe("object identifiers", () => {
  it("longer than any that has a meaning are not taken apart", () => {
    const long = (length: number): Uint8Array => Uint8Array.of(...new Array(length - 1).fill(0x81), 1);
    expect(oidText(long(64))).toMatch(/^2\.\d{100,}$/);
    expect(oidText(long(65))).toBe("");
  });
});
