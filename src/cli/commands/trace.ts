// pcapcheck trace TRACE: a policy trace to its report.
import { checkTrace } from "../../audit/index.ts";
import { TRACE_FINDINGS, type TraceFindingId } from "../../policy-trace/index.ts";
import { TRACE_FORMATS, type TraceFormatName, type TraceReport, terminalText } from "../../report/index.ts";
import { NOT_CHECKED } from "../exit-code.ts";
import { createProgress } from "../progress.ts";
import { type RedactArguments, redaction } from "../redaction.ts";
import { terminal, warn } from "../standard-streams.ts";
import { type LookOptions, terminalStyle } from "../terminal.ts";
import { openOutput } from "../write-output.ts";

export interface TraceArguments extends LookOptions, RedactArguments {
  readonly format: TraceFormatName;
  readonly output?: string;
  readonly quiet?: boolean;
  readonly failOn?: readonly TraceFindingId[];
}

/** Reads the trace and prints; returns the exit code. */
export async function trace(path: string, options: TraceArguments): Promise<number> {
  const output = openOutput(options.output, [path]);
  if (typeof output === "string") {
    warn(`pcapcheck: ${terminalText(output)}\n`);
    return NOT_CHECKED;
  }
  const redactor = await redaction(options);
  if (typeof redactor === "string") return complain("trace", redactor);
  const progress = createProgress(terminalText(path), terminal("error"));
  const result = await checkTrace(path, { onProgress: progress.update }).finally(progress.clear);
  if ("kind" in result)
    return complain(path, result.advice === null ? result.message : `${result.message}; ${result.advice}`);
  const shown = redactor === null ? result : redactor.redact(result);
  const style = terminalStyle(options, output.file !== null);
  const text = options.quiet === true ? `${shown.verdict}\n` : await TRACE_FORMATS[options.format].text(shown, style);
  output.write(text);
  const failure = output.finish();
  if (failure !== null) return complain(output.file ?? "-", failure);
  return exitCode(result, options.failOn);
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

function complain(path: string, message: string): number {
  warn(`pcapcheck: ${terminalText(path)}: ${terminalText(message)}\n`);
  return NOT_CHECKED;
}

/** `none`, or ids of findings with commas between them; null if one is unknown. */
export function traceFindings(value: string): readonly TraceFindingId[] | null {
  if (value === "none") return [];
  const ids = value.split(",").map((name) => TRACE_FINDINGS.find((id) => id === name) ?? null);
  return ids.every((id) => id !== null) ? ids : null;
}
