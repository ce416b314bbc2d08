// From facts to plain data, and from plain data to its dresses.
export { buildReport, type CaptureDescription, noteText, type ReportDigests } from "./build.ts";
export { asciiText, terminalText } from "./escape.ts";
export { json, ndjson } from "./outputs/json.ts";
export { ladder } from "./outputs/ladder.ts";
export { line } from "./outputs/line.ts";
export { paint, type TerminalStyle, wrap } from "./outputs/style.ts";
export { table } from "./outputs/table.ts";
export { reportSchema } from "./schema.ts";
export type * from "./types.ts";
export { exitCodeOf, isUnseen, isWrong } from "./verdicts.ts";
