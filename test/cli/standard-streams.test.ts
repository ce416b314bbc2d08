// Standard output and error where they are no files: readers that go away or wait, disks that are full.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, captured, type Program } from "./build.ts";

/** Something is wrong in it: exit code 1. */
const WRONG = captured("gateway-context-lost.pcap");
/** Together more than a pipe holds. */
const MANY = Array<string>(40).fill(WRONG);

let program: Program;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

function bash(command: string): { readonly code: number | null; readonly out: string; readonly err: string } {
  const run = spawnSync("bash", ["-c", command], { encoding: "utf8", maxBuffer: 1 << 26 });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

const pcapcheck = (...args: string[]): string => [process.execPath, program.path, ...args].join(" ");

describe("a reader", () => {
  it("that goes away has seen enough: no error, and the exit code is still that of the verdict", () => {
    const { err, out } = bash(`${pcapcheck("-f", "json", ...MANY)} | head -c 10; echo " \${PIPESTATUS[0]}"`);
    expect(err).toBe("");
    expect(out).toMatch(/ 1\n$/);
  });

  /** Runs the program with a pipe that does not block and is full before anybody reads; `reads` is what the reader does. */
  const nonBlocking = (reads: string) => {
    const reader = `
import array, fcntl, os, subprocess, sys, termios, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, fcntl.fcntl(w, fcntl.F_GETFL) | os.O_NONBLOCK)
p = subprocess.Popen(sys.argv[1:], stdout=w)
os.close(w)
waiting = array.array("i", [0])
while waiting[0] < 60000 and p.poll() is None:
    time.sleep(0.05)
    fcntl.ioctl(r, termios.FIONREAD, waiting)
time.sleep(0.2)
${reads}
sys.exit(p.wait())
`;
    const args = [process.execPath, program.path, "-f", "json", ...MANY];
    return spawnSync("python3", ["-c", reader, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
  };

  it("of a pipe that does not block, and waits with reading, gets all of it", () => {
    const { status, stdout } = nonBlocking(`text = b""
while piece := os.read(r, 65536):
    text += piece
sys.stdout.write(text.decode())`);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toHaveLength(MANY.length);
  });

  it("of such a pipe that goes away has seen enough, too", () => {
    const { status, stderr } = nonBlocking("os.read(r, 10)\nos.close(r)");
    expect([status, stderr]).toEqual([1, ""]);
  });
});

describe.skipIf(!existsSync("/dev/full"))("a full disk", () => {
  it.each([
    [[WRONG]],
    [["-f", "json", ...MANY]],
    [["audit", WRONG]],
    [["explain"]],
    [["completion", "bash"]],
    [["--help"]],
  ])("is told in one line, and the exit code is 2: %j", (args) => {
    const { code, err } = bash(`${pcapcheck(...args)} >/dev/full`);
    expect(err).toBe("pcapcheck: standard output: cannot be written: the disk is full\n");
    expect(code).toBe(2);
  });

  it("behind standard error changes nothing", () => {
    const { code, out } = bash(`${pcapcheck("-q", WRONG, "nothing-here.pcap")} 2>/dev/full`);
    expect(code).toBe(2);
    expect(out).toMatch(/^tunnel-/);
  });
});
