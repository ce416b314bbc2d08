// Names of the registries, against those of tshark.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { alertName, cipherSuiteName, extensionName, groupName, versionName } from "../../src/tls-parse/index.ts";

/** tshark's value strings of a field; empty if there is no tshark. */
function valuesOf(fields: readonly string[]): Map<string, Map<number, string>> {
  const tables = new Map(fields.map((field) => [field, new Map<number, string>()]));
  let text: string;
  try {
    text = execFileSync("tshark", ["-G", "values"], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return tables;
  }
  for (const line of text.split("\n")) {
    const [kind, field, value, name] = line.split("\t");
    if (kind === "V") tables.get(field ?? "")?.set(Number(value), name!);
  }
  return tables;
}

const SUITES = "tls.handshake.ciphersuite";
const GROUPS = "tls.handshake.extensions_supported_group";
const EXTENSIONS = "tls.handshake.extension.type";
const ALERTS = "tls.alert_message.desc";
const tables = valuesOf([SUITES, GROUPS, EXTENSIONS, ALERTS]);
const known = tables.get(SUITES)!.size > 0;

describe.skipIf(!known)(`names, as tshark has them${known ? "" : " (skipped: no tshark)"}`, () => {
  it("of cipher suites", () => {
    const differing = [...tables.get(SUITES)!].filter(([suite, name]) => cipherSuiteName(suite) !== name);
    // Left out: GREASE, suites of drafts and of GM/T that IANA never had. Two drafts' suites are marked as old.
    const unknown = /GREASE|SALSA20|_SM1_|_SM4_CBC_|^(ECDHE|ECC|IBSDH|IBC|RSA)_SM4/;
    expect(differing.filter(([, name]) => !unknown.test(name))).toEqual([
      [0xcc13, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
      [0xcc14, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
      [0xcc15, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
      [0xffe0, "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA"],
      [0xffe1, "SSL_RSA_FIPS_WITH_DES_CBC_SHA"],
    ]);
    expect(tables.get(SUITES)!.size).toBeGreaterThan(400);
  });

  it("of groups", () => {
    const differing = [...tables.get(GROUPS)!].filter(([group, name]) => groupName(group) !== name);
    // Post-quantum experiments had numbers of their own, of which some are ML-KEM's now.
    expect(differing.filter(([group]) => group < 0x100 || group === 0xff01)).toEqual([]);
  });

  it("of extensions", () => {
    const differing = [...tables.get(EXTENSIONS)!].filter(([type, name]) => extensionName(type) !== name);
    expect(differing.filter(([, name]) => !/GREASE|Reserved|deprecated|draft|_old/.test(name))).toEqual([
      [34, "delegated_credentials"],
      [17513, "application_settings"],
    ]);
  });

  it("of alerts", () => {
    const spelled = (name: string) => name.toLowerCase().replaceAll(" ", "_");
    const differing = [...tables.get(ALERTS)!].filter(([alert, name]) => alertName(alert) !== spelled(name));
    // RFC 8446's drafts had an alert for the end of early data.
    expect(differing).toEqual([[1, "End of Early Data"]]);
  });
});

describe("names of what is unknown", () => {
  it.each([
    [versionName(0x0304), "TLS 1.3"],
    [versionName(0x0300), "SSL 3.0"],
    [versionName(0x0002), "SSL 2.0"],
    [versionName(0x7f1c), "TLS 1.3 (draft 28)"],
    [versionName(0x0909), "0x0909"],
    [cipherSuiteName(0x1a1a), "GREASE 0x1a1a"],
    [cipherSuiteName(0x9999), "0x9999"],
    [groupName(0x3a3a), "GREASE 0x3a3a"],
    [groupName(4588), "X25519MLKEM768"],
    [extensionName(0xfe0d), "encrypted_client_hello"],
    [extensionName(0x0a1a), "0x0a1a"],
    [alertName(255), "255"],
  ])("%s", (name, expected) => {
    expect(name).toBe(expected);
  });
});
