// Where chains end: certificates made by openssl, Node's public roots, and files that are none.
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, describe, expect, it } from "vitest";
import { loadTrust, type TrustFiles } from "../../src/audit/node-trust.ts";

const folder = mkdtempSync(join(tmpdir(), "pcapcheck-trust-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const CA = "basicConstraints=critical,CA:TRUE";
const NO_CA = "basicConstraints=critical,CA:FALSE";

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "ignore"] });
}

/** Makes NAME.key and NAME.pem; signed by itself where no issuer is named. */
function make(name: string, subject: string, extension: string, issuer: string | null): void {
  openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", at(`${name}.key`));
  writeFileSync(at(`${name}.ext`), `${extension}\nsubjectKeyIdentifier=hash\n`);
  openssl("req", "-new", "-key", at(`${name}.key`), "-subj", subject, "-out", at(`${name}.csr`));
  const signer =
    issuer === null
      ? ["-signkey", at(`${name}.key`)]
      : ["-CA", at(`${issuer}.pem`), "-CAkey", at(`${issuer}.key`), "-CAcreateserial"];
  const when = ["-days", "30", "-extfile", at(`${name}.ext`), "-out", at(`${name}.pem`)];
  openssl("x509", "-req", "-in", at(`${name}.csr`), ...signer, ...when);
}

/** The same request once more as NAME.pem, valid in January 2020 only. */
function makeExpired(name: string, of: string, issuer: string): void {
  for (const file of ["index", "index.attr"]) writeFileSync(at(file), "");
  writeFileSync(at("serial"), "01\n");
  const config = [
    "[ca]",
    "default_ca=x",
    "[x]",
    `database=${at("index")}`,
    `serial=${at("serial")}`,
    `new_certs_dir=${folder}`,
    "default_md=sha256",
    "policy=any",
    "[any]",
    "commonName=supplied",
    "organizationName=optional",
  ];
  writeFileSync(at("ca.conf"), config.join("\n"));
  const signer = ["-cert", at(`${issuer}.pem`), "-keyfile", at(`${issuer}.key`), "-extfile", at(`${of}.ext`)];
  const dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
  const files = ["-in", at(`${of}.csr`), "-out", at(`${name}.pem`), "-notext"];
  openssl("ca", "-batch", "-config", at("ca.conf"), ...signer, ...dates, ...files);
}

function der(name: string): Uint8Array {
  return new Uint8Array(new X509Certificate(readFileSync(at(`${name}.pem`))).raw);
}

const SUBJECT = "/O=Example/CN=www.example.com";
const PUBLIC = new X509Certificate(rootCertificates[0]!);

make("root", "/O=Example/CN=Example Root", CA, null);
make("middle", "/O=Example/CN=Example Issuing", CA, "root");
make("leaf", SUBJECT, `${NO_CA}\nsubjectAltName=DNS:www.example.com`, "middle");
makeExpired("expired", "leaf", "middle");
make("no-ca", "/O=Example/CN=Not an authority", NO_CA, "root");
make("of-no-ca", SUBJECT, NO_CA, "no-ca");
make("other-root", "/O=Elsewhere/CN=Elsewhere Root", CA, null);
make("namesake", "/O=Example/CN=Example Root", CA, null);
make("of-namesake", SUBJECT, NO_CA, "namesake");
make("alone", SUBJECT, NO_CA, null);
// The name of a public root, and a key of its own.
const forgedName = `/${PUBLIC.subject.split("\n").join("/")}`;
make("forged", forgedName, CA, null);
make("of-forged", SUBJECT, NO_CA, "forged");

/** An authority whose exponent has as many bits as its modulus nearly: each signature of it takes milliseconds to check. */
openssl(
  "genpkey",
  "-algorithm",
  "RSA",
  "-pkeyopt",
  "rsa_keygen_bits:2048",
  "-pkeyopt",
  `rsa_keygen_pubexp:${2n ** 63n + 1n}`,
  "-out",
  at("slow.key"),
);
openssl(
  "req",
  "-new",
  "-x509",
  "-key",
  at("slow.key"),
  "-subj",
  "/O=Example/CN=Slow Root",
  "-addext",
  CA,
  "-out",
  at("slow.pem"),
);
make("of-slow", SUBJECT, NO_CA, "slow");

function end(chain: readonly Uint8Array[], files: TrustFiles = {}): string {
  const loaded = loadTrust(files);
  if ("why" in loaded) throw new Error(loaded.why);
  return loaded.trust.chainEnd(chain, 0n);
}

const ROOT: TrustFiles = { trust: [at("root.pem")] };

function damaged(name: string): Uint8Array {
  const bytes = der(name);
  bytes[bytes.length - 3]! ^= 0x01;
  return bytes;
}

