// The README's words, run: what it shows as output is what the program prints.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, type Program } from "./cli/build.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const COMMAND = "node dist/pcapcheck.cjs ";

const blocks = [...readFileSync(`${ROOT}README.md`, "utf8").matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
  language: match[1]!,
  text: match[2]!,
}));
/** A block with one command of the program, and the block of `text` behind it. */
const shown = blocks.flatMap(({ text }, i) => {
  const behind = blocks[i + 1];
  const isCommand = text.startsWith(COMMAND) && text.trimEnd().split("\n").length === 1;
  return isCommand && behind?.language === "text" ? [{ command: text.trimEnd(), output: behind.text }] : [];
});

let program: Program;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

describe("README.md", () => {
  it("opens and closes its blocks: those without a language are commands", () => {
    for (const { language, text } of blocks) if (language === "") expect(text).toMatch(/^(?:(?:npm|node) .*\n)+$/);
  });

  it("shows the main command with its output", () => {
    expect(shown.map(({ command }) => command)).toContain(`${COMMAND}captures/far-context-lost.pcap`);
  });

  it.each(shown.map(({ command, output }) => [command, output] as const))("%s", (command, output) => {
    const args = command.slice(COMMAND.length).split(" ");
    const env = { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" };
    const { stdout } = spawnSync(process.execPath, [program.path, ...args], { cwd: ROOT, env, encoding: "utf8" });
    expect(stdout.trimEnd()).toBe(output.trimEnd());
  });

  it("shows what is said of the recorded captures with keys and without", () => {
    const folder = join(program.folder, "library");
    execFileSync(process.execPath, [join(ROOT, "src/build.mjs"), "--library", folder], { stdio: "inherit" });
    const library = join(folder, "index.js");
    const { stdout } = spawnSync(process.execPath, [join(ROOT, "test/accuracy/run.mjs"), library], {
      encoding: "utf8",
    });
    expect(stdout.trim()).toBe(block("truth \\ verdict", "Without keys").trim());
  });
});

/** The block that holds all of `marks`. */
function block(...marks: readonly string[]): string {
  const found = blocks.filter(({ text }) => marks.every((mark) => text.includes(mark)));
  expect(found).toHaveLength(1);
  return found[0]!.text;
}

/** What `pattern` finds in a block, as a shell gets it: without the indentation of YAML. */
function command(text: string, pattern: RegExp): string {
  return pattern.exec(text)![1]!.replace(/^ +/gm, "");
}

const PARTS = [1, 2, 3, 4];

/** Runs `text` in `folder` as an engine would that starts it with these variables. */
function bash(folder: string, text: string, variables: Readonly<Record<string, string>> = {}) {
  const env = { ...variables, HOME: folder, LANG: "C.UTF-8", PATH: `${folder}:${process.env.PATH ?? ""}` };
  return spawnSync("bash", ["-ec", text], {
    ...{ cwd: folder, env, encoding: "utf8", maxBuffer: 1 << 26 },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** A folder in which the README's commands find what they name. */
function place(): string {
  const folder = mkdtempSync(join(program.folder, "parts-"));
  symlinkSync(program.folder, join(folder, "dist"));
  symlinkSync(join(ROOT, "captures"), join(folder, "captures"));
  writeFileSync(join(folder, "pcapcheck"), `#!/bin/sh\nexec '${process.execPath}' '${program.path}' "$@"\n`);
  chmodSync(join(folder, "pcapcheck"), 0o755);
  return folder;
}

/** The rows of all journals of a folder are those of one audit. */
function expectWhole(folder: string): void {
  const rows = (text: string): unknown => {
    const { stdout } = bash(folder, `pcapcheck ${text} -f ndjson || [ $? -eq 1 ]`);
    return stdout.trimEnd().split("\n").slice(0, -1).sort();
  };
  expect(rows("merge part-*.ndjson")).toEqual(rows("audit captures"));
}

describe.skipIf(spawnSync("jq", ["--version"]).status !== 0)(
  "the README's triage (skipped where jq is missing)",
  () => {
    it.each([
      [
        "far-context-lost.pcap",
        0,
        "",
        /^Verdict: tunnel-401-proxy\nWhat: .+\nWhere: tcp\.stream eq 1 .+\nTo do: .+\n$/,
      ],
      ["squid-basic.pcap", 0, "nothing wrong in captures/squid-basic.pcap\n", null],
      ["README.md", 2, "captures/README.md could not be checked\n", null],
    ])("of %s", (name, status, stdout, ticket) => {
      const folder = place();
      // In a script that goes on after a code other than 0, as the example has it.
      const run = bash(folder, `set +e; capture=captures/${name}; ${block("jq -r")}`);
      expect(run).toMatchObject({ status, stdout });
      const file = join(folder, "ticket.txt");
      const text = existsSync(file) ? readFileSync(file, "utf8") : null;
      if (ticket === null) expect(text).toBeNull();
      else expect(text).toMatch(ticket);
      expect(text ?? "").not.toMatch(/10\.44\.|example\.com/);
    });
  },
);

describe("an audit that the README spreads", () => {
  it.skipIf(spawnSync("parallel", ["--version"]).status !== 0)("by GNU parallel (skipped where it is missing)", () => {
    const folder = place();
    const { status, stdout, stderr } = bash(folder, block("parallel '", "merge"));
    expect([status, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/^tunnel-401-proxy {2}\d+ captures/m);
    expectWhole(folder);
  });

  it.each([
    [
      "a Slurm array",
      () => command(block("sbatch", "merge"), /--wrap '(.*?)'/s),
      (part: number) => ({ SLURM_ARRAY_TASK_ID: `${part}`, SLURM_ARRAY_TASK_COUNT: `${PARTS.length}` }),
    ],
    [
      "a Kubernetes Indexed Job",
      () => command(block("kind: Job"), /- \|\n(.*?)\n {6}volumes/s).replace("cd /data\n", ""),
      (part: number) => ({ JOB_COMPLETION_INDEX: `${part - 1}` }),
    ],
    [
      "a CI matrix",
      () => command(block("CI_NODE_INDEX"), /script:\n *- (.*)\n/),
      (part: number) => ({ CI_NODE_INDEX: `${part}`, CI_NODE_TOTAL: `${PARTS.length}` }),
    ],
  ] as const)("by the command of %s, with the variables it sets", (_engine, text, variables) => {
    const folder = place();
    for (const part of PARTS) expect(bash(folder, text(), variables(part))).toMatchObject({ status: 0, stderr: "" });
    expectWhole(folder);
  });
});
