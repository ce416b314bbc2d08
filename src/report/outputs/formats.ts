// The outputs by the name of their format: another one is another row. Each is loaded when it is asked for.

import type { Report, ReportConnection } from "../types.ts";
import type { PathStyle } from "./sarif-log.ts";
import type { TerminalStyle } from "./style.ts";

/** A capture that could not be checked: its path, and why, as one sentence. */
export interface UncheckedCapture {
  readonly path: string;
  readonly message: string;
}

/** One output over all captures of a run. What `add` and `end` return is written in this order, and is one valid document. */
export interface OutputDocument {
  add(report: Report): string;
  /** Told by those outputs that have a place for it. */
  failed(capture: UncheckedCapture): void;
  /** What is left, ending with a line end; empty if no report was added. */
  end(): string;
}

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
    open: async (style, many) => {
      const { table } = await import("./table.ts");
      return eachByItself((report) => table(report, style), many, { ...NOTHING, between: "\n" });
    },
  },
  line: {
    open: async (_style, many) => {
      const { line } = await import("./line.ts");
      return eachByItself((report) => `${line(report)}\n`, many, NOTHING);
    },
  },
  json: {
    open: async (_style, many) => {
      const { json } = await import("./json.ts");
      const around = { before: "[\n", between: ",\n", behind: "]\n" };
      return eachByItself((report) => `${json(report)}\n`, many, around);
    },
  },
  ndjson: {
    open: async (_style, many) => {
      const { ndjson } = await import("./json.ts");
      return eachByItself((report) => `${ndjson(report)}\n`, many, NOTHING);
    },
  },
  csv: {
    open: async () => {
      const { CSV_HEADER, csvRows } = await import("./csv.ts");
      return eachByItself(csvRows, true, { ...NOTHING, before: CSV_HEADER });
    },
  },
  sarif: { open: async (style: PathStyle = {}) => new (await import("./sarif.ts")).SarifDocument(style) },
  html: { open: async (_style, many) => new (await import("./html/document.ts")).HtmlDocument(many) },
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;

/** A document in which every report stands by itself; a single one of `many` false has nothing around it. */
function eachByItself(text: (report: Report) => string, many: boolean, around: Around): OutputDocument {
  let reports = 0;
  return {
    add(report) {
      const first = reports++ === 0;
      return (many ? (first ? around.before : around.between) : "") + text(report);
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