describe("chains", () => {
  const rows: readonly (readonly [name: string, chain: () => readonly Uint8Array[], files: TrustFiles, end: string])[] =
    [
      ["all of it sent", () => ["leaf", "middle", "root"].map(der), ROOT, "trusted"],
      ["without the root, as servers send it", () => ["leaf", "middle"].map(der), ROOT, "trusted"],
      ["in any order behind the leaf", () => ["leaf", "root", "other-root", "middle"].map(der), ROOT, "trusted"],
      ["the issuing authority missing", () => ["leaf"].map(der), ROOT, "unknown"],
      ["the issuing authority named itself", () => ["leaf"].map(der), { trust: [at("middle.pem")] }, "trusted"],
      ["expired: still not made by the proxy", () => ["expired", "middle"].map(der), ROOT, "trusted"],
      ["a leaf with a wrong signature", () => [damaged("leaf"), der("middle"), der("root")], ROOT, "unknown"],
      ["an authority with a wrong signature", () => [der("leaf"), damaged("middle"), der("root")], ROOT, "unknown"],
      ["an issuer that is no authority", () => ["of-no-ca", "no-ca", "root"].map(der), ROOT, "unknown"],
      ["a namesake of the root with another key", () => ["of-namesake"].map(der), ROOT, "unknown"],
      ["a namesake of the root that was sent", () => ["of-namesake", "namesake"].map(der), ROOT, "other"],
      ["another root", () => ["leaf", "middle", "root"].map(der), { trust: [at("other-root.pem")] }, "other"],
      ["nothing named", () => ["leaf", "middle", "root"].map(der), {}, "other"],
      ["nothing named, no root sent", () => ["leaf", "middle"].map(der), {}, "unknown"],
      ["signed by itself", () => ["alone"].map(der), ROOT, "other"],
      ["signed by itself and named", () => ["alone"].map(der), { trust: [at("alone.pem")] }, "trusted"],
      ["the proxy's authority", () => ["leaf", "middle"].map(der), { proxyCa: [at("root.pem")] }, "proxy-ca"],
      [
        "named as both: the proxy's",
        () => ["leaf", "middle"].map(der),
        { trust: [at("root.pem")], proxyCa: [at("root.pem")] },
        "proxy-ca",
      ],
      [
        "an authority whose signatures take long to check",
        () => ["of-slow"].map(der),
        { trust: [at("slow.pem")] },
        "unknown",
      ],
      ["a public root's name and another key", () => ["of-forged", "forged"].map(der), {}, "other"],
      ["a public root's name, not sent", () => ["of-forged"].map(der), {}, "unknown"],
      ["no certificate", () => [new Uint8Array([0x30, 0x03, 1, 2, 3])], ROOT, "unknown"],
      ["no certificate behind the leaf", () => [der("leaf"), new Uint8Array(40)], ROOT, "unknown"],
      ["nothing", () => [], ROOT, "unknown"],
      ["as many as fit into a handshake", () => Array.from({ length: 2_000 }, () => der("leaf")), ROOT, "unknown"],
    ];

  it.each(rows)("%s", (_name, chain, files, expected) => expect(end(chain(), files)).toBe(expected));

  it("each of Node's roots is found by its own name", () => {
    const loaded = loadTrust({});
    if ("why" in loaded) throw new Error(loaded.why);
    const ends = rootCertificates.map((pem) =>
      loaded.trust.chainEnd([new Uint8Array(new X509Certificate(pem).raw)], 0n),
    );
    expect(ends.filter((one) => one !== "public-root")).toEqual([]);
    expect(ends.length).toBeGreaterThan(100);
  });
});

describe("files", () => {
  const whyNot = (content: string | Uint8Array | null): string => {
    const path = at("file");
    rmSync(path, { force: true });
    if (content !== null) writeFileSync(path, content);
    const loaded = loadTrust({ trust: [path] });
    return "why" in loaded ? loaded.why : "";
  };
  const pem = (name: string): string => readFileSync(at(`${name}.pem`), "utf8");

  it("PEM, DER, a bundle with words between", () => {
    writeFileSync(at("root.der"), der("root"));
    writeFileSync(at("bundle.pem"), `# ours\n${pem("other-root")}\nand\n${pem("root").replaceAll("\n", "\r\n")}`);
    for (const file of ["root.pem", "root.der", "bundle.pem"])
      expect(end(["leaf", "middle"].map(der), { trust: [at(file)] }), file).toBe("trusted");
    expect(end(["leaf", "middle"].map(der), { trust: [at("other-root.pem"), at("root.der")] })).toBe("trusted");
  });

  it("a file of first lines that nothing ends is read once", () => {
    // Looking for an end behind each of them was a matter of minutes, in a file of the largest size of hours.
    const lines = "-----BEGIN CERTIFICATE-----\n".repeat(300_000);
    expect(whyNot(lines)).toMatch(/no certificate/);
    expect(whyNot(pem("root") + lines)).toBe("");
    expect(whyNot(`-----END CERTIFICATE-----\n${pem("root")}`)).toBe("");
  });

  it("what cannot be used is said in one line", () => {
    expect(whyNot(pem("root"))).toBe("");
    expect(whyNot(null)).toMatch(/cannot be read: there is no such file$/);
    expect(whyNot("")).toMatch(/no certificate/);
    expect(whyNot("a letter")).toMatch(/no certificate/);
    expect(whyNot(readFileSync(at("root.key")))).toMatch(/no certificate/);
    expect(whyNot(pem("root") + pem("leaf").replace(/MII.{8}/, "A".repeat(11)))).toMatch(/damaged/);
    for (const why of [whyNot(null), whyNot("")]) expect(why).not.toContain("\n");
  });
});
