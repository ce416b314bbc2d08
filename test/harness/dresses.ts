// All that the program can print of a report: every format, terse and verbose, and the ladder of each connection.
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
