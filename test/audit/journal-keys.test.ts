// What a journal remembers of keys and certificates: with others a capture that was not seen as a whole is checked again, with the same it is not.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AuditOptions, auditCaptures } from "../../src/audit/index.ts";
import { captured } from "../cli/build.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-journal-keys-"));
  mkdirSync(at("all"));
  // Without its keys it is encrypted.
  copyFileSync(captured("squid-basic.pcap"), at("all/a.pcap"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

/** Writes `text` with a time in seconds since 1970. */
function write(name: string, text: string, time: number): void {
  writeFileSync(at(name), text);
  utimesSync(at(name), time, time);
}

/** Goes on with the journal; how many captures were checked for it. */
async function checked(options: AuditOptions = {}): Promise<number> {
  const journal = at("journal.ndjson");
  const lines = (): number => readFileSync(journal, { encoding: "utf8", flag: "a+" }).split("\n").length;
  const before = Math.max(2, lines());
  const { captures } = await auditCaptures([at("all")], { ...options, journal });
  expect(captures).toMatchObject({ total: 1, checked: 1 });
  return lines() - before;
}

describe("a journal", () => {
  it("knows a key log beside a capture by its size and time", async () => {
    write("all/a.keys", "# one\n", 1_000);
    expect([await checked(), await checked()]).toEqual([1, 0]);
    write("all/a.keys", "# one and more\n", 1_000);
    expect([await checked(), await checked()]).toEqual([1, 0]);
    write("all/a.keys", "# two and more\n", 2_000);
    expect([await checked(), await checked()]).toEqual([1, 0]);
  });

  it("knows a capture by its size and time", async () => {
    expect([await checked(), await checked()]).toEqual([1, 0]);
    utimesSync(at("all/a.pcap"), 1, 1);
    expect([await checked(), await checked()]).toEqual([1, 0]);
  });

  it("has a capture without a connection checked with other keys: there may be one inside TLS", async () => {
    writeFileSync(at("all/a.pcap"), readFileSync(captured("squid-basic.pcap")).subarray(0, 24));
    expect([await checked(), await checked()]).toEqual([1, 0]);
    write("all/a.keys", "# one\n", 1_000);
    expect([await checked(), await checked()]).toEqual([1, 0]);
  });

  it("knows keys that were named by their size and time, or by their content where that is wanted", async () => {
    const keylogs = [at("keys")];
    write("keys", "# one\n", 1_000);
    expect([await checked({ keylogs }), await checked({ keylogs })]).toEqual([1, 0]);
    write("keys", "# one and more\n", 1_000);
    expect(await checked({ keylogs })).toBe(1);
    write("keys", "# two and more\n", 2_000);
    expect(await checked({ keylogs })).toBe(1);
    const byContent = { keylogs, hash: true };
    expect([await checked(byContent), await checked(byContent)]).toEqual([1, 0]);
    write("keys", "# two and more\n", 3_000);
    expect(await checked(byContent)).toBe(0);
    write("keys", "# six and more\n", 3_000);
    expect(await checked(byContent)).toBe(1);
  });

  it.skipIf(process.platform === "win32")("knows what a pipe gave by its content", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    /** Goes on while the pipe gives a text. */
    const given = async (text: string | Uint8Array, options: AuditOptions): Promise<number> => {
      writeFileSync(at("text"), text);
      const writer = spawn("bash", ["-c", `cat '${at("text")}' > '${at("pipe")}'`], { stdio: "ignore" });
      try {
        return await checked(options);
      } finally {
        writer.kill();
      }
    };
    const keylogs = [at("pipe")];
    expect([await given("# one\n", { keylogs }), await given("# one\n", { keylogs })]).toEqual([1, 0]);
    expect(await given("# two\n", { keylogs })).toBe(1);
    rmSync(at("journal.ndjson"));
    const trust = [at("pipe")];
    const [root, other] = ["origin-root.crt", "mitmproxy-ca.crt"].map((name) =>
      readFileSync(captured(`record/pki/${name}`)),
    );
    expect([await given(root!, { trust }), await given(root!, { trust })]).toEqual([1, 0]);
    expect(await given(other!, { trust })).toBe(1);
  });
});
