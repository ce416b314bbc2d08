// Files that options name and that are pipes, as a shell's <(…) is: they give what they have once, and several captures need it.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

  it("cannot be standard input twice", () => {
    expect(shell(`cat '${TRACE}' | pcapcheck - --policy-trace -`)).toEqual({
      code: 2,
      out: "",
      err: "pcapcheck: -: standard input can be read only once\n",
    });
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
