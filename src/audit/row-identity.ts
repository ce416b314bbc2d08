// Which rows of journals, of whatever run, are about the same capture: told by its path, in whatever spelling.
import { isAbsolute, resolve, sep } from "node:path";

const SEPARATORS = sep === "\\" ? /[\\/]/ : /\//;

/** `path` in one spelling: absolute, without "." and doubled separators. ".." behind a name stays: behind a link it leads elsewhere. */
export function identityOf(path: string): string {
  try {
    return leadsBack(path) ? absolute(path) : resolve(path);
  } catch {
    // The working directory is gone: nothing relative leads anywhere.
    return path;
  }
}

/** `path` in one spelling that is the same on machines that have the same files in different places. */
export function portablePath(path: string): string {
  if (leadsBack(path)) return path;
  const parts = path.split(SEPARATORS).filter((part) => part !== "." && part !== "");
  return `${isAbsolute(path) ? "/" : ""}${parts.join("/")}`;
}

/** Whether ".." stands behind a name. */
function leadsBack(path: string): boolean {
  if (!path.includes("..")) return false;
  const parts = path.split(SEPARATORS);
  const named = parts.findIndex((part) => part !== "" && part !== "." && part !== "..");
  return named >= 0 && parts.indexOf("..", named) >= 0;
}

function absolute(path: string): string {
  return isAbsolute(path) ? path : `${process.cwd()}${sep}${path}`;
}
