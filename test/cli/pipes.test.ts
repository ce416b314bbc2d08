// Files that options name and that are pipes, as a shell's <(…) is: they give what they have once, and several captures need it.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { holdPipes } from "../../src/audit/pipes.ts";
import { buildProgram, captured, type Program } from "./build.ts";

let program: Program;
beforeAll(() => {
  program = buildProgram();
  const all = join(program.folder, "all");
  mkdirSync(all);
  for (const name of ["one", "two", "three"])
    copyFileSync(captured("policy-trace-context-lost.pcap"), join(all, `${name}.pcap`));
});
afterAll(() => program.remove());

const KEYS = captured("policy-trace-context-lost.keys");
const TRACE = captured("policy-trace-context-lost.trace.txt");
const LOG = captured("policy-trace-context-lost.access.log");
const ROOT = captured("record/pki/origin-root.crt");
const AUTHORITY = captured("record/pki/mitmproxy-ca.crt");

/** What a shell makes of a line in which `pcapcheck` is the program. */
function shell(line: string): { code: number | null; out: string; err: string } {
  const command = line.replaceAll("pcapcheck", `'${process.execPath}' '${program.path}'`);
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", command], {
    cwd: program.folder,
    env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" },
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: status, out: stdout, err: stderr };
}

describe.skipIf(process.platform === "win32")("pipes that options name", () => {
  const piped = (path: string): string => `<(cat '${path}')`;
  const file = (path: string): string => `'${path}'`;
  const reading = (as: (path: string) => string): string =>
    `-k ${as(KEYS)} --trust ${as(ROOT)} --proxy-ca ${as(AUTHORITY)}`;
  const told = (as: (path: string) => string): string => `--policy-trace ${as(TRACE)} --access-log ${as(LOG)}`;

  it.each(["", "--max-memory 2048"])("are lent to all captures of an audit, in workers and without: %s", (workers) => {
    const expected = shell(`pcapcheck audit all -f line ${workers} ${reading(file)}`);
    expect(expected.out.match(/^tunnel-401-proxy\t/gm)).toHaveLength(3);
    expect(shell(`pcapcheck audit all -f line ${workers} ${reading(piped)}`)).toEqual(expected);
  });

  it("are lent to all captures of a check", () => {
    const command = "pcapcheck all/one.pcap all/two.pcap all/three.pcap -f line";
    const expected = shell(`${command} ${reading(file)} ${told(file)}`);
    expect(expected.out.match(/^tunnel-401-proxy\t/gm)).toHaveLength(3);
    expect(shell(`${command} ${reading(piped)} ${told(piped)}`)).toEqual(expected);
    expect(shell(`cat '${TRACE}' | ${command} -k ${file(KEYS)} --policy-trace -`).code).toBe(1);
  });

  it("let an audit go on from its journal while they give the same", () => {
    const audit = (keys: string) => shell(`pcapcheck audit all -f json --journal journal -k ${keys}`);
    // A named one: the journal knows options by their words.
    execFileSync("mkfifo", [join(program.folder, "keys.pipe")]);
    const from = (path: string) => audit(`keys.pipe & cat '${path}' > keys.pipe; wait $!`);
    expect(JSON.parse(from(KEYS).out).captures).toMatchObject({ total: 3 });
    const again = from(KEYS);
    writeFileSync(join(program.folder, "more.keys"), "# another one\n");
    const other = from(join(program.folder, "more.keys"));
    expect(JSON.parse(again.out).captures).toMatchObject({ total: 3 });
    expect(JSON.parse(again.out).verdict).toBe("tunnel-401-proxy");
    expect(JSON.parse(other.out).verdict).toBe("tunnel-401-proxy");
  });

  it.each(["all/one.pcap", "all/one.pcap all/two.pcap"])("may be standard input, whatever is in it: %s", (captures) => {
    for (const [option, path] of [
      ["-k", KEYS],
      ["--rsa-key", captured("tls-12-rsa-private-key.rsa.pem")],
      ["--trust", ROOT],
      ["--proxy-ca", AUTHORITY],
      ["--policy-trace", TRACE],
      ["--access-log", LOG],
    ] as const) {
      const expected = shell(`pcapcheck ${captures} -f line ${option} '${path}'`);
      expect(expected.err).toBe("");
      expect(shell(`cat '${path}' | pcapcheck ${captures} -f line ${option} -`), option).toEqual(expected);
    }
  });

  it("cannot be standard input twice", () => {
    const once = { code: 2, out: "", err: "pcapcheck: -: standard input can be read only once\n" };
    expect(shell(`cat '${TRACE}' | pcapcheck - --policy-trace -`)).toEqual(once);
    expect(shell("echo all/one.pcap | pcapcheck audit @- -k -")).toEqual(once);
    expect(shell(`cat '${KEYS}' | pcapcheck audit all -k - --trust -`)).toEqual(once);
    expect(shell("echo all/one.pcap | pcapcheck audit @- -q").out).toBe("encrypted\n");
  });

  it("are lent to a capture that is read again: long key logs wait until it is known what they are needed for", async () => {
    const log = join(program.folder, "long.keys");
    writeFileSync(log, "# a comment\n".repeat(1_500_000));
    const [capture, key] = [captured("tls-12-rsa-private-key.pcap"), captured("tls-12-rsa-private-key.rsa.pem")];
    const { code, out, err } = shell(`pcapcheck -q '${capture}' -k long.keys --rsa-key <(cat '${key}')`);
    expect([code, out, err]).toEqual([0, "tunnel-401-origin\n", expect.stringContaining("no key was found")]);
    const pipe = join(program.folder, "rsa.pipe");
    execFileSync("mkfifo", [pipe]);
    const writer = spawn("bash", ["-c", `cat '${key}' > '${pipe}'; : > '${pipe}'`], { stdio: "ignore" });
    expect(await checkCapture(capture, { keylogs: [log], rsaKeys: [pipe] })).toMatchObject({
      verdict: "tunnel-401-origin",
    });
    writer.kill();
  });

  it("are refused where they give more than can be held", async () => {
    const pipe = join(program.folder, "large.pipe");
    execFileSync("mkfifo", [pipe]);
    const writer = spawn("bash", ["-c", `head -c 3000000 /dev/zero > '${pipe}'`], { stdio: "ignore" });
    expect(await holdPipes([pipe], 2 * 1024 * 1024)).toEqual({
      path: pipe,
      why: "it is a pipe of more than 2 MiB: put what it gives into a file",
    });
    writer.kill();
  });
});
