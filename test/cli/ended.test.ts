// Ended by a signal, a reader that goes or a disk that is full: nothing half done is left, and what went wrong is one line.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, captured, type Program } from "./build.ts";

/** Something is wrong in it: exit code 1. Its report has 60 kB. */
const WRONG = captured("labelled-proxy-basic-4k.pcap");
/** More than an output holds in memory. */
const MUCH = Array<string>(320).fill(WRONG);
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const;

let program: Program;
beforeAll(() => {
  program = buildProgram();
  spawnSync("mkfifo", [inside("never")]);
});
afterAll(() => program.remove());

const inside = (...names: string[]): string => join(program.folder, ...names);
const folder = (name: string): string => {
  mkdirSync(inside(name));
  return inside(name);
};

function bash(command: string): { readonly code: number | null; readonly out: string; readonly err: string } {
  const around = { cwd: program.folder, encoding: "utf8", maxBuffer: 1 << 26 } as const;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
    ...around,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { code: status, out: stdout, err: stderr };
}

const pcapcheck = (...args: string[]): string => [process.execPath, program.path, ...args].join(" ");

const ended = (child: ChildProcess): Promise<readonly [number | null, string | null]> =>
  new Promise((resolve) => child.on("exit", (code, signal) => resolve([code, signal])));

