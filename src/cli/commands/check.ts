// pcapcheck check FILE…: each capture to its report, all reports to one output and one exit code.
import { type CheckFailure, checkCapture, type ProxyAddress } from "../../audit/index.ts";
import type { Verdict } from "../../diagnosis/index.ts";
import {
  json,
  ladder,
  line,
  ndjson,
  type Report,
  type TerminalStyle,
  table,
  terminalText,
} from "../../report/index.ts";
import { createProgress } from "../progress.ts";
import { type LookOptions, terminalStyle } from "../terminal.ts";
import { writeOutput } from "../write-output.ts";

/** JSON is for programs, which want every connection; this bounds the memory of a capture with more. */
const MAX_CONNECTIONS_JSON = 50_000;

export interface CheckArguments extends LookOptions {
  readonly proxyPort?: readonly number[];
  readonly proxy: readonly ProxyAddress[];
  readonly keylog: readonly string[];
  readonly rsaKey: readonly string[];
  readonly skipBodies?: boolean;
  readonly format: "table" | "line" | "json" | "ndjson";
  readonly output?: string;
  readonly tunnel?: number;
  readonly quiet?: boolean;
  readonly failOn?: readonly Verdict[];
  readonly maxConnections?: number;
}

/** Checks `files` and prints; returns the exit code. */
export async function check(files: readonly string[], options: CheckArguments): Promise<number> {
  const style = terminalStyle(options, process.stdout, options.output !== undefined);
  const codes: number[] = [];
  const texts: string[] = [];
  const reports: Report[] = [];
  const many = files.length > 1;
  for (const file of files) {
    const result = await checkOne(file, options);
    if ("kind" in result) {
      complain(result);
      codes.push(2);
      continue;
    }
    codes.push(exitCode(result, options));
    if (options.format === "json" && options.quiet !== true && options.tunnel === undefined) {
      reports.push(result);
      continue;
    }
    const text = dress(result, options, style, many);
    if (text === null) {
      process.stderr.write(
        `pcapcheck: ${terminalText(file)}: there is no connection to a proxy with the number ${options.tunnel}\n`,
      );
      codes.push(2);
    } else if (options.output === undefined) process.stdout.write(text);
    else texts.push(text);
  }
  if (reports.length > 0) texts.push(`${json(many ? reports : reports[0]!)}\n`);
  if (texts.length > 0) {
    const failure = writeOutput(texts.join(""), options.output);
    if (failure !== null) {
      process.stderr.write(`pcapcheck: ${terminalText(options.output ?? "-")}: ${terminalText(failure)}\n`);
      codes.push(2);
    }
  }
  return combined(codes);
}

async function checkOne(file: string, options: CheckArguments): Promise<Report | CheckFailure> {
  const progress = createProgress(terminalText(file), process.stderr);
  const result = await checkCapture(file, {
    proxies: [...options.proxy, ...(options.proxyPort ?? []).map((port) => ({ port }))],
    keylogs: options.keylog,
    rsaKeys: options.rsaKey,
    verifyBodies: options.skipBodies !== true,
    onProgress: progress.update,
    ...connectionLimit(options),
  });
  progress.clear();
  return result;
}

function connectionLimit({ maxConnections, format }: CheckArguments): { maxConnections?: number } {
  if (maxConnections !== undefined) return { maxConnections };
  return format === "json" || format === "ndjson" ? { maxConnections: MAX_CONNECTIONS_JSON } : {};
}

/** The text for one report; null if the connection that was asked for is not in it. */
function dress(report: Report, options: CheckArguments, style: TerminalStyle, many: boolean): string | null {
  if (options.tunnel !== undefined) {
    const connections = report.connections.filter(({ stream }) => stream === options.tunnel);
    return connections.length === 0
      ? null
      : connections.map((connection) => ladder(report, connection, style)).join("\n");
  }
  if (options.quiet === true)
    return many ? `${report.verdict}\t${terminalText(report.capture.path)}\n` : `${report.verdict}\n`;
  switch (options.format) {
    case "line":
      return `${line(report)}\n`;
    case "ndjson":
      return `${ndjson(report)}\n`;
    case "json":
      return `${json(report)}\n`;
    case "table":
      return many ? `${table(report, style)}\n` : table(report, style);
  }
}

function exitCode(report: Report, { failOn }: CheckArguments): number {
  if (failOn === undefined) return report.exitCode;
  const found = Object.keys(report.totals.verdicts).some((verdict) => failOn.some((wanted) => wanted === verdict));
  if (found) return 1;
  return report.exitCode === 1 ? 0 : report.exitCode;
}

/** Of many captures: 2 if any could not be checked, else 1 if anything is wrong, else 3, else 0. */
function combined(codes: readonly number[]): number {
  for (const code of [2, 1, 3]) if (codes.includes(code)) return code;
  return 0;
}

function complain({ path, message, advice }: CheckFailure): void {
  const help = advice === null ? "" : `; ${advice}`;
  process.stderr.write(`pcapcheck: ${terminalText(path)}: ${terminalText(`${message}${help}`)}\n`);
}
