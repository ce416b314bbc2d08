// The outputs by the name of their format: another one is another row. Each is loaded when it is asked for.
import type { Report, ReportConnection } from "../types.ts";
import type { TerminalStyle } from "./style.ts";

/** Text of one report, ending with a line end. */
export type Dress = (report: Report, style: TerminalStyle) => string;

/** An output. `around`: what stands before, between and behind the reports of several captures. */
export interface Format {
  readonly around: { readonly before: string; readonly between: string; readonly behind: string };
  load(): Promise<Dress>;
}

const NOTHING = { before: "", between: "", behind: "" };

export const FORMATS = {
  table: { around: { ...NOTHING, between: "\n" }, load: async () => (await import("./table.ts")).table },
  line: {
    around: NOTHING,
    load: async () => {
      const { line } = await import("./line.ts");
      return (report) => `${line(report)}\n`;
    },
  },
  json: {
    around: { before: "[\n", between: ",\n", behind: "]\n" },
    load: async () => {
      const { json } = await import("./json.ts");
      return (report) => `${json(report)}\n`;
    },
  },
  ndjson: {
    around: NOTHING,
    load: async () => {
      const { ndjson } = await import("./json.ts");
      return (report) => `${ndjson(report)}\n`;
    },
  },
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;

/** Loads what draws one connection in full. */
export async function loadLadder(): Promise<
  (report: Report, connection: ReportConnection, style: TerminalStyle) => string
> {
  return (await import("./ladder.ts")).ladder;
}
