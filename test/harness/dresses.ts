// All that the program can print of a report: every format, terse and verbose, and the ladder of each connection.

import { checkTask } from "../../src/audit/audit-row.ts";
import type { CheckOptions } from "../../src/audit/index.ts";
import { KeyLogFolders } from "../../src/audit/key-logs-beside.ts";
import { FORMATS, type FormatName, loadLadder, type Report, type TerminalStyle } from "../../src/report/index.ts";

const STYLE: TerminalStyle = { width: 80, colour: false, drawing: true, unicode: true, verbose: true };
/** No line is wrapped: what is searched for stands in one piece. */
const WIDE: TerminalStyle = { ...STYLE, width: 100_000 };

/** Each text with the name of its dress. */
export async function dresses(report: Report): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const name of Object.keys(FORMATS) as FormatName[]) {
    for (const style of [STYLE, WIDE, { ...WIDE, verbose: false }]) {
      const document = await FORMATS[name].open(style, false);
      texts.set(
        `${name}, ${style.width} columns${style.verbose ? ", verbose" : ""}`,
        document.add(report) + document.end(),
      );
    }
  }
  const ladder = await loadLadder();
  for (const connection of report.connections) {
    for (const style of [STYLE, WIDE])
      texts.set(`--tunnel ${connection.stream}, ${style.width} columns`, ladder(report, connection, style));
  }
  return texts;
}

/** What an audit keeps of a capture and writes into its journal: all that it prints is made of this. */
export async function journalled(path: string, options: CheckOptions): Promise<string> {
  const row = await checkTask(
    { path, files: [path], size: 1, modified: 0, hash: null, keys: null, found: false },
    options,
    new KeyLogFolders(),
  );
  return JSON.stringify(row);
}
