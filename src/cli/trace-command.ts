// The command for policy traces.
import { Command, InvalidArgumentError, Option } from "commander";
import { FORMATS } from "../report/index.ts";
import { type CheckArguments, check } from "./commands/check.ts";
import { type TraceArguments, trace, traceFindings } from "./commands/trace.ts";
import { fileName } from "./option-values.ts";
import { readingOptions } from "./reading-options.ts";
import { redactOptions } from "./redaction.ts";

/** Whether it says how a capture is read. */
function isOfCapture(option: Option): boolean {
  return readingOptions(new Command()).options.some(({ long }) => long === option.long);
}

/** Adds it to `program`. */
export function addTraceCommand(program: Command, done: (code: number) => void): void {
  const command = program
    .command("trace")
    .description("a ProxySG policy trace, alone or beside a capture")
    .argument("<trace>", "text as the proxy writes it, or pasted from it; - for standard input")
    .argument("[file]", "a capture of the same minutes: as check --policy-trace TRACE FILE");
  redactOptions(readingOptions(command))
    .addOption(new Option("-f, --format <format>", "what to print").choices(Object.keys(FORMATS)).default("table"))
    .option("-o, --output <file>", "write there instead (created whole or not at all)", fileName)
    .addOption(new Option("-v, --verbose", "more: every tunnel and finding").conflicts(["quiet"]))
    .option("-q, --quiet", "only the verdict")
    .option("--fail-on <finding,...>", "without a capture: which findings give exit code 1, or none", failOn)
    .option("--no-color", "no colour (as NO_COLOR in the environment)")
    .option("--ascii", "no characters beyond ASCII")
    .action(async (path: string, file: string | undefined, options: Arguments) => {
      const { format, failOn: failing, ...rest } = options;
      if (format !== "table" && options.quiet === true)
        command.error(`error: option '--format ${format}' cannot be used with '--quiet'`);
      if (file !== undefined) {
        if (failing !== undefined) command.error("error: option '--fail-on' is for a trace without a capture");
        done(await check([file], { ...rest, format, policyTrace: [path] }));
      } else {
        const unused = command.options.find((option) => isOfCapture(option) && option.attributeName() in options);
        if (unused !== undefined) command.error(`error: option '${unused.long}' is for a trace beside a capture`);
        done(await trace(path, options));
      }
    });
}

type Arguments = Omit<TraceArguments, "format"> & Omit<CheckArguments, "failOn">;

function failOn(value: string): NonNullable<TraceArguments["failOn"]> {
  const ids = traceFindings(value);
  if (ids === null) throw new InvalidArgumentError("It takes ids of findings; pcapcheck explain lists them.");
  return ids;
}
