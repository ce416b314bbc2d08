// What the terminal can do, from what it and the environment say.
import type { TerminalStyle } from "../report/index.ts";
import { terminal } from "./standard-streams.ts";

/** Where there is no terminal, or it does not say. */
const DEFAULT_WIDTH = 100;
/** Longer lines are hard to read, and no table here needs more. */
const MAX_WIDTH = 200;
const MIN_WIDTH = 40;

/** Options that speak about looks. */
export interface LookOptions {
  /** false with --no-color. */
  readonly color: boolean;
  readonly ascii?: boolean;
  readonly verbose?: boolean;
}

/** The style for standard output; `toFile`: the text goes to a file instead. */
export function terminalStyle(options: LookOptions, toFile: boolean): TerminalStyle {
  const stream = toFile ? null : terminal("output");
  const unicode = options.ascii !== true && speaksUnicode();
  return {
    width: clamp(stream?.columns || Number(process.env.COLUMNS) || DEFAULT_WIDTH),
    colour: !toFile && wantsColour(options, stream !== null),
    drawing: unicode && stream !== null && process.env.TERM !== "dumb",
    unicode,
    verbose: options.verbose === true,
    backslashes: process.platform === "win32",
  };
}

function clamp(width: number): number {
  return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.floor(width)));
}

/** no-color.org: NO_COLOR counts if it is not empty. FORCE_COLOR stands for a terminal where there is none. */
function wantsColour(options: LookOptions, onTerminal: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (!options.color || (NO_COLOR !== undefined && NO_COLOR !== "")) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return onTerminal && TERM !== "dumb";
}

/** Whether the locale (POSIX: LC_ALL before LC_CTYPE before LANG) is one of UTF-8; macOS and Windows do without. */
function speaksUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG || "";
  if (locale === "") return process.platform === "win32" || process.platform === "darwin";
  return /utf-?8/i.test(locale);
}
