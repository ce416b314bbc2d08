// A policy trace from its bytes to its report.
import { TraceReader, TraceSummary } from "../policy-trace/index.ts";
import { buildTraceReport, type TraceReport } from "../report/index.ts";
import type { CaptureSource } from "./input.ts";
import { readText } from "./text-file.ts";
import type { CheckFailure } from "./types.ts";
import { VERSION } from "./version.ts";

export interface TraceOptions {
  /** Called while reading with the bytes read so far and the size of the file, null where it is not known. */
  readonly onProgress?: (bytes: number, total: number | null) => void;
  /** The name under which the trace stands in the report; default: the path, or "-". */
  readonly name?: string;
}

/** Reads a policy trace. Never rejects for what the source holds: what cannot be read, or is no trace, gives a `CheckFailure`. */
export async function checkTrace(
  source: CaptureSource,
  options: TraceOptions = {},
): Promise<TraceReport | CheckFailure> {
  const path = options.name ?? (typeof source === "string" ? source : "-");
  const summary = new TraceSummary();
  const reader = new TraceReader(summary);
  const outcome = await readText(source, reader, options.onProgress);
  if (outcome.kind === "unreadable") return { kind: "failed", path, message: outcome.why, advice: null };
  const counts = reader.end();
  const facts = summary.finish();
  if (facts.transactions === 0) {
    return {
      kind: "failed",
      path,
      message: "this is no policy trace: no transaction was found in it",
      advice:
        "a trace is text with lines as `MATCH: ...`, `connection: ...`, `GET https://...`, `client.response.code: ...`",
    };
  }
  return buildTraceReport({ path, bytes: counts.bytes, lines: counts.lines, damage: outcome.damage }, facts, VERSION);
}
