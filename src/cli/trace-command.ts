// The command for policy traces.
import { type Command, InvalidArgumentError, Option } from "commander";
import { TRACE_FORMATS } from "../report/index.ts";
import { type TraceArguments, trace, traceFindings } from "./commands/trace.ts";
import { redactOptions } from "./redaction.ts";

/** Adds it to `program`. */
export function addTraceCommand(program: Command, done: (code: number) => void): void {
  const command = program
    .command("trace")
    .description("a ProxySG policy trace: which rule asked, at which stage")
    .argument("<trace>", "text as the proxy writes it, or pasted from it; - for standard input");
  redactOptions(command)
    .addOption(
      new Option("-f, --format <format>", "what to print").choices(Object.keys(TRACE_FORMATS)).default("table"),
    )
    .option("-o, --output <file>", "write there instead (created whole or not at all)")
    .addOption(new Option("-v, --verbose", "more: every tunnel and finding").conflicts(["quiet"]))
    .option("-q, --quiet", "only the verdict")
    .option("--fail-on <finding,...>", "which findings give exit code 1, or none", failOn)
    .option("--no-color", "no colour (as NO_COLOR in the environment)")
    .option("--ascii", "no characters beyond ASCII")
    .action(async (path: string, options: TraceArguments, command: Command) => {
      if (options.format !== "table" && options.quiet === true)
        command.error(`error: option '--format ${options.format}' cannot be used with '--quiet'`);
      done(await trace(path, options));
    });
}

function failOn(value: string): NonNullable<TraceArguments["failOn"]> {
  const ids = traceFindings(value);
  if (ids === null) throw new InvalidArgumentError("It takes ids of findings; pcapcheck explain lists them.");
  return ids;
}
