// Output in pieces: larger than what is held, it goes into a file without a name first, and what fails leaves nothing.
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Output, openOutput } from "../../src/cli/write-output.ts";
import { captured } from "./build.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-output-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MEBI = "0123456789abcdef".repeat(65_536);

function opened(file: string): Output {
  const output = openOutput(file, []);
  if (typeof output === "string") throw new Error(output);
  return output;
}

describe("output to a file", () => {
  it("is there when it is finished, and not before", () => {
    const file = join(folder, "small.txt");
    const output = opened(file);
    output.write("one\n");
    output.write("zwölf\n");
    expect(readdirSync(folder)).toEqual([]);
    expect(output.finish()).toBeNull();
    expect(readFileSync(file, "utf8")).toBe("one\nzwölf\n");
    expect(readdirSync(folder)).toEqual(["small.txt"]);
  });

  it("has no name while it grows beyond what is held", () => {
    const file = join(folder, "large.txt");
    writeFileSync(file, "before");
    const output = opened(file);
    for (let i = 0; i < 40; i++) output.write(MEBI);
    expect(readFileSync(file, "utf8")).toBe("before");
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
    expect(output.finish()).toBeNull();
    expect(statSync(file).size).toBe(40 * MEBI.length);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it.skipIf(process.platform !== "linux")("is on the disk but for the last two million characters", () => {
    const output = opened(join(folder, "growing.txt"));
    for (let i = 0; i < 7; i++) output.write(MEBI);
    const sizes = readdirSync("/proc/self/fd").flatMap((descriptor) => {
      const path = `/proc/self/fd/${descriptor}`;
      try {
        return readlinkSync(path).startsWith(folder) ? [statSync(path).size] : [];
      } catch {
        // The one with which the list was read.
        return [];
      }
    });
    output.discard();
    expect(sizes).toEqual([6 * MEBI.length]);
  });

  it("leaves what was there if it is not wanted any more", () => {
    const file = join(folder, "kept.txt");
    writeFileSync(file, "before");
    const output = opened(file);
    for (let i = 0; i < 20; i++) output.write(MEBI);
    output.discard();
    expect(readFileSync(file, "utf8")).toBe("before");
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it.each(["x".repeat(250), "語".repeat(83)])("has a name as long as a file's may be: %s", (name) => {
    const file = join(folder, name);
    const output = opened(file);
    for (let i = 0; i < 20; i++) output.write(MEBI);
    expect(output.finish()).toBeNull();
    expect(statSync(file).size).toBe(20 * MEBI.length);
    rmSync(file);
    expect(readdirSync(folder).filter((other) => other.startsWith("."))).toEqual([]);
  });

  it("writes nothing if nothing was said", () => {
    expect(opened(join(folder, "none.txt")).finish()).toBeNull();
    expect(readdirSync(folder)).not.toContain("none.txt");
  });

  it("takes the place of no capture, key log, key or journal, and of nothing that is read", () => {
    const refused = (text: string | Uint8Array, name: string, inputs: readonly string[] = []): Output | string => {
      writeFileSync(join(folder, name), text);
      return openOutput(join(folder, name), inputs);
    };
    expect(refused(readFileSync(captured("squid-403.pcap")), "a.txt")).toMatch(/it is a capture/);
    expect(refused(Uint8Array.of(0x1f, 0x8b, 8, 0, 0), "b.txt")).toMatch(/it is a capture/);
    for (const label of ["CLIENT_RANDOM", "PMS_CLIENT_RANDOM", "RSA", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"])
      expect(refused(`${label} 00 11\n`, "c.txt")).toMatch(/it is a key log/);
    expect(refused("-----BEGIN PRIVATE KEY-----\n", "d.txt")).toMatch(/a key or a certificate/);
    expect(refused('{"journal":"pcapcheck audit","schemaVersion":1}\n', "e.txt")).toMatch(/the journal of an audit/);
    expect(refused("start transaction\n", "f.txt", ["-", join(folder, "f.txt")])).toMatch(/it is what is read/);
    expect(refused("verdict\n", "g.txt", [join(folder, "f.txt")])).toHaveProperty("file");
    // A journal that is there only later on.
    expect(openOutput(join(folder, "h.txt"), [`${folder}/./h.txt`])).toMatch(/it is what is read/);
    expect(openOutput(join(folder, "h.txt"), [join(folder, "i.txt")])).toHaveProperty("file");
  });

  it("tells once and at the end why it could not be written", () => {
    const output = opened(join(folder, "no/such/folder.txt"));
    for (let i = 0; i < 20; i++) output.write(MEBI);
    expect(output.finish()).toBe("cannot be written: its folder does not exist");
  });
});
