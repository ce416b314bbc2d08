// pcapcheck trace TRACE: a policy trace to its report.
import { checkTrace } from "../../audit/index.ts";
import { TRACE_FINDINGS, type TraceFindingId } from "../../policy-trace/index.ts";
import { type FormatName, TRACE_FORMATS, type TraceReport, terminalText } from "../../report/index.ts";
import { NOT_CHECKED } from "../exit-code.ts";
import { beginOutput, endOutput, tell } from "../outcome.ts";
import { createProgress } from "../progress.ts";
import type { RedactArguments } from "../redaction.ts";
import { terminal } from "../standard-streams.ts";
import type { LookOptions } from "../terminal.ts";

export interface TraceArguments extends LookOptions, RedactArguments {
  readonly format: FormatName;
  readonly output?: string;
  readonly quiet?: boolean;
  readonly failOn?: readonly TraceFindingId[];
}

/** Reads the trace and prints; returns the exit code. */
export async function trace(path: string, options: TraceArguments): Promise<number> {
  const begun = await beginOutput(options, [path]);
  if (begun === null) return NOT_CHECKED;
  const { output, style } = begun;
  const progress = createProgress(terminalText(path), terminal("error"));
  const result = await checkTrace(path, { onProgress: progress.update }).finally(progress.clear);
  if ("kind" in result) {
    tell(result);
    return NOT_CHECKED;
  }
  const shown = begun.shown(result);
  const text = options.quiet === true ? `${shown.verdict}\n` : await TRACE_FORMATS[options.format].text(shown, style);
  output.write(text);
  return endOutput(output) ? exitCode(result, options.failOn) : NOT_CHECKED;
}

/** With `failOn` those findings give 1 and no others; what could not be read as a whole stays 3. */
function exitCode(
  { totals, exitCode: code, trace: { warnings } }: TraceReport,
  failOn: TraceArguments["failOn"],
): number {
  if (failOn === undefined) return code;
  if (failOn.some((id) => (totals.findings[id] ?? 0) > 0)) return 1;
  if (code !== 1) return code;
  return warnings.some(({ id }) => id !== "trace-tunnel-ambiguous" && id !== "trace-not-kept") ? 3 : 0;
}

/** `none`, or ids of findings with commas between them; null if one is unknown. */
export function traceFindings(value: string): readonly TraceFindingId[] | null {
  if (value === "none") return [];
  const ids = value.split(",").map((name) => TRACE_FINDINGS.find((id) => id === name) ?? null);
  return ids.every((id) => id !== null) ? ids : null;
}
