// The commands and options, as REPORT has them.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { ProxyAddress } from "../audit/index.ts";
import { VERSION } from "../audit/index.ts";
import { VERDICTS, type Verdict } from "../diagnosis/index.ts";
import { type CheckArguments, check } from "./commands/check.ts";
import { explain } from "./commands/explain.ts";

/** Exit code for what could not be checked: usage, unreadable file, not a capture. */
const USAGE = 2;

const EXAMPLES = `
Examples:
  $ pcapcheck capture.pcap                       one capture, on the terminal
  $ pcapcheck --keylog keys.log capture.pcapng   look inside TLS with the browser's key log
  $ pcapcheck -t 3 capture.pcap                  one connection in full (tcp.stream 3)
  $ pcapcheck -f line *.pcap                     a line for each, for scripts and tickets
  $ tcpdump -w - port 8080 | pcapcheck -         from standard input
  $ pcapcheck explain tunnel-401-proxy           what a verdict means, and what to do

Exit codes:
  0  nothing wrong, and all of it could be seen
  1  something is wrong
  2  could not be checked: usage, unreadable file, not a capture
  3  nothing wrong seen, but not all could be seen
`;

/** Runs the program; resolves to its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    // commander has printed its message; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    throw error;
  }
}

/** The command tree; `done` is told the exit code of what ran. */
function createProgram(done: (code: number) => void): Command {
  const program = new Command("pcapcheck")
    .description(
      "Finds, in a packet capture, where an explicit proxy asked for credentials in the wrong place:\na 401 after the tunnel was established instead of a 407 on the CONNECT.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "pcapcheck: ")) })
    .showSuggestionAfterError()
    .addHelpText("after", EXAMPLES);
  const checkCommand = program
    .command("check", { isDefault: true })
    .description("check one or more captures, or - for standard input (the default command)")
    .argument("<file...>", "pcap or pcapng, also compressed with gzip or zstd")
    .option(
      "-p, --proxy-port <port,...>",
      "port(s) on which the proxy listens; without it, found by what the bytes say",
      ports,
    )
    .option("--proxy <host[:port]>", "address of the proxy, repeatable", proxies, [])
    .option(
      "-k, --keylog <file>",
      "TLS key log (SSLKEYLOGFILE), repeatable; NAME.keys beside the capture is found by itself",
      collect,
      [],
    )
    .option("--rsa-key <file>", "RSA private key (PEM) of a server, for TLS with RSA key exchange, repeatable", collect, [])
    .option("--skip-bodies", "pass over large bodies inside TLS without verifying their tags: quicker")
    .addOption(
      new Option("-f, --format <format>", "what to print")
        .choices(["table", "line", "json", "ndjson"])
        .default("table"),
    )
    .option("-o, --output <file>", "write there instead of standard output (whole or not at all)")
    .option(
      "-t, --tunnel <stream>",
      "one connection in full, with its ladder (number as in Wireshark's tcp.stream)",
      wholeNumber,
    )
    .option("-v, --verbose", "more: every connection, finding and note")
    .option("-q, --quiet", "only the verdict")
    .option("--fail-on <verdict,...|none>", "which verdicts give exit code 1", verdicts)
    .option(
      "--max-connections <n>",
      "connections kept in full, the worst ones first; the others are summed up",
      wholeNumber,
    )
    .option("--no-color", "no colour (as the environment variable NO_COLOR)")
    .option("--ascii", "no characters beyond ASCII")
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .action(async (files: string[], options: CheckArguments) => done(await check(files, options)));
  // `pcapcheck --help` shows the options of the command that runs by default.
  program.configureHelp({
    visibleOptions: (command) => [
      ...(command === program ? checkCommand.options.filter((option) => !option.hidden) : []),
      ...command.options,
    ],
  });
  program
    .command("explain")
    .description("a finding or verdict in plain words: meaning, evidence, what to do")
    .argument("[id]", "its id; without one, all are listed")
    .option("--no-color", "no colour")
    .option("--ascii", "no characters beyond ASCII")
    .exitOverride()
    .action((id: string | undefined, options: { color: boolean; ascii?: boolean }) =>
      done(explain(id ?? null, options)),
    );
  return program;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("It takes a whole number.");
  return Number(value);
}

function port(value: string): number {
  const number = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > 65_535) throw new InvalidArgumentError(`"${value}" is no port (1 to 65535).`);
  return number;
}

function ports(value: string): number[] {
  return value.split(",").map(port);
}

/** `10.0.0.2`, `10.0.0.2:8080`, `[fd00::2]:8080`, `fd00::2`. */
function proxies(value: string, before: readonly ProxyAddress[]): ProxyAddress[] {
  const bracketed = /^\[([0-9a-f:.]+)\](?::(\d+))?$/i.exec(value);
  const plain = /^([\d.]+)(?::(\d+))?$/.exec(value);
  const match = bracketed ?? plain;
  if (match === null) {
    if (/^[0-9a-f:.]+$/i.test(value) && value.includes(":")) return [...before, { host: value.toLowerCase() }];
    throw new InvalidArgumentError("It takes an IP address, with :PORT if wanted; a capture holds no names.");
  }
  const host = match[1]!.toLowerCase();
  return [...before, match[2] === undefined ? { host } : { host, port: port(match[2]) }];
}

function verdicts(value: string): readonly Verdict[] {
  if (value === "none") return [];
  return value.split(",").map((name) => {
    const verdict = VERDICTS.find((candidate) => candidate === name);
    if (verdict === undefined) throw new InvalidArgumentError(`"${name}" is no verdict; pcapcheck explain lists them.`);
    return verdict;
  });
}
