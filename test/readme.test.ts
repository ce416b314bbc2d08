// The README's words, run: what it shows as output is what the program prints.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
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
  it("shows the main command with its output", () => {
    expect(shown.map(({ command }) => command)).toContain(`${COMMAND}captures/far-context-lost.pcap`);
  });

  it.each(shown.map(({ command, output }) => [command, output] as const))("%s", (command, output) => {
    const args = command.slice(COMMAND.length).split(" ");
    const env = { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" };
    const { stdout } = spawnSync(process.execPath, [program.path, ...args], { cwd: ROOT, env, encoding: "utf8" });
    expect(stdout.trimEnd()).toBe(output.trimEnd());
  });
});