/** Waits until the process writes into a file without a name. */
async function spools({ pid }: ChildProcess): Promise<void> {
  for (;;) {
    const files = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        // It was closed in between.
        return "";
      }
    });
    if (files.some((file) => /\/(?:#\d+|\.report\.json\..*\.part) \(deleted\)$/.test(file))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a program that is ended", () => {
  it.skipIf(process.platform !== "linux").each(SIGNALS)(
    "by %s in the middle of a large output leaves what was there, and nothing else (Linux)",
    async (signal) => {
      const at = folder(signal);
      writeFileSync(join(at, "report.json"), "before");
      const args = ["-f", "json", "-o", join(at, "report.json"), ...MUCH, inside("never")];
      const child = spawn(process.execPath, [program.path, ...args], { stdio: "ignore" });
      await spools(child);
      expect(readdirSync(at)).toEqual(["report.json"]);
      child.kill(signal);
      expect(await ended(child)).toEqual([null, signal]);
      expect(readdirSync(at)).toEqual(["report.json"]);
      expect(readFileSync(join(at, "report.json"), "utf8")).toBe("before");
    },
  );

  it.skipIf(process.platform !== "linux").each([
    ["where it never had one", ""],
    // As file systems without O_TMPFILE have it.
    ["where it had one for an instant", "if (typeof flags === 'number') throw new Error('EOPNOTSUPP');"],
  ])("at the instant at which a large output gets its file without a name ends there: %s (Linux)", (_how, refuse) => {
    const at = folder(`instant ${refuse.length}`);
    const preload = inside(`instant${refuse.length}.cjs`);
    writeFileSync(
      preload,
      `const fs = require("node:fs");
       const { openSync, rmSync } = fs;
       const end = () => process.kill(process.pid, "SIGHUP");
       fs.openSync = (path, flags, mode) => {
         ${refuse}
         const fd = openSync(path, flags, mode);
         if (typeof flags === "number") end();
         return fd;
       };
       fs.rmSync = (path, options) => { rmSync(path, options); end(); };`,
    );
    // Whoever goes on waits for ever in the pipe.
    const args = ["-f", "json", "-o", join(at, "report.json"), ...MUCH, inside("never")];
    const { signal } = spawnSync(process.execPath, ["--require", preload, program.path, ...args], { timeout: 30_000 });
    expect(signal).toBe("SIGHUP");
    expect(readdirSync(at)).toEqual([]);
  });

  it.each([
    ["a small output", ["-q", WRONG]],
    ["a large one", ["-f", "json", ...MUCH]],
    ["an audit", ["audit", "-f", "json", WRONG]],
  ])("while %s is put in its place ends behind that", (what, args) => {
    const at = folder(`put ${what}`);
    writeFileSync(
      inside("signal.cjs"),
      `const fs = require("node:fs");
       const { fsyncSync } = fs;
       fs.fsyncSync = (fd) => { process.kill(process.pid, "SIGINT"); process.kill(process.pid, "SIGTERM"); fsyncSync(fd); };`,
    );
    const env = { NODE_OPTIONS: `--require ${inside("signal.cjs")}` };
    const run = program.run([...args, "-o", join(at, "out")], { env });
    expect(run).toEqual({ code: 1, out: "", err: "" });
    expect(readdirSync(at)).toEqual(["out"]);
  });

  it("by a second Ctrl-C does not finish the capture it audits", async () => {
    const at = folder("second");
    // One capture of 4 GB: the same file over and over, as a rotated set.
    const large = inside("large.pcap");
    const once = readFileSync(captured("loss-and-reordering.pcap"));
    writeFileSync(large, Buffer.concat([once.subarray(0, 24), ...Array<Buffer>(4000).fill(once.subarray(24))]));
    bash("for i in {1..16}; do ln large.pcap second/long.pcap$i; done");
    const run = async (...interrupts: number[]): Promise<readonly [code: number | null, milliseconds: number]> => {
      const start = Date.now();
      const args = ["audit", "--join", at, "-o", join(at, "out.txt")];
      const child = spawn(process.execPath, [program.path, ...args], { stdio: "ignore" });
      for (const milliseconds of interrupts) setTimeout(() => child.kill("SIGINT"), milliseconds);
      const [code] = await ended(child);
      return [code, Date.now() - start];
    };
    const [, whole] = await run();
    rmSync(join(at, "out.txt"));
    const [code, milliseconds] = await run(whole / 4, whole / 3);
    expect(code).toBe(130);
    expect(milliseconds).toBeLessThan(whole * 0.7);
    expect(readdirSync(at).filter((name) => !name.startsWith("long"))).toEqual([]);
  });
});

describe("a reader of an audit that goes away", () => {
  it.each(["line", "ndjson", "csv", "json", "table", "html", "sarif"])("is no error: %s", (format) => {
    const { out, err } = bash(
      `${pcapcheck("audit", "-f", format, captured(""))} | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`,
    );
    expect([out, err]).toEqual(["1\n", ""]);
  });
});

/** Whether a file system of its own can be had here. */
const mounts = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

describe.skipIf(!mounts)("a file system (needs the right to mount)", () => {
  /** Runs `command` in a file system of its own at `disk`, and tells what is there in the end. */
  const on = (options: string, prepare: string, command: string) => {
    bash("mkdir -p disk");
    return bash(
      `unshare -m bash -c '
         mount -t tmpfs -o ${options} none disk; ${prepare}
         ${command} 2>&1; echo "code $?"; ls -A disk'`,
    ).out.split("\n");
  };
  const full = "the disk is full";

  it.each([
    ["check", ["-f", "json", "-o", "disk/new", ...MUCH.slice(0, 4)]],
    ["a large output", ["-f", "json", "-o", "disk/new", ...MUCH]],
    ["audit", ["audit", "-f", "html", "-o", "disk/new", captured("")]],
  ])("that is full is told, and what was there stays: %s", (_what, args) => {
    const message = `pcapcheck: disk/new: cannot be written: ${full}`;
    expect(on("size=64k", "echo before > disk/new", pcapcheck(...args))).toEqual([message, "code 2", "new", ""]);
  });

  it("has files of its own, whatever numbers those of another one have", () => {
    // On both the first file has the same number.
    const command = `mkdir disk/one disk/two; mount -t tmpfs none disk/one; mount -t tmpfs none disk/two
      cp ${WRONG} disk/one/a.pcap; echo before > disk/two/report; stat -c %i disk/one/a.pcap disk/two/report | uniq | wc -l
      ${pcapcheck("-q", "-o", "disk/two/report", "disk/one/a.pcap")}; cat disk/two/report; true`;
    expect(on("size=64k", ":", command)).toEqual(["1", "tunnel-401-suspected", "code 0", "one", "two", ""]);
  });

  it("that is full ends a journal behind its last whole line, and with room the audit goes on there", () => {
    const command = pcapcheck("audit", "-q", "--journal", "disk/j.ndjson", captured(""));
    const more = `${command} 2>&1; echo "code $?"; mount -o remount,size=8m disk; grep -c . disk/j.ndjson; ${command}`;
    const [failure, code, lines, verdict, last, ...rest] = on("size=64k", ":", more);
    expect([failure, code]).toEqual([`pcapcheck: disk/j.ndjson: the journal cannot be written: ${full}`, "code 2"]);
    expect(Number(lines)).toBeGreaterThan(10);
    expect([verdict, last, ...rest]).toEqual(["tunnel-401-proxy", "code 1", "j.ndjson", ""]);
  });

  it.each([
    ["-o", "pcapcheck: disk/new: cannot be written: the file system is read-only"],
    ["--journal", "pcapcheck: disk/new: the journal cannot be written: the file system is read-only"],
  ])("that is read-only is told: %s", (option, message) => {
    const command = pcapcheck("audit", "-q", option, "disk/new", WRONG);
    expect(on("size=64k", "mount -o remount,ro disk", command)).toEqual([message, "code 2", ""]);
  });
});

describe("a journal", () => {
  it.each([
    ["a capture without a line end in it", () => readFileSync(WRONG).filter((byte) => byte !== 10)],
    ["a text without a line end", () => Buffer.from("something to keep")],
    ["zeros", () => Buffer.alloc(5_000)],
  ])("that is none is not overwritten: %s", (_what, bytes) => {
    const [file, before] = [inside("precious"), bytes()];
    writeFileSync(file, before);
    const err = "pcapcheck: precious: this is no journal of an audit; nothing was written to it\n";
    expect(program.run(["audit", "-q", "--journal", "precious", WRONG])).toEqual({ code: 2, out: "", err });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it("whose first line is torn begins anew", () => {
    for (const torn of ["", '{"jour', '{"journal":"pcapcheck audit","schemaVer']) {
      writeFileSync(inside("torn"), torn);
      expect(program.run(["audit", "-q", "--journal", "torn", WRONG]).code).toBe(1);
      expect(readFileSync(inside("torn"), "utf8").split("\n")).toHaveLength(3);
    }
  });

  it.each([
    ["/dev/full", "pcapcheck: /dev/full: the journal is no file\n"],
    ["-", "pcapcheck: -: the journal is no file\n"],
    [".", "pcapcheck: .: the journal cannot be written: it is a folder\n"],
    ["no/such/j.ndjson", "pcapcheck: no/such/j.ndjson: the journal cannot be written: its folder does not exist\n"],
  ])("at %s is refused in one line", (journal, err) => {
    expect(program.run(["audit", "-q", "--journal", journal, WRONG])).toEqual({ code: 2, out: "", err });
  });

  it.each([".", "/dev/full", "-"])("at %s is nothing to compare with", (journal) => {
    const err = `pcapcheck: ${journal}: the journal is no file\n`;
    expect(program.run(["audit", "-q", "--since", journal, WRONG])).toEqual({ code: 2, out: "", err });
    expect(program.run(["merge", journal])).toEqual({ code: 2, out: "", err });
  });
});
