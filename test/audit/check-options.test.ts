// Options as a program in JavaScript gives them: what no one can mean is told, what can be written in several ways means the same.
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkedOptions } from "../../src/audit/check-options.ts";
import { type AuditOptions, auditCaptures, type CheckOptions, checkCapture, ipAddress } from "../../src/audit/index.ts";
import { portableCiphers } from "../../src/web/index.ts";

const CAPTURE = fileURLToPath(new URL("../../captures/mitm-401-basic.pcap", import.meta.url));

const WRONG: readonly (readonly [string, unknown, string])[] = [
  ["null", null, "options must be an object, and not null"],
  ["text", "keys.log", 'options must be an object, and not "keys.log"'],
  ["proxies as text", { proxies: "10.0.0.1" }, 'proxies must be a list of { host, port }, and not "10.0.0.1"'],
  ["a proxy as text", { proxies: ["10.0.0.1:80"] }, 'proxies[0] must be { host, port }, and not "10.0.0.1:80"'],
  ["a proxy's name", { proxies: [{ host: "proxy" }] }, 'proxies[0].host must be an IP address, and not "proxy"'],
  ["a proxy that is nobody", { proxies: [{}] }, "proxies[0] must be { host, port }, or one of the two"],
  ["a port as text", { proxies: [{ port: "80" }] }, 'proxies[0].port must be a number from 1 to 65535, and not "80"'],
  ["a port beyond all", { proxies: [{ port: 65_536 }] }, "proxies[0].port must be a number from 1 to 65535"],
  ["one key log", { keylogs: "keys.log" }, 'keylogs must be a list of paths, or of bytes, and not "keys.log"'],
  ["no key log", { keylogs: [null] }, "keylogs[0] must be a path, or bytes, and not null"],
  ["a root", { trust: "root.pem" }, 'trust must be a list of paths, or of bytes, and not "root.pem"'],
  ["a word for false", { verifyBodies: "no" }, 'verifyBodies must be true or false, and not "no"'],
  [
    "what cannot decompress",
    { ciphers: { ...portableCiphers, decompress: true } },
    "ciphers must be a TlsPlatform, as portableCiphers is, and not another object",
  ],
  ["no ciphers", { ciphers: {} }, "ciphers must be a TlsPlatform, as portableCiphers is, and not another object"],
  ["no function", { onProgress: 3 }, "onProgress must be a function, and not 3"],
  ["less than no connection", { maxConnections: -1 }, "maxConnections must be a whole number from 0, and not -1"],
  ["no number", { maxConnections: Number.NaN }, "maxConnections must be a whole number from 0, and not NaN"],
  ["an unknown detail", { detail: "all" }, 'detail must be "full", "connections" or "verdict", and not "all"'],
  ["a name that is none", { name: 5 }, "name must be text, and not 5"],
];

describe("options of a check", () => {
  it.each(WRONG)("%s: refused with a TypeError that says which and why", async (_what, options, message) => {
    const check = checkCapture(CAPTURE, options as CheckOptions);
    await expect(check).rejects.toThrow(TypeError);
    await expect(check).rejects.toThrow(message);
    const ofAudits = message.replace(/, or bytes|, or of bytes/, "");
    await expect(auditCaptures([CAPTURE], options as AuditOptions)).rejects.toThrow(ofAudits);
  });

  it("takes undefined for what is left out, and the widest of what may be given", () => {
    const none = { proxies: undefined, keylogs: undefined, name: undefined, detail: undefined, ciphers: undefined };
    expect(checkedOptions(none as unknown as CheckOptions)).toEqual(none);
    const all: CheckOptions = {
      proxies: [{ host: "10.0.0.1" }, { port: 1 }, { host: "::1", port: 65_535 }],
      ...{ keylogs: [], rsaKeys: ["k"], verifyBodies: false, ciphers: portableCiphers, onProgress() {} },
      ...{ maxConnections: Number.POSITIVE_INFINITY, detail: "verdict", name: "" },
    };
    expect(checkedOptions(all)).toEqual(all);
  });

  it.each<[string, AuditOptions, string]>([
    ["no jobs", { jobs: 0 }, "jobs must be a whole number from 1 to 64, and not 0"],
    ["too many jobs", { jobs: 65 }, "jobs must be a whole number from 1 to 64, and not 65"],
    ["no time", { timeoutMs: 0 }, "timeoutMs must be a number greater than 0, and not 0"],
    ["a part that is counted from 0", { shard: { index: 0, of: 4 } }, "shard must be { index, of }, with index from 1"],
    ["a part behind the last", { shard: { index: 5, of: 4 } }, "shard must be { index, of }, with index from 1 to of"],
    ["limits that nothing keeps, here without the built worker", { timeoutMs: 10 }, "timeoutMs and maxMemoryMiB need"],
  ])("%s: refused for an audit", async (_what, options, message) => {
    await expect(auditCaptures([CAPTURE], options)).rejects.toThrow(TypeError);
    await expect(auditCaptures([CAPTURE], options)).rejects.toThrow(message);
  });

  it("takes no bytes for an audit, whose journal remembers files", async () => {
    const keylogs = [new Uint8Array(2)] as unknown as string[];
    await expect(auditCaptures([CAPTURE], { keylogs })).rejects.toThrow("keylogs[0] must be a path, and not");
  });

  it("finds a proxy by its address however that is written", async () => {
    const found = async (host: string): Promise<unknown> => {
      const result = await checkCapture(CAPTURE, { proxies: [{ host }] });
      return "kind" in result ? result.message : result.proxies.map(({ ip, detectedBy }) => ({ ip, detectedBy }));
    };
    const [proxy] = (await found("10.44.1.80")) as { ip: string }[];
    expect(proxy).toEqual({ ip: "10.44.1.80", detectedBy: "option" });
    for (const host of ["::ffff:10.44.1.80", "::FFFF:0a2c:0150", "0:0:0:0:0:ffff:10.44.1.80"])
      expect(await found(host), host).toEqual([proxy]);
  });

  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::", "::"],
    ["10.0.0.256", null],
    ["10.0.0", null],
    ["010.0.0.1", null],
    ["proxy.example", null],
    ["[::1]", null],
    ["1:2", null],
    ["", null],
  ])("knows %s for the address %s", (text, address) => expect(ipAddress(text)).toBe(address));
});
