// The program as it is shipped, one bundled file in a temporary folder, and ways to run it.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A recorded capture of this repository. */
export function captured(name: string): string {
  return join(ROOT, "captures", name);
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
}

/** The bundled program in a folder of its own, which is also its working directory. */
export interface Program {
  readonly folder: string;
  readonly path: string;
  /** Its environment is what is given here and a locale. */
  run(args: readonly string[], around?: Surroundings): Ran;
  /** On a pseudo terminal of so many columns (script of util-linux); both outputs are one. */
  runOnTerminal(args: readonly string[], columns: number, around?: Surroundings): Ran;
  remove(): void;
}

export function buildProgram(): Program {
  const folder = mkdtempSync(join(tmpdir(), "pcapcheck-cli-"));
  const path = join(folder, "pcapcheck.cjs");
  execFileSync(process.execPath, [join(ROOT, "src/build.mjs"), "--program", path], { stdio: "inherit" });
  // What is not bundled, the pool of workers, is looked for where the program lies.
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const spawn = (command: string, args: readonly string[], { env = {}, input }: Surroundings): Ran => {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: folder,
      env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", TERM: "xterm", ...env },
      encoding: "utf8",
      maxBuffer: 1 << 26,
      ...(input === undefined ? {} : { input }),
    });
    return { code: status, out: stdout, err: stderr };
  };
  return {
    folder,
    path,
    run: (args, around = {}) => spawn(process.execPath, [path, ...args], around),
    runOnTerminal(args, columns, around = {}) {
      const words = [process.execPath, path, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
      const command = `stty cols ${columns} rows 50; ${words}`;
      return spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], around);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
