// Why something could not be written, in words.
import { codeOf } from "./read-failure.ts";

/** What an errno means, for a sentence. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder does not exist",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EBUSY: "it is in use",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk is full",
  EFBIG: "it would be too large",
  ELOOP: "too many symbolic links",
  EIO: "the disk reports an error",
  ESTALE: "the file is gone from its server",
  EBADF: "it is open for reading only",
  ENAMETOOLONG: "the name is too long",
  EPIPE: "the reader is gone",
};

/** Windows says so of a file that is open elsewhere, too: a report in a spreadsheet. */
const IN_USE: ReadonlySet<string> = new Set(["EPERM", "EACCES", "EBUSY"]);

/** One clause: "cannot be written: the disk is full". */
export function writeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error) ?? "";
  const inUse = process.platform === "win32" && IN_USE.has(code) ? ", or another program has it open" : "";
  return `cannot be written: ${REASONS[code] ?? (code || error.message)}${inUse}`;
}
