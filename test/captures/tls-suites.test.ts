// The captures of versions and suites are what they are called: what the recording asked of both programs is what they agreed on.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createKeyStore } from "../../src/tls-decrypt/index.ts";
import { recordedReport } from "../harness/recorded-reports.ts";
import { type TlsPieces, tlsPieces } from "../harness/tls-pieces.ts";
import { loadTruth } from "../harness/truth.ts";
import { openerFor, recordsOf, walk } from "../tls-decrypt/walk.ts";

const recorded = new Map(loadTruth().map((capture) => [capture.name, capture]));

/** Version and suite that captures/record/scenarios/tls_versions.py sets, by capture. */
const SUITES = {
  "tls-10-cbc-sha": ["TLS 1.0", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"],
  "tls-11-cbc-sha": ["TLS 1.1", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"],
  "tls-12-3des": ["TLS 1.2", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"],
  "tls-12-camellia": ["TLS 1.2", "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256"],
  "tls-12-cbc-mac-then-encrypt": ["TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"],
  "tls-12-cbc-sha256": ["TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"],
  "tls-12-cbc-sha384": ["TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"],
  "tls-12-ccm": ["TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"],
  "tls-12-ccm8": ["TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"],
  "tls-12-chacha20": ["TLS 1.2", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
  "tls-12-gcm": ["TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
  "tls-12-gcm-256": ["TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
  "tls-12-rsa-kx": ["TLS 1.2", "TLS_RSA_WITH_AES_128_GCM_SHA256"],
  "tls-12-rsa-private-key": ["TLS 1.2", "TLS_RSA_WITH_AES_256_CBC_SHA256"],
  "tls-13-aes-128-ccm": ["TLS 1.3", "TLS_AES_128_CCM_SHA256"],
  "tls-13-aes-128-ccm-8": ["TLS 1.3", "TLS_AES_128_CCM_8_SHA256"],
  "tls-13-aes-128-gcm": ["TLS 1.3", "TLS_AES_128_GCM_SHA256"],
  "tls-13-aes-256-gcm": ["TLS 1.3", "TLS_AES_256_GCM_SHA384"],
  "tls-13-chacha20-poly1305": ["TLS 1.3", "TLS_CHACHA20_POLY1305_SHA256"],
} as const satisfies Readonly<Record<string, readonly [version: string, suite: string]>>;

describe("captures of suites", () => {
  it.each(Object.entries(SUITES))("%s: %j, all of it read", async (name, [version, cipher]) => {
    const { connections } = await recordedReport(recorded.get(name)!);
    expect(connections.map(({ tunnel }) => tunnel?.tls)).toMatchObject([{ version, cipher, decrypted: "full" }]);
  });
});

/** The records of a capture's only connection, and what each of them held. */
function opened(name: string) {
  const { path, keysPath } = recorded.get(name)!;
  const [{ pieces }] = [...tlsPieces(readFileSync(path), createKeyStore()).values()] as [TlsPieces];
  const records = recordsOf(pieces);
  return { records, ...walk(records, openerFor(readFileSync(keysPath!, "latin1"))) };
}

describe("captures of what records can be like", () => {
  it("tls-13-padding: content, its type and zeros are a multiple of 512 bytes (RFC 8446 section 5.4)", () => {
    const { records, contents } = opened("tls-13-padding");
    const [type, tag] = [1, 16];
    expect(contents.size).toBeGreaterThanOrEqual(8);
    for (const [index, text] of contents) {
      const inner = records[index]!.body.length - tag;
      const content = text.slice(text.indexOf(" ") + 1).length;
      expect(inner % 512, `record ${index}`).toBe(0);
      expect(inner - type - content, `record ${index}`).toBeGreaterThan(0);
    }
  });

  it("tls-12-cbc-mac-then-encrypt: no encrypt_then_mac (22) in its ServerHello, tls-12-cbc-sha256 has it", () => {
    const answered = (name: string): boolean => {
      const hello = opened(name).records.find(
        ({ from, type, body }) => from === "server" && type === 22 && body[0] === 2,
      )!;
      const length = 4 + ((hello.body[1]! << 16) | (hello.body[2]! << 8) | hello.body[3]!);
      return Buffer.from(hello.body.subarray(0, length)).includes(Buffer.of(0, 22, 0, 0));
    };
    expect([answered("tls-12-cbc-mac-then-encrypt"), answered("tls-12-cbc-sha256")]).toEqual([false, true]);
  });
});
