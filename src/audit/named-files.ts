// Key logs, keys and certificates that options name: one that cannot be used ends an audit before it begins, and not each capture.
import { closeSync, openSync } from "node:fs";
import { lookAt } from "./files.ts";
import { holdsKeys, loadKeys } from "./keys.ts";
import { loadTrust } from "./node-trust.ts";
import { readFailure } from "./read-failure.ts";
import type { Held, LentFiles } from "./types.ts";

/** A file that an option names cannot be used: one sentence behind its path. */
export class NamedFileError extends Error {
  constructor(path: string, why: string) {
    super(`${path}: ${why}`);
  }
}

/** Throws `NamedFileError` for the first file that cannot be used. Large ones are not read for that. */
export function mustBeUsable(options: LentFiles): void {
  for (const path of options.keylogs ?? []) {
    if (options.held?.has(path) === true) continue;
    const why = unreadable(path);
    if (why !== null) throw new NamedFileError(path, `the key log cannot be read: ${why}`);
  }
  const { rsaKeys, held } = options;
  const { failure } = loadKeys([], { rsaKeys, held }, { verifyBodies: false }, () => false);
  if (failure !== null) throw new NamedFileError(failure.path, failure.why);
  const trusted = loadTrust(options);
  if ("why" in trusted) throw new NamedFileError(trusted.path, trusted.why);
}

/** Of key logs that can be read those in which there is no key: a capture, say, that was named in their place. */
export function keylessLogs(keylogs: readonly string[], held: Held): readonly string[] {
  return [...new Set(keylogs)].filter((path) => !holdsKeys(path, held));
}

function unreadable(path: string): string | null {
  const status = lookAt(path);
  if (typeof status === "string") return status;
  if (status.isDirectory()) return "it is a folder";
  try {
    closeSync(openSync(path, "r"));
    return null;
  } catch (error) {
    return readFailure(error);
  }
}
