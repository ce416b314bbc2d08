// Output in pieces: larger than what is held, it goes into a file without a name first, and what fails leaves nothing.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openOutput } from "../../src/cli/write-output.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-output-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MEBI = "0123456789abcdef".repeat(65_536);

describe("output to a file", () => {
  it("is there when it is finished, and not before", () => {
    const file = join(folder, "small.txt");
    const output = openOutput(file);
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
    const output = openOutput(file);
    for (let i = 0; i < 40; i++) output.write(MEBI);
    expect(readFileSync(file, "utf8")).toBe("before");
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
    expect(output.finish()).toBeNull();
    expect(statSync(file).size).toBe(40 * MEBI.length);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("leaves what was there if it is not wanted any more", () => {
    const file = join(folder, "kept.txt");
    writeFileSync(file, "before");
    const output = openOutput(file);
    for (let i = 0; i < 20; i++) output.write(MEBI);
    output.discard();
    expect(readFileSync(file, "utf8")).toBe("before");
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("writes nothing if nothing was said", () => {
    expect(openOutput(join(folder, "none.txt")).finish()).toBeNull();
    expect(readdirSync(folder)).not.toContain("none.txt");
  });

  it("tells once and at the end why it could not be written", () => {
    const output = openOutput(join(folder, "no/such/folder.txt"));
    for (let i = 0; i < 20; i++) output.write(MEBI);
    expect(output.finish()).toBe("cannot be written: its folder does not exist");
  });
});
