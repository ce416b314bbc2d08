// Names by a pattern: *, ?, [ab], {a,b}. A folder that is there is taken by its name, whatever characters that has.
import { readdir } from "node:fs";
import nodePath from "node:path";
import { lookAt } from "./files.ts";

const MARKS = /[*?[{]/;
/** Windows: what is behind it is taken as it stands (`\\?\C:\…`, `\\.\…`). */
const VERBATIM = /^[\\/]{2}[?.][\\/]/;

/** Whether `path` names nothing, unless it is a pattern. */
export function isPattern(path: string): boolean {
  return MARKS.test(path) && typeof lookAt(path) === "string";
}

/**
 * What fits `pattern`, folders as well, in an order that does not depend on the disk. `unreadable` is told of folders that had to be
 * looked into and could not, with the error. Rejects for what is no pattern.
 *
 * Many stars that fit at many places take long (`*a*a*a*a*b` and a name of 200 times "a": a minute). They are not limited: a pattern
 * comes from who waits for it, honest ones have as many stars (`*-*-*-*-*.pcap`), and no name makes one slow that has one or two.
 */
export async function namesOf(
  pattern: string,
  unreadable: (folder: string, error: unknown) => void = () => {},
): Promise<readonly string[]> {
  const { folder, rest } = parted(pattern, nodePath, isFolder);
  const { glob } = await import("tinyglobby");
  const cwd = folder === "" ? "." : folder;
  // The package passes over what it cannot read.
  const reading = (path: string, options: { withFileTypes: true }, done: (...result: unknown[]) => void): void =>
    readdir(path, options, (error, entries) => {
      if (error !== null) unreadable(nodePath.join(folder, nodePath.relative(cwd, path), "."), error);
      done(error, entries);
    });
  const found = await glob(rest, {
    cwd,
    fs: { readdir: reading as typeof readdir },
    dot: true,
    expandDirectories: false,
    onlyFiles: false,
    caseSensitiveMatch: nodePath.sep === "/",
  });
  return found.sort().map((name) => nodePath.join(folder, name));
}

/** The folders in front that are named, and the pattern behind them, with slashes. */
export function parted(
  pattern: string,
  { sep }: { readonly sep: string },
  isThere: (folder: string) => boolean,
): { readonly folder: string; readonly rest: string } {
  const windows = sep === "\\";
  let from = (windows ? VERBATIM.exec(pattern)?.[0].length : undefined) ?? 0;
  for (let at = from; at < pattern.length; at++) {
    if (pattern[at] !== "/" && !(windows && pattern[at] === "\\")) continue;
    if (MARKS.test(pattern.slice(from, at)) && !isThere(pattern.slice(0, at + 1))) break;
    from = at + 1;
  }
  const rest = pattern.slice(from);
  return { folder: pattern.slice(0, from), rest: windows ? rest.replaceAll("\\", "/") : rest };
}

function isFolder(path: string): boolean {
  const status = lookAt(path);
  return typeof status !== "string" && status.isDirectory();
}
