// The commands and options, as REPORT has them.
import { Argument, Command, CommanderError, Option } from "commander";
import { isFile, VERSION } from "../audit/index.ts";
import { FORMATS, terminalText } from "../report/index.ts";
import { addAuditCommands } from "./audit-commands.ts";
import { type CheckArguments, check } from "./commands/check.ts";
import { explain } from "./commands/explain.ts";
import { NOT_CHECKED } from "./exit-code.ts";
import { MORE_HELP } from "./help-text.ts";
import { fileName, fileNames, verdicts, wholeNumber } from "./option-values.ts";
import { readingOptions } from "./reading-options.ts";
import { redactOptions } from "./redaction.ts";
import { COMPLETE, SCRIPTS, SHELLS, type Shell } from "./shell/scripts.ts";
import { type Tree, treeOf } from "./shell/tree.ts";
import { print, warn } from "./standard-streams.ts";
import type { LookOptions } from "./terminal.ts";
import { addTraceCommand } from "./trace-command.ts";

const DESCRIPTION =
  "Finds, in a packet capture, where an explicit proxy asked for credentials in the wrong place: a 401 after the tunnel was established instead of a 407 on the CONNECT.";

const USAGE = `[check] [options] FILE...
       pcapcheck audit [options] PATH...
       pcapcheck merge [options] JOURNAL...
       pcapcheck trace [options] TRACE [FILE]
       pcapcheck explain [ID]
       pcapcheck completion SHELL`;

/** Runs the program; resolves to its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  if (args[0] === COMPLETE) {
    const { answerShell } = await import("./shell/complete.ts");
    print(answerShell(commandTree(), args[1] ?? "", args.slice(2)));
    return 0;
  }
  let code = 0;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    // commander has printed its message; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : NOT_CHECKED;
    throw error;
  }
}

/** Every command with its options and arguments, as data. */
export function commandTree(): Tree {
  return treeOf(
    createProgram(() => {}),
    STANDARD,
  );
}

/** What is done if no command is named. */
const STANDARD = "check";

/** The command tree; `done` is told the exit code of what ran. */
function createProgram(done: (code: number) => void): Command {
  const program = new Command("pcapcheck")
    .description(DESCRIPTION)
    .usage(USAGE)
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: warn, outputError: (text, write) => write(oneLine(text, program)) })
    .addHelpText("after", MORE_HELP);
  const checkCommand = createCheck(program, done);
  // `pcapcheck --help` shows the options of the command that runs by default.
  program.configureHelp({
    visibleOptions: (command) => [
      ...(command === program ? checkCommand.options : []),
      ...command.options,
      new Option("-h, --help", "print this help"),
    ],
  });
  program
    .command("explain")
    .description("a finding or verdict in plain words: meaning, evidence, what to do")
    .argument("[id]", "its id; without one, all are listed")
    .option("--no-color", "no colour")
    .option("--ascii", "no characters beyond ASCII")
    .action((id: string | undefined, options: LookOptions) => done(explain(id ?? null, options)));
  addAuditCommands(program, done);
  addTraceCommand(program, done);
  program
    .command("completion")
    .description("a script that completes commands, options and values in a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .action((shell: Shell) => {
      print(SCRIPTS[shell]);
      done(0);
    });
  return program;
}

function createCheck(program: Command, done: (code: number) => void): Command {
  const command = program
    .command(STANDARD, { isDefault: true })
    .description("one or more captures, or - for standard input (done if no command is named)")
    .argument("<file...>", "pcap or pcapng, also compressed with gzip or zstd");
  redactOptions(readingOptions(command))
    .option("--policy-trace <file>", "a ProxySG policy trace of the same minutes; repeatable", fileNames)
    .option("--access-log <file>", "the proxy's access log (W3C extended, #Fields); repeatable", fileNames)
    .option("--join", "numbered files of one rotated capture (tcpdump -C/-G, dumpcap -b) are read as one")
    .addOption(new Option("-f, --format <format>", "what to print").choices(Object.keys(FORMATS)).default("table"))
    .option("-o, --output <file>", "write there instead (created whole or not at all)", fileName)
    .addOption(
      new Option("-t, --tunnel <stream>", "one connection (tcp.stream) in full, with its ladder")
        .argParser(wholeNumber)
        .conflicts(["quiet"]),
    )
    .addOption(new Option("-v, --verbose", "more: every connection, finding and note").conflicts(["quiet"]))
    .option("-q, --quiet", "only the verdict")
    .option("--fail-on <verdict,...>", "which verdicts give exit code 1, or none", verdicts)
    .option(
      "--max-connections <n>",
      "connections kept in full (default: 2000, in formats for programs up to 50000); the others are summed up",
      wholeNumber,
    )
    .option("--no-color", "no colour (as NO_COLOR in the environment)")
    .option("--ascii", "no characters beyond ASCII");
  return command.action(async (files: string[], options: CheckArguments) => {
    if (options.format !== "table" && (options.tunnel !== undefined || options.quiet === true)) {
      command.error(`error: option '--format ${options.format}' cannot be used with '--tunnel' or '--quiet'`);
    }
    const commands = program.commands.map((each) => each.name());
    done(await check(files, options, commands));
  });
}

/** What prints the help of the command that takes the argument; of the one that runs by default it is the program's. */
function helpAbout(argument: string, { commands }: Command): string {
  const command = commands.find(({ registeredArguments }) =>
    registeredArguments.some((own) => own.name() === argument),
  );
  const name = command?.name() ?? STANDARD;
  return name === STANDARD ? "pcapcheck --help" : `pcapcheck ${name} --help`;
}

/** commander's message as one line that names the program: "error: unknown option '--foo'\n(Did you mean --for?)". */
function oneLine(text: string, program: Command): string {
  const line = text
    .trim()
    .replace(/^error: /, "pcapcheck: ")
    .replace(
      /^pcapcheck: missing required argument '(.*)'$/s,
      (text, name) => `${text}; see: ${helpAbout(name, program)}`,
    )
    // Options of the command that runs by default are looked for among those of all.
    .replace(
      /^(pcapcheck: unknown option '(.+)')\n\(Did you mean \2\?\)$/s,
      (_text, unknown) => `${unknown}; pcapcheck ${STANDARD} has it`,
    )
    .replace(/^pcapcheck: unknown option '(-.+)'$/s, (text, name) =>
      isFile(name) ? `${text}; for the file: ./${name}` : text,
    )
    .replaceAll("\n", " ");
  // It quotes arguments: a shell makes them of the names of files.
  return `${terminalText(line)}\n`;
}
