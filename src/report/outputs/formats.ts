// The outputs by the name of their format: another one is another row. Those that few runs need are loaded when they are asked for.

import { type LazyReport, wholeReport } from "../lazy.ts";
import type { Report, ReportConnection } from "../types.ts";
import type { OutputDocument } from "./document.ts";
import { line } from "./line.ts";
import type { PathStyle } from "./sarif-log.ts";
import type { TerminalStyle } from "./style.ts";
import { table } from "./table.ts";

/** An output. `many`: whether several captures were asked for. */
export interface Format {
  open(style: TerminalStyle, many: boolean): Promise<OutputDocument>;
}

/** What stands before, between and behind the texts of several reports. */
interface Around {
  readonly before: string;
  readonly between: string;
  readonly behind: string;
}

const NOTHING: Around = { before: "", between: "", behind: "" };

export const FORMATS = {
  table: {
    open: async (style, many) => eachByItself((report) => table(report, style), many, { ...NOTHING, between: "\n" }),
  },
  line: {
    open: async (_style, many) => eachByItself((report) => `${line(report)}\n`, many, NOTHING),
  },
  json: {
    open: async (_style, many) => {
      const { json, reportPieces } = await import("./json.ts");
      const around = { before: "[\n", between: ",\n", behind: "]\n" };
      const pieces = (report: LazyReport): Iterable<string> => reportPieces(report, "json");
      return eachByItself((report) => `${json(report)}\n`, many, around, pieces);
    },
  },
  ndjson: {
    open: async (_style, many) => {
      const { ndjson, reportPieces } = await import("./json.ts");
      const pieces = (report: LazyReport): Iterable<string> => reportPieces(report, "ndjson");
      return eachByItself((report) => `${ndjson(report)}\n`, many, NOTHING, pieces);
    },
  },
  csv: {
    open: async () => {
      const { CSV_HEADER, csvPieces, csvRows } = await import("./csv.ts");
      return eachByItself(csvRows, true, { ...NOTHING, before: CSV_HEADER }, csvPieces);
    },
  },
  sarif: { open: async (style: PathStyle = {}) => new (await import("./sarif.ts")).SarifDocument(style) },
  html: { open: async (_style, many) => new (await import("./html/document.ts")).HtmlDocument(many) },
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;

/**
 * A document in which every report stands by itself; a single one of `many` false has nothing around it. `pieces`: what `text`
 * gives of a report, in pieces.
 */
function eachByItself(
  text: (report: Report) => string,
  many: boolean,
  around: Around,
  pieces: (report: LazyReport) => Iterable<string> = (report) => [text(wholeReport(report))],
): OutputDocument {
  let reports = 0;
  const ahead = (): string => {
    const first = reports++ === 0;
    return many ? (first ? around.before : around.between) : "";
  };
  return {
    add(report) {
      const own = text(report);
      return ahead() + own;
    },
    *pieces(report) {
      // What fails before its first piece leaves nothing behind.
      let isBegun = false;
      for (const piece of pieces(report)) {
        yield isBegun ? piece : ahead() + piece;
        isBegun = true;
      }
    },
    failed() {},
    end: () => (many && reports > 0 ? around.behind : ""),
  };
}

/** Loads what draws one connection in full. */
export async function loadLadder(): Promise<
  (report: Report, connection: ReportConnection, style: TerminalStyle) => string
> {
  return (await import("./ladder.ts")).ladder;
}
