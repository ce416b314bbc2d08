// Output to standard output, or to a file that is created whole or not at all.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Writes `text`; returns why it could not, or null. */
export function writeOutput(text: string, file: string | undefined): string | null {
  if (file === undefined || file === "-") {
    process.stdout.write(text);
    return null;
  }
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.part`);
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
    return null;
  } catch (error) {
    rmSync(temporary, { force: true });
    return error instanceof Error ? error.message : String(error);
  }
}
