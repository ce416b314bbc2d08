// The option --output of the bundled program: what it writes, what it leaves, and what it says.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, captured, type Program } from "./build.ts";

/** Something is wrong in it (1), and with its key log beside it all of it can be seen. */
const WRONG = captured("gateway-context-lost.pcap");

let program: Program;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

describe("--output", () => {
  const inside = (name: string): string => join(program.folder, name);

  it("writes the file whole, and nothing else remains", () => {
    mkdirSync(inside("out"));
    const { code, out, err } = program.run(["-f", "json", "-o", "out/report.json", WRONG]);
    expect({ code, out, err }).toEqual({ code: 1, out: "", err: "" });
    expect(readFileSync(inside("out/report.json"), "utf8")).toBe(program.run(["-f", "json", WRONG]).out);
    expect(readdirSync(inside("out"))).toEqual(["report.json"]);
  });

  it("is standard output where it is -", () => {
    const { code, out } = program.run(["-f", "line", WRONG]);
    expect(program.run(["-f", "line", "-o", "-", WRONG])).toEqual({ code, out, err: "" });
    expect(program.run(["audit", "-f", "line", "-o", "-", WRONG]).out).not.toBe("");
    expect(existsSync(inside("-"))).toBe(false);
  });

  it("leaves what was there if nothing could be checked", () => {
    writeFileSync(inside("kept.txt"), "before");
    expect(program.run(["-o", "kept.txt", "none.pcap"]).code).toBe(2);
    expect(readFileSync(inside("kept.txt"), "utf8")).toBe("before");
  });

  it("follows a link and keeps the mode of the file", () => {
    writeFileSync(inside("real.txt"), "before");
    chmodSync(inside("real.txt"), 0o640);
    symlinkSync("real.txt", inside("link.txt"));
    program.run(["-q", "-o", "link.txt", WRONG]);
    expect(lstatSync(inside("link.txt")).isSymbolicLink()).toBe(true);
    expect(readFileSync(inside("real.txt"), "utf8")).toBe("tunnel-401-proxy\n");
    expect(lstatSync(inside("real.txt")).mode & 0o777).toBe(0o640);
  });

  it("does not put a file in place of a pipe", () => {
    const command = `mkfifo pipe; timeout 20 cat pipe & ${process.execPath} ${program.path} -q -o pipe ${WRONG}; wait`;
    const { stdout } = spawnSync("sh", ["-c", command], { cwd: program.folder, encoding: "utf8" });
    expect(stdout).toBe("tunnel-401-proxy\n");
    expect(lstatSync(inside("pipe")).isFIFO()).toBe(true);
  });

  it("goes where a link leads, also if there is nothing yet", () => {
    mkdirSync(inside("target"));
    symlinkSync("target/new.txt", inside("dangling.txt"));
    program.run(["-q", "-o", "dangling.txt", WRONG]);
    expect(lstatSync(inside("dangling.txt")).isSymbolicLink()).toBe(true);
    expect(readFileSync(inside("target/new.txt"), "utf8")).toBe("tunnel-401-proxy\n");
    // From where it stands, not from where the program runs.
    mkdirSync(inside("links"));
    symlinkSync("../target/beside.txt", inside("links/far.txt"));
    expect(program.run(["-q", "-o", "links/far.txt", WRONG])).toMatchObject({ code: 1, err: "" });
    expect(readdirSync(inside("target")).sort()).toEqual(["beside.txt", "new.txt"]);
  });

  it("leaves what was there, and nothing else, if there is no room", () => {
    mkdirSync(inside("full"));
    writeFileSync(inside("full/report.json"), "before");
    // A process may write files of 4 blocks; SIGXFSZ ignored, that is an error and not the end.
    const command = `trap '' XFSZ; ulimit -f 4; exec ${process.execPath} ${program.path} -f json -o full/report.json ${WRONG}`;
    const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: program.folder, encoding: "utf8" });
    expect(stderr).toBe("pcapcheck: full/report.json: cannot be written: it would be too large\n");
    expect(status).toBe(2);
    expect(readFileSync(inside("full/report.json"), "utf8")).toBe("before");
    expect(readdirSync(inside("full"))).toEqual(["report.json"]);
  });

  it.skipIf(!existsSync("/dev/full"))("tells that the disk is full (skipped where there is no /dev/full)", () => {
    expect(program.run(["-o", "/dev/full", WRONG])).toMatchObject({
      code: 2,
      err: "pcapcheck: /dev/full: cannot be written: the disk is full\n",
    });
  });

  it("leaves nothing behind if it is ended in the middle", () => {
    mkdirSync(inside("ended"));
    // The second capture is a pipe that nobody writes into.
    const command = `mkfifo never; (sleep 20 > never) & writer=$!
      ${process.execPath} ${program.path} -f json -o ended/report.json ${WRONG} never & run=$!
      sleep 2; kill -TERM $run; wait $run; echo "code $?"; ls -A ended; kill $writer`;
    const { stdout } = spawnSync("sh", ["-c", command], { cwd: program.folder, encoding: "utf8" });
    expect(stdout).toBe("code 143\n");
  });

  it("says why it could not", () => {
    const { code, err } = program.run(["-o", "no/such/folder.txt", WRONG]);
    expect(code).toBe(2);
    expect(err).toBe("pcapcheck: no/such/folder.txt: cannot be written: its folder does not exist\n");
    expect(existsSync(inside("no"))).toBe(false);
    symlinkSync("loop.txt", inside("loop.txt"));
    const looped = program.run(["-o", "loop.txt", WRONG]);
    expect(looped.err).toBe("pcapcheck: loop.txt: cannot be written: too many symbolic links\n");
  });

  it("takes the place of nothing that is read, whichever option names it", () => {
    const [trace, log] = ["policy-trace-parallel.trace.txt", "policy-trace-parallel.access.log"].map(captured);
    const texts = { "t.txt": readFileSync(trace!), "a.log": readFileSync(log!), "k.txt": "none", "c.der": "none" };
    for (const [name, text] of Object.entries(texts)) writeFileSync(inside(name), text);
    const refused = (name: string, ...args: string[]) => {
      const err = `pcapcheck: ${name}: it is what is read; nothing was written\n`;
      expect(program.run([...args, "-o", name]), args.join(" ")).toEqual({ code: 2, out: "", err });
      expect(readFileSync(inside(name)).equals(Buffer.from(texts[name as keyof typeof texts]))).toBe(true);
    };
    refused("t.txt", WRONG, "--policy-trace", "./t.txt");
    refused("a.log", WRONG, "--access-log", "a.log");
    refused("t.txt", "trace", "./t.txt");
    refused("t.txt", "trace", "t.txt", WRONG);
    for (const command of [[], ["audit"]]) {
      refused("k.txt", ...command, WRONG, "-k", "k.txt");
      refused("k.txt", ...command, WRONG, "--redact", "ip", "--redact-key", "k.txt");
      for (const option of ["--rsa-key", "--trust", "--proxy-ca"]) refused("c.der", ...command, WRONG, option, "c.der");
    }
  });

  it("leaves what is read-only as it is", () => {
    writeFileSync(inside("kept.txt"), "kept");
    chmodSync(inside("kept.txt"), 0o444);
    copyFileSync(WRONG, inside("read.pcap"));
    const { mode } = statSync(program.folder);
    chmodSync(program.folder, 0o777);
    // Whom nothing is forbidden is nobody here.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const args = [program.path, "-o", "kept.txt", "read.pcap"];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: program.folder, encoding: "utf8", ...nobody });
    chmodSync(program.folder, mode);
    expect([status, stderr]).toEqual([2, "pcapcheck: kept.txt: cannot be written: permission denied\n"]);
    expect(readFileSync(inside("kept.txt"), "utf8")).toBe("kept");
  });
});
