// Times whole processes in turn (A B A B …): only ratios out of one such run mean anything on a machine that others use.
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

const GNU_TIME = "/usr/bin/time";

/** Why nothing can be measured here; null if it can. */
export function missing() {
  const { error, status } = spawnSync(GNU_TIME, ["-f", "%M", "true"], { stdio: "ignore" });
  return error === undefined && status === 0
    ? null
    : `${GNU_TIME} is missing: GNU time measures peak memory (Debian package "time")`;
}

export const installed = (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;

/** Runs in `folder`; `runs` rounds count, behind one that does not. */
export class Meter {
  #timing;
  #runs;

  constructor(folder, runs) {
    this.#timing = `${folder}/timing.txt`;
    this.#runs = runs;
  }

  /** Seconds and peak MiB of one run. `exits`: the exit codes that are no failure. */
  once({ argv, output, exits = [0] }) {
    const out = openSync(output ?? "/dev/null", "w");
    const start = process.hrtime.bigint();
    const { status, error } = spawnSync(GNU_TIME, ["-q", "-f", "%M", "-o", this.#timing, ...argv], {
      stdio: ["ignore", out, "ignore"],
    });
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    closeSync(out);
    if (error !== undefined) throw error;
    if (!exits.includes(status)) throw new Error(`exit code ${status}: ${argv.slice(0, 8).join(" ")}`);
    return { seconds, peak: Number(readFileSync(this.#timing, "utf8").trim().split("\n").at(-1)) / 1024 };
  }

  /** Medians by name of commands that run in turn; those with `rare` run that many times only. */
  compare(commands) {
    const samples = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
    for (let round = 0; round <= this.#runs; round++) {
      for (const [name, command] of Object.entries(commands)) {
        if (command.rare !== undefined && (round === 0 || round > command.rare)) continue;
        const sample = this.once(command);
        if (round > 0) samples[name].push(sample);
      }
    }
    return Object.fromEntries(
      Object.entries(samples).map(([name, list]) => [
        name,
        {
          seconds: median(list.map(({ seconds }) => seconds)) * (commands[name].times ?? 1),
          peak: Math.max(...list.map(({ peak }) => peak)),
        },
      ]),
    );
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
