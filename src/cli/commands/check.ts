// pcapcheck check FILE…: each capture to its report, all reports to one output and one exit code.
import {
  type CaptureFiles,
  type CheckFailure,
  type CheckOptions,
  checkLazily,
  type Held,
  holdPipes,
  isFile,
  isInputTwice,
  isPipeFailure,
  keylessLogs,
  lookAt,
  ownFailure,
  READ_ONCE,
  rotatedSets,
} from "../../audit/index.ts";
import type { Verdict } from "../../diagnosis/index.ts";
import {
  FORMATS,
  type FormatName,
  type LazyReport,
  loadLadder,
  type OutputDocument,
  type Report,
  type TerminalStyle,
  terminalText,
  wholeReport,
} from "../../report/index.ts";
import { combined, exitCode, NOT_CHECKED } from "../exit-code.ts";
import { expanded } from "../expand.ts";
import { muchIsRead } from "../long-run.ts";
import { nearest } from "../nearest.ts";
import { beginOutput, complain, endOutput, tell, tellKeyless } from "../outcome.ts";
import { createProgress } from "../progress.ts";
import { type ReadingArguments, readingOptionsOf } from "../reading-options.ts";
import type { RedactArguments } from "../redaction.ts";
import { terminal } from "../standard-streams.ts";
import type { LookOptions } from "../terminal.ts";

/** Captures beyond this are worth a word with V8. */
const MUCH_BYTES = 4 * 1024 * 1024;
/** They tell of every connection, as far as there is room for them. */
const FOR_PROGRAMS: ReadonlySet<FormatName> = new Set(["json", "ndjson", "csv", "sarif"]);

export interface CheckArguments extends ReadingArguments, LookOptions, RedactArguments {
  readonly policyTrace?: readonly string[];
  readonly accessLog?: readonly string[];
  readonly join?: boolean;
  readonly format: FormatName;
  readonly output?: string;
  readonly tunnel?: number;
  readonly quiet?: boolean;
  readonly failOn?: readonly Verdict[];
  readonly maxConnections?: number;
}

/** Checks what `paths` name and prints; returns the exit code. `commands`: words that the first one may have been meant as. */
export async function check(
  paths: readonly string[],
  options: CheckArguments,
  commands: readonly string[] = [],
): Promise<number> {
  const files = await expanded(paths);
  const { keylog, rsaKey, trust, proxyCa, policyTrace, accessLog } = options;
  const named = [keylog, rsaKey, trust, proxyCa, policyTrace, accessLog].flatMap((given) => given ?? []);
  const inputs = [...files, ...named];
  if (isInputTwice(inputs)) {
    complain("-", READ_ONCE);
    return NOT_CHECKED;
  }
  const begun = await beginOutput(options, inputs);
  if (begun === null) return NOT_CHECKED;
  const { output, style, shown } = begun;
  const captures = options.join === true ? await setsOf(files) : files;
  // Whoever is behind the first one finds a pipe empty. Traces and logs may be long; the others may be asked for more than once.
  const short = [keylog, rsaKey, trust, proxyCa].flatMap((given) => given ?? []);
  const held = await holdPipes(captures.length > 1 ? named : short);
  if (isPipeFailure(held)) {
    complain(held.path, held.why);
    return NOT_CHECKED;
  }
  for (const log of keylessLogs(keylog ?? [], held)) tellKeyless(log);
  const document = await openDocument(options, style, captures.length > 1);
  const codes: number[] = [];
  let reports = 0;
  for (const capture of captures) {
    if (captures.length > 1) muchIsRead();
    let result: LazyReport | CheckFailure;
    let text: string | null = null;
    let isBegun = false;
    try {
      result = await checkOne(capture, options, held);
      if (!("kind" in result) && isLong(result, document)) {
        for (const piece of document.pieces(shown(result))) {
          output.write(piece);
          isBegun ||= piece !== "";
        }
      } else if (!("kind" in result)) text = document.add(shown(wholeReport(result)));
    } catch (error) {
      // Alone it is told with its place in the program.
      if (captures.length === 1) throw error;
      if (isBegun) output.cut();
      result = { kind: "failed", path: nameOf(capture), message: ownFailure(error), advice: null };
    }
    if ("kind" in result) {
      tell({ ...result, advice: result.advice ?? (codes.length === 0 ? meant(result.path, commands) : null) });
      // Standard error names the file for who runs this; the output goes to others.
      document.failed(shown({ path: result.path, message: result.message }));
      codes.push(NOT_CHECKED);
      continue;
    }
    codes.push(exitCode(result, options.failOn));
    if (text !== null) output.write(text);
    if (text !== null || isLong(result, document)) reports++;
    else codes.push(NOT_CHECKED);
  }
  if (reports > 0) output.write(document.end());
  if (!endOutput(output)) codes.push(NOT_CHECKED);
  return combined(codes);
}

