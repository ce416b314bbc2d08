// What files are, and the small ones whole: in words where something is in the way, since names come from anywhere.
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";

export const NO_SUCH_FILE = "there is no such file";

/** What an errno means, for a sentence. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: NO_SUCH_FILE,
  ENOTDIR: NO_SUCH_FILE,
  EISDIR: "it is a folder; for many captures use: pcapcheck audit FOLDER",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many files are open",
  EIO: "the disk reports an error",
  ERR_INVALID_ARG_VALUE: "no file can have such a name",
};

/** Why something could not be read. */
export function readFailure(error: unknown): string {
  const code = codeOf(error);
  if (code !== null) return REASONS[code] ?? code;
  return error instanceof Error ? error.message : String(error);
}

/** The code of an error of the platform, or null. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** What stands at `path`, or why that cannot be told. */
export function lookAt(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    return readFailure(error);
  }
}

/** Whether there is a file at `path`, and not a folder, a pipe or a device. */
export function isFile(path: string): boolean {
  const status = lookAt(path);
  return typeof status !== "string" && status.isFile();
}

const CHUNK_BYTES = 64 * 1024;

/** The bytes of a file that is small by its nature; a descriptor for standard input. Throws what reading throws, and where it is larger. */
export function readSmall(file: string | number, limit: number): Buffer {
  const descriptor = typeof file === "number" ? file : openSync(file, "r");
  try {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(descriptor, chunk);
      if (length === 0) return Buffer.concat(parts, bytes);
      parts.push(chunk.subarray(0, length));
      bytes += length;
      if (bytes > limit) throw new Error(`it has more than ${limit / 1024 / 1024} MiB`);
    }
  } finally {
    if (typeof file === "string") closeSync(descriptor);
  }
}

/** SHA-256 of what files have one behind the other, in hexadecimal; null where one cannot be read. */
export function hashOf(paths: readonly string[]): string | null {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  try {
    for (const path of paths) {
      const descriptor = openSync(path, "r");
      try {
        for (let length = 1; length > 0; ) {
          length = readSync(descriptor, chunk, 0, chunk.length, null);
          hash.update(chunk.subarray(0, length));
        }
      } finally {
        closeSync(descriptor);
      }
    }
    return hash.digest("hex");
  } catch {
    // Whoever needs what is in it says why.
    return null;
  }
}
