// Which rows of journals, of whatever run, are about the same capture: told by its path, in whatever spelling.
import nodePath from "node:path";

/** What is needed of `node:path`, which tests give as another platform has it. */
interface Paths {
  readonly sep: string;
  isAbsolute(path: string): boolean;
  resolve(path: string): string;
}

/**
 * `path` in one spelling: absolute, without "." and doubled separators, on Windows in lower case. ".." behind a name stays:
 * behind a link it leads elsewhere.
 */
export function identityOf(path: string, paths: Paths = nodePath): string {
  try {
    const whole = leadsBack(path, paths) ? absolute(path, paths) : paths.resolve(path);
    return paths.sep === "\\" ? whole.toLowerCase() : whole;
  } catch {
    // The working directory is gone: nothing relative leads anywhere.
    return path;
  }
}

/** The identity of a path in a journal; `backslashes`: it was written on Windows, whose paths other machines spell with slashes. */
export function identityIn(path: string, backslashes: boolean, paths: Paths = nodePath): string {
  return identityOf(backslashes && paths.sep === "/" ? path.replaceAll("\\", "/") : path, paths);
}

/** `path` in one spelling that is the same on machines that have the same files in different places. */
export function portablePath(path: string, paths: Paths = nodePath): string {
  if (leadsBack(path, paths)) return path;
  const parts = path.split(separators(paths)).filter((part) => part !== "." && part !== "");
  return `${paths.isAbsolute(path) ? "/" : ""}${parts.join("/")}`;
}

/** Whether ".." stands behind a name. */
function leadsBack(path: string, paths: Paths): boolean {
  if (!path.includes("..")) return false;
  const parts = path.split(separators(paths));
  const named = parts.findIndex((part) => part !== "" && part !== "." && part !== "..");
  return named >= 0 && parts.indexOf("..", named) >= 0;
}

function separators({ sep }: Paths): RegExp {
  return sep === "\\" ? /[\\/]/ : /\//;
}

function absolute(path: string, { isAbsolute, sep }: Paths): string {
  return isAbsolute(path) ? path : `${process.cwd()}${sep}${path}`;
}
