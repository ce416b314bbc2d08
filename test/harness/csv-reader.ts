// CSV as Python's csv module reads it, strictly.
import { spawnSync } from "node:child_process";

const PROGRAM =
  "import csv, io, json, sys\nprint(json.dumps(list(csv.reader(io.TextIOWrapper(sys.stdin.buffer, 'utf-8', newline=''), strict=True))))";

/** Rows of cells. Throws where Python does. */
export function readCsv(text: string): readonly (readonly string[])[] {
  const { stdout, stderr } = spawnSync("python3", ["-c", PROGRAM], {
    input: text,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (stderr !== "") throw new Error(stderr);
  return JSON.parse(stdout) as string[][];
}
