// The start out of V8's code cache: by the Node that made it; any other one compiles the program instead.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, captured, type Program } from "./build.ts";

let program: Program;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

/** Runs first: `pretend` makes this Node another one, and what V8 said of each part's cache is the last line of standard error. */
const preload = (pretend: string): string => `
const vm = require("node:vm");
${pretend}
const said = [];
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    said.push(options.cachedData === undefined ? "no cache" : this.cachedDataRejected ? "rejected" : "taken");
  }
};
process.on("exit", () => process.stderr.write(said.join(", ")));
`;

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts it on a capture with keys, for which both parts are needed. */
function start(pretend: string, ...options: readonly string[]): Ended {
  return startOn(captured("mitm-401-basic.pcap"), pretend, ...(options.length > 0 ? options : ["-q"]));
}

function startOn(capture: string, pretend: string, ...options: readonly string[]): Ended {
  const folder = mkdtempSync(join(program.folder, "preload-"));
  const file = join(folder, "preload.cjs");
  writeFileSync(file, preload(pretend));
  const args = ["--require", file, program.path, ...options, capture];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return { status, stdout, stderr };
}

describe("the code cache", () => {
  it("is taken by the Node that made it", () => {
    expect(start("")).toEqual({ status: 1, stdout: "tunnel-401-proxy\n", stderr: "taken, taken" });
  });

  // V8 itself tells only its own versions apart: with a cache of 20.20.2, Node 20.19.0 died of a segmentation fault.
  it.each([
    ["version", `Object.defineProperty(process, "version", { value: "v20.19.0" });`],
    ["processor", `Object.defineProperty(process, "arch", { value: "other" });`],
    ["build", `process.execPath = __filename;`],
  ])("is not even read by a Node of another %s", (_what, pretend) => {
    expect(start(pretend)).toEqual({ status: 1, stdout: "tunnel-401-proxy\n", stderr: "no cache, no cache" });
  });

  it("starts a Node that lacks process.getBuiltinModule, as 22.0 to 22.2 do", () => {
    const lacking = "delete process.getBuiltinModule;";
    expect(start(lacking)).toEqual({ status: 1, stdout: "tunnel-401-proxy\n", stderr: "taken, taken" });
    expect(start(lacking, "-f", "json")).toEqual(start("", "-f", "json"));
  });

  it.each(["first", "second"])("of the %s part that is cut is done without", (part) => {
    const name = readdirSync(program.folder).find((file) => file.includes(part) && file.endsWith(".cache"))!;
    const file = join(program.folder, name);
    const whole = readFileSync(file);
    for (const length of [0, 20, 1000, whole.length >> 1]) {
      writeFileSync(file, whole.subarray(0, length));
      const stderr = part === "first" ? "rejected, taken" : "taken, rejected";
      expect(start("")).toEqual({ status: 1, stdout: "tunnel-401-proxy\n", stderr });
    }
    writeFileSync(file, whole);
  });

  it("of the second part is not read where nothing of it is needed", () => {
    const alone = join(program.folder, "alone.pcap");
    copyFileSync(captured("mitm-401-basic.pcap"), alone);
    expect(startOn(alone, "", "-f", "line")).toMatchObject({ status: 3, stderr: "taken" });
    expect(startOn(alone, "", "-f", "table")).toMatchObject({ status: 3, stderr: "taken" });
    expect(startOn(alone, "", "-f", "csv")).toMatchObject({ status: 3, stderr: "taken, taken" });
  });
});
