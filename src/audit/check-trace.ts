// A policy trace from its bytes to its report.
import { TraceReader, TraceSummary } from "../policy-trace/index.ts";
import { buildTraceReport, type TraceReport } from "../report/index.ts";
import { type CancelSignal, mustGoOn } from "./byte-source.ts";
import { type CaptureSource, mustBeSource, pathOf } from "./input.ts";
import { readText } from "./text-file.ts";
import type { CheckFailure } from "./types.ts";
import { VERSION } from "./version.ts";

export interface TraceOptions {
  /** As that of `CheckOptions`. */
  readonly onProgress?: (bytes: number, total: number | null) => void;
  /** Ends the reading: as that of `CheckOptions`. */
  readonly signal?: CancelSignal;
  /** The name under which the trace stands in the report; default: the path, or "-". */
  readonly name?: string;
}

/**
 * Reads a policy trace. Never rejects for what the source holds: what cannot be read, or is no trace, gives a `CheckFailure`. Rejects
 * as `checkCapture` does.
 */
export async function checkTrace(
  source: CaptureSource,
  options: TraceOptions = {},
): Promise<TraceReport | CheckFailure> {
  mustBeSource(source);
  mustGoOn(options.signal);
  const path = options.name ?? pathOf(source) ?? "-";
  const summary = new TraceSummary();
  const reader = new TraceReader(summary);
  const outcome = await readText(source, reader, { progress: options.onProgress, signal: options.signal });
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
