// What the terminal can do, from what it and the environment say.
import type { TerminalStyle } from "../report/index.ts";

const DEFAULT_WIDTH = 100;
const MAX_WIDTH = 160;

/** Options that speak about looks. */
export interface LookOptions {
  /** false with --no-color. */
  readonly color: boolean;
  readonly ascii?: boolean;
  readonly verbose?: boolean;
}

/** The style for `stream`; `toFile`: the text goes to a file instead. */
export function terminalStyle(options: LookOptions, stream: NodeJS.WriteStream, toFile: boolean): TerminalStyle {
  const terminal = stream.isTTY === true && !toFile;
  return {
    width: terminal ? Math.min(MAX_WIDTH, Math.max(40, stream.columns || DEFAULT_WIDTH)) : columnsFromEnvironment(),
    colour: wantsColour(options, terminal),
    unicode: options.ascii !== true && speaksUnicode(terminal),
    verbose: options.verbose === true,
  };
}

/** no-color.org: NO_COLOR counts if it is not empty; FORCE_COLOR wins over the lack of a terminal, not over --no-color. */
function wantsColour(options: LookOptions, terminal: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (!options.color || (NO_COLOR !== undefined && NO_COLOR !== "")) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return terminal && TERM !== "dumb";
}

function speaksUnicode(terminal: boolean): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM, WT_SESSION } = process.env;
  if (terminal && (TERM === "dumb" || TERM === "linux")) return false;
  if (process.platform === "win32") return !terminal || WT_SESSION !== undefined;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

function columnsFromEnvironment(): number {
  const columns = Number(process.env.COLUMNS);
  return columns >= 40 ? Math.min(MAX_WIDTH, columns) : DEFAULT_WIDTH;
}
