// Pseudonyms for programs: what the command line gives with --redact, by the library.
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkCapture, createRedactor, type RedactKind } from "../../src/index.ts";
import { createRedactor as inside } from "../../src/report/redact/redact.ts";

const CAPTURE = fileURLToPath(new URL("../../captures/mitm-401-basic.pcap", import.meta.url));
const ALL: readonly RedactKind[] = ["ip", "host", "user"];
const KEY = Buffer.from("a key of sixteen bytes or more");
const checked = () => checkCapture(CAPTURE);

describe("a redactor", () => {
  it("gives what --redact gives", async () => {
    const { redact } = await createRedactor(ALL);
    const report = await checked();
    expect(redact(report)).toEqual(inside(new Set(ALL)).redact(report));
    expect(JSON.stringify(redact(report))).not.toContain("10.");
  });

  it("gives the same names with the same key, and others with another", async () => {
    const names = async (key: Uint8Array) => (await createRedactor(ALL, key)).redact({ target: "www.example.com:443" });
    expect(await names(KEY)).toEqual(await names(KEY));
    expect(await names(KEY)).not.toEqual(await names(Buffer.from("another key of as many bytes")));
  });

  it("has a key of its own, of as few bytes as it may have", async () => {
    const own = Buffer.from("sixteen bytes...");
    const [later, before] = [await createRedactor(["ip"], own), await createRedactor(["ip"], Buffer.from(own))];
    const expected = before.redact({ ip: "192.0.2.1" });
    own.fill(0);
    expect(later.redact({ ip: "192.0.2.1" })).toEqual(expected);
  });

  it("leaves the report as it was, and what was not asked for", async () => {
    const report = await checked();
    const before = structuredClone(report);
    const shown = (await createRedactor(["user"])).redact(report);
    expect(report).toEqual(before);
    expect(JSON.stringify(shown)).toContain('"ip":"10.');
  });

  it.each([
    ["text for a list", "ip", null, 'kinds must be a list: some of ip, host, user, and not "ip"'],
    ["a number", 5, null, "kinds must be a list: some of ip, host, user, and not 5"],
    ["no kinds", [], null, "kinds must be a list: some of ip, host, user, and not an object of Array"],
    ["an unknown kind", ["ip", "name"], null, 'a kind must be one of ip, host, user, and not "name"'],
    ["a short key", ["ip"], Buffer.from("short"), "key must be 16 bytes or more, or null, and not 5"],
    ["a key as text", ["ip"], "0123456789abcdef", 'key must be 16 bytes or more, or null, and not "0123456789abcdef"'],
  ])("refuses %s", async (_what, kinds, key, message) => {
    const made = createRedactor(kinds as RedactKind[], key as Uint8Array);
    await expect(made).rejects.toThrow(TypeError);
    await expect(made).rejects.toThrow(message);
  });
});
