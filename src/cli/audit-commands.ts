// The commands for many captures: audit and merge.
import { type Command, Option } from "commander";
import { AUDIT_FORMATS } from "../report/index.ts";
import type { AuditArguments, MergeArguments } from "./commands/audit.ts";
import { fileName, jobs, positive, shard, verdicts, wholeNumber } from "./option-values.ts";
import { readingOptions } from "./reading-options.ts";
import { redactOptions } from "./redaction.ts";

/** Adds them to `program`; their code is loaded when they are used. */
export function addAuditCommands(program: Command, done: (code: number) => void): void {
  const audit = program
    .command("audit")
    .description("folders, globs, lists (@list.txt, @-): many captures, with a summary")
    .argument("<path...>", "captures are recognised by their content");
  readingOptions(audit)
    .option(
      "-j, --jobs <n>",
      "captures checked at a time, in workers where there are enough for them to pay (default: 1)",
      jobs,
    )
    .option(
      "--journal <file>",
      "write each result as it comes; started again, the audit goes on where it was, and tries again what --timeout or --max-memory ended if more is allowed",
      fileName,
    )
    .option("--hash", "tell changed files by their content instead of size and time")
    .option("--shard <i/n>", "only the i-th of n parts, split by path: for several machines", shard)
    .option("--join", "numbered files of one rotated capture (tcpdump -C/-G, dumpcap -b) are read as one")
    .option("--timeout <seconds>", "a capture that takes longer is given up", positive)
    .option("--max-memory <MiB>", "a capture that takes more memory is given up", positive)
    .option(
      "--max-connections <n>",
      "connections of a capture kept in full (default: 2000); the others are summed up",
      wholeNumber,
    );
  summaryOptions(audit).action(async (paths: string[], options: AuditArguments) => {
    mustPrintOne(audit, options);
    const commands = await import("./commands/audit.ts");
    done(await commands.audit(paths, options));
  });
  const merge = program
    .command("merge")
    .description("one summary of the journals of several audits")
    .argument("<journal...>", "journals; of results for the same path the last one counts");
  summaryOptions(merge).action(async (journals: string[], options: MergeArguments) => {
    mustPrintOne(merge, options);
    const commands = await import("./commands/audit.ts");
    done(await commands.merge(journals, options));
  });
}

/** A file of a format that holds one word would be none of that format. */
function mustPrintOne(command: Command, { format, quiet }: MergeArguments): void {
  if (format !== "table" && quiet === true)
    command.error(`error: option '--format ${format}' cannot be used with '--quiet'`);
}

function summaryOptions(command: Command): Command {
  return redactOptions(command)
    .option("--since <journal>", "compare with an earlier journal: what is new, gone, still there", fileName)
    .addOption(
      new Option("-f, --format <format>", "what to print").choices(Object.keys(AUDIT_FORMATS)).default("table"),
    )
    .option("-o, --output <file>", "write there instead (created whole or not at all)", fileName)
    .addOption(new Option("-v, --verbose", "more: every row of every table").conflicts(["quiet"]))
    .option("-q, --quiet", "only the worst verdict")
    .option("--fail-on <verdict,...>", "which verdicts give exit code 1, or none", verdicts)
    .option("--no-color", "no colour (as NO_COLOR in the environment)")
    .option("--ascii", "no characters beyond ASCII");
}
