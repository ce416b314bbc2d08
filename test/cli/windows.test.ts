// Windows: no shell expands *.pcap, files that are open elsewhere stay as they are for a while, and pipes end otherwise.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openOutput } from "../../src/cli/write-output.ts";
import { onWindows } from "../harness/windows.ts";
import { buildProgram, captured, type Program } from "./build.ts";

/** How often a file cannot be replaced. */
let busy = 0;
/** Numbers of files by the ends of their names. */
const numbers = new Map<string, bigint>();

vi.mock("node:fs", async (original) => {
  const actual = await original<typeof import("node:fs")>();
  return {
    ...actual,
    renameSync(from: string, to: string): void {
      if (busy-- > 0) throw Object.assign(new Error("EPERM: operation not permitted, rename"), { code: "EPERM" });
      actual.renameSync(from, to);
    },
    statSync(path: string, options?: { readonly bigint?: boolean }) {
      const status = actual.statSync(path, options);
      const number = [...numbers].find(([end]) => path.endsWith(end))?.[1];
      if (status !== undefined && number !== undefined)
        Object.assign(status, { ino: options?.bigint === true ? number : Number(number) });
      return status;
    },
  };
});

let folder: string;
let program: Program;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-windows-"));
  program = buildProgram();
});
beforeEach(() => {
  busy = 0;
  numbers.clear();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  program.remove();
});

/** Says what `file` had put into it. */
function put(file: string): string | null {
  const output = openOutput(file, []);
  if (typeof output === "string") return output;
  output.write("new");
  return output.finish();
}

describe("output to a file", () => {
  it("waits while another program has the old one open, and says so if it is too long", async () => {
    const file = join(folder, "open.csv");
    writeFileSync(file, "old");
    busy = 3;
    expect(await onWindows(() => put(file))).toBeNull();
    expect(readFileSync(file, "utf8")).toBe("new");
    busy = 1_000;
    expect(await onWindows(() => put(file))).toBe(
      "cannot be written: permission denied, or another program has it open",
    );
    expect(readdirSync(folder)).toEqual(["open.csv"]);
    busy = 1;
    expect(put(file)).toBe("cannot be written: permission denied");
  });

  it("goes into no file of a device's name", async () => {
    expect(await onWindows(() => put(join(folder, "con.html")))).toMatch(/con\.html: Windows keeps the name CON/);
    expect(await onWindows(() => openOutput("NUL", []))).toMatchObject({ file: "\\\\.\\NUL" });
    expect(put(join(folder, "con.html"))).toBeNull();
  });

  it("is not taken for what is read where numbers of files are longer than a double holds", () => {
    const [report, input] = [join(folder, "report.txt"), join(folder, "input.txt")];
    writeFileSync(report, "report");
    writeFileSync(input, "input");
    // Neighbours in the table of an NTFS volume: the upper 16 bits count how often an entry was used.
    numbers.set("report.txt", 0x0123_0000_0000_1001n).set("input.txt", 0x0123_0000_0000_1002n);
    expect(openOutput(report, [input])).toHaveProperty("file", report);
    numbers.set("input.txt", 0x0123_0000_0000_1001n);
    expect(openOutput(report, [input])).toMatch(/it is what is read/);
    // A file system without any.
    numbers.set("report.txt", 0n).set("input.txt", 0n);
    expect(openOutput(report, [input])).toHaveProperty("file", report);
    expect(openOutput(report, [report])).toMatch(/it is what is read/);
  });
});

describe("the program", () => {
  const run = (before: string, ...args: string[]): { code: number | null; out: string; err: string } => {
    const preload = join(folder, "preload.cjs");
    writeFileSync(preload, `Object.defineProperty(process, "platform", { value: "win32" });\n${before}`);
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", preload, program.path, ...args], {
      encoding: "utf8",
      cwd: folder,
    });
    return { code: status, out: stdout, err: stderr };
  };

  it("makes names of patterns", () => {
    const pattern = captured("mitm-401-*.pcap");
    const names = readdirSync(captured("")).filter((name) => /^mitm-401-.*\.pcap$/.test(name));
    const { out, err } = run("", "-q", pattern, captured("squid-403.pcap"));
    expect(err).toBe("");
    expect(out.trim().split("\n")).toHaveLength(names.length + 1);
    expect(run("", "-q", "none-*.pcap")).toMatchObject({
      code: 2,
      err: "pcapcheck: none-*.pcap: there is no such file\n",
    });
    for (const part of [1, 2])
      run("", "audit", pattern, "-q", "--shard", `${part}/2`, "--journal", join(folder, `p${part}.ndjson`));
    expect(run("", "merge", "-q", "p?.ndjson")).toEqual({ code: 1, out: "tunnel-401-proxy\n", err: "" });
  });

  it("writes paths as URIs", () => {
    const { out } = run("", "-f", "sarif", "no\\such folder\\a.pcap", captured("squid-403.pcap"));
    expect(out).toContain('"uri":"no/such%20folder/a.pcap"');
  });

  it("takes a pipe that ends as Windows ends it for one that has seen enough", () => {
    const ended = `
      const { write } = process.stdout;
      process.stdout.write = function (...args) {
        this.destroy(Object.assign(new Error("write EOF"), { code: "EOF" }));
        return false;
      };`;
    expect(run(ended, "-f", "json", captured("squid-403.pcap"))).toEqual({ code: 1, out: "", err: "" });
  });
});
