// The start out of V8's code cache: by the Node that made it; any other one compiles the program instead.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, captured, type Program } from "./build.ts";

let program: Program;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

/** Runs first: `pretend` makes this Node another one, and what V8 said of the cache is the last line of standard error. */
const preload = (pretend: string): string => `
const vm = require("node:vm");
${pretend}
let said = "no cache";
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    if (options.cachedData !== undefined) said = this.cachedDataRejected ? "rejected" : "taken";
  }
};
process.on("exit", () => process.stderr.write(said));
`;

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(pretend: string, ...options: readonly string[]): Ended {
  const folder = mkdtempSync(join(program.folder, "preload-"));
  const file = join(folder, "preload.cjs");
  writeFileSync(file, preload(pretend));
  const args = [
    "--require",
    file,
    program.path,
    ...(options.length > 0 ? options : ["-q"]),
    captured("mitm-401-basic.pcap"),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return { status, stdout, stderr };
}

describe("the code cache", () => {
  it("is taken by the Node that made it", () => {
    expect(start("")).toEqual({ status: 1, stdout: "tunnel-401-proxy\n", stderr: "taken" });
  });

  // V8 itself tells only its own versions apart: with a cache of 20.20.2, Node 20.19.0 died of a segmentation fault.
  it.each([
    ["version", `Object.defineProperty(process, "version", { value: "v20.19.0" });`],
    ["processor", `Object.defineProperty(process, "arch", { value: "other" });`],
    ["build", `process.execPath = __filename;`],
  ])("is not even read by a Node of another %s", (_what, pretend) => {
    expect(start(pretend)).toEqual({ status: 1, stdout: "tunnel-401-proxy\n", stderr: "no cache" });
  });

  it("starts a Node that lacks process.getBuiltinModule, as 22.0 to 22.2 do", () => {
    const lacking = "delete process.getBuiltinModule;";
    expect(start(lacking)).toEqual({ status: 1, stdout: "tunnel-401-proxy\n", stderr: "taken" });
    expect(start(lacking, "-f", "json")).toEqual(start("", "-f", "json"));
  });

  it("that is cut is done without", () => {
    const name = readdirSync(program.folder).find((file) => file.endsWith(".cache"))!;
    const file = join(program.folder, name);
    const whole = readFileSync(file);
    for (const length of [0, 20, 1000, whole.length >> 1]) {
      writeFileSync(file, whole.subarray(0, length));
      expect(start("")).toMatchObject({ status: 1, stdout: "tunnel-401-proxy\n", stderr: "rejected" });
    }
    writeFileSync(file, whole);
  });
});
