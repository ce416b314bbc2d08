// The report itself as JSON (RFC 8259): indented for people, or one line for pipes.
import { jsonText } from "../escape.ts";
import type { LazyReport } from "../lazy.ts";
import type { Report } from "../types.ts";
import { jsonPieces } from "./json-pieces.ts";

/** Indented, without a line end. */
export function json(report: Report): string {
  return jsonText(JSON.stringify(report, null, 2));
}

/** One line, without a line end. */
export function ndjson(report: Report): string {
  return jsonText(JSON.stringify(report));
}

/** What `json` or, in one line, `ndjson` gives, with a line end, in pieces. */
export function* reportPieces(report: LazyReport, form: "json" | "ndjson"): Generator<string> {
  yield* jsonPieces(report, form === "json" ? 2 : 0);
  yield "\n";
}