/** What may have been meant by a word that names nothing; null where no command is like it. */
function meant(word: string, commands: readonly string[]): string | null {
  if (!/^[a-z]+$/i.test(word) || typeof lookAt(word) !== "string") return null;
  // Other programs have a command of that name.
  if (word.toLowerCase() === "help") return "for help: pcapcheck --help";
  const command = nearest(word.toLowerCase(), commands);
  return command === null ? null : `did you mean the command ${command}?`;
}

/** As the outputs of formats are, but `add` gives null if what was asked for is not in the report. */
interface CheckDocument extends Omit<OutputDocument, "add"> {
  add(report: Report): string | null;
}

/** Connections beyond which a report is written in pieces; below, one string is the quickest. */
const MANY_CONNECTIONS = 1_000;

/** Whether `document` takes it in pieces. */
function isLong(
  { connections }: LazyReport,
  document: CheckDocument,
): document is CheckDocument & Required<Pick<CheckDocument, "pieces">> {
  return document.pieces !== undefined && connections.length > MANY_CONNECTIONS;
}

async function openDocument(options: CheckArguments, style: TerminalStyle, many: boolean): Promise<CheckDocument> {
  const plain = { failed() {}, end: () => "" };
  if (options.tunnel !== undefined) return { ...plain, add: await tunnelText(options.tunnel, style) };
  if (options.quiet !== true) return await FORMATS[options.format].open(style, many);
  return {
    ...plain,
    add: ({ verdict, capture }) => (many ? `${verdict}\t${terminalText(capture.path)}\n` : `${verdict}\n`),
  };
}

async function tunnelText(stream: number, style: TerminalStyle): Promise<(report: Report) => string | null> {
  const ladder = await loadLadder();
  return (report) => {
    const connection = report.connections.find((candidate) => candidate.stream === stream);
    if (connection !== undefined) return ladder(report, connection, style);
    const near = report.connections.slice(0, MAX_NAMED).map((candidate) => candidate.stream);
    const known =
      near.length === 0
        ? report.totals.connections === 0
          ? "no connection to a proxy was found"
          : "all connections were only counted: more are kept with --max-connections"
        : `there ${near.length === 1 ? "is" : "are"} ${near.join(", ")}${report.totals.connections > near.length ? ", ..." : ""}`;
    const message = `stream ${stream} is no connection to a proxy, or was only counted; ${known}`;
    complain(report.capture.path, message);
    return null;
  };
}

/** Streams named where another one was asked for. */
const MAX_NAMED = 10;

/** The path of a capture, or those of a rotated one. */
type Named = string | CaptureFiles;

function nameOf(capture: Named): string {
  return typeof capture === "string" ? capture : (capture.files[0] ?? "-");
}

/** Rotated files as sets, whatever order a shell put their names in; a set may lack all but one, and a pipe is in none. */
async function setsOf(files: readonly string[]): Promise<readonly Named[]> {
  const sets = await rotatedSets([...new Set(files)].map((path) => ({ path })));
  return sets.map((set) => {
    const [first, ...others] = set.map(({ path }) => path);
    return others.length === 0 && !isFile(first!) ? first! : { files: [first!, ...others] };
  });
}

async function checkOne(capture: Named, options: CheckArguments, held: Held): Promise<LazyReport | CheckFailure> {
  const progress = createProgress(terminalText(nameOf(capture)), terminal("error"));
  const detail = detailOf(options);
  try {
    return await checkLazily(capture, {
      ...readingOptionsOf(options),
      policyTraces: options.policyTrace ?? [],
      accessLogs: options.accessLog ?? [],
      held,
      onProgress(done, total) {
        if (total === null || total > MUCH_BYTES) muchIsRead();
        progress.update(done, total);
      },
      ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
      many: FOR_PROGRAMS.has(options.format),
      detail,
      // Ladders alone are drawn from them.
      transitions: detail === "full",
    });
  } finally {
    progress.clear();
  }
}

/** No more than what is printed needs. */
function detailOf({ format, quiet, tunnel, redact, verbose }: CheckArguments): NonNullable<CheckOptions["detail"]> {
  // Pseudonyms are numbered in the order of all connections.
  if ((format === "line" || quiet === true) && tunnel === undefined && redact === undefined) return "verdict";
  return format === "table" && tunnel === undefined && verbose !== true ? "connections" : "full";
}
