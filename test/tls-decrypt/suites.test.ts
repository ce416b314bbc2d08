// Node's TLS client and server talk with every version and suite that OpenSSL still has; all of it must be read back.
import type * as tls from "node:tls";
import { describe, expect, it } from "vitest";
import { identity, SSL_OP_NO_ENCRYPT_THEN_MAC, talk } from "../harness/tls-talk.ts";
import { openerFor, recordsOf, walk } from "./walk.ts";

type Version = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

const LONG = "x".repeat(50_000);
const turns = ["ask", "answer", `${LONG}ask more`, `${LONG}answer more`, "", "good bye"];

function options(version: Version, cipher: string, extra: tls.SecureContextOptions = {}) {
  // A suite of TLS 1.2 beside that of TLS 1.3: OpenSSL wants a list that is not empty before it takes a level.
  const both = { minVersion: version, maxVersion: version, ciphers: `${cipher}:AES128-SHA:@SECLEVEL=0`, ...extra };
  return { server: { ...both, ...identity(cipher.includes("ECDSA") ? "ec" : "rsa") }, client: both, turns };
}

async function expectAllOpened(version: Version, cipher: string, extra: tls.SecureContextOptions = {}): Promise<void> {
  const talked = await talk(options(version, cipher, extra));
  expect(talked.cipher).toBe(cipher);
  expect(talked.protocol).toBe(version);
  const walked = walk(recordsOf(talked.pieces), openerFor(talked.keyLog));
  expect(walked.data).toEqual(talked.said);
  expect(walked.failed + walked.notWanted).toBe(0);
  expect(walked.opener.stats).toMatchObject({ source: "key-log", client: { why: "open" }, server: { why: "open" } });
}

describe("TLS 1.3 (RFC 8446 §B.4)", () => {
  it.each([
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
  ])("opens %s", (cipher) => expectAllOpened("TLSv1.3", cipher));
});

describe("TLS 1.2", () => {
  it.each([
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "AES128-CCM",
    "ECDHE-ECDSA-AES256-CCM",
    "AES128-CCM8",
    "ECDHE-ECDSA-AES256-CCM8",
    "ARIA128-GCM-SHA256",
    "ECDHE-ARIA256-GCM-SHA384",
    "NULL-SHA256",
    "NULL-MD5",
  ])("opens %s", (cipher) => expectAllOpened("TLSv1.2", cipher));

  const cbc = [
    "AES128-SHA",
    "AES256-SHA256",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "CAMELLIA128-SHA",
    "CAMELLIA256-SHA256",
  ];
  it.each(cbc)("opens %s, MAC of the ciphertext (RFC 7366)", (cipher) => expectAllOpened("TLSv1.2", cipher));
  it.each(cbc)("opens %s, MAC of the plaintext", (cipher) =>
    expectAllOpened("TLSv1.2", cipher, { secureOptions: SSL_OP_NO_ENCRYPT_THEN_MAC }),
  );
});

describe("TLS 1.1 and 1.0", () => {
  const rows = (["TLSv1.1", "TLSv1"] as const).flatMap((version) =>
    ["AES128-SHA", "ECDHE-RSA-AES256-SHA", "CAMELLIA256-SHA", "NULL-SHA"].map((cipher) => ({ version, cipher })),
  );
  it.each(rows)("opens $version $cipher", ({ version, cipher }) => expectAllOpened(version, cipher));
  it.each(rows)("opens $version $cipher, MAC of the plaintext", ({ version, cipher }) =>
    expectAllOpened(version, cipher, { secureOptions: SSL_OP_NO_ENCRYPT_THEN_MAC }),
  );
});
