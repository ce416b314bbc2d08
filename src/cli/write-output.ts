// Output to a file that is created whole or not at all.
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Writes `text` to `file`; returns why it could not, or null. */
export function writeOutput(text: string, file: string): string | null {
  let temporary: string | null = null;
  try {
    const status = statSync(file, { throwIfNoEntry: false });
    // A device or a pipe must not be replaced by a file.
    if (status !== undefined && !status.isFile()) {
      writeFileSync(file, text);
      return null;
    }
    const target = status === undefined ? file : realpathSync(file);
    temporary = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
    writeFileSync(temporary, text, status === undefined ? {} : { mode: status.mode });
    renameSync(temporary, target);
    return null;
  } catch (error) {
    if (temporary !== null) rmSync(temporary, { force: true });
    return reason(error);
  }
}

/** What an errno means, for a sentence. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder does not exist",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "the name is too long",
};

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return `cannot be written: ${REASONS[code] ?? (code || error.message)}`;
}
