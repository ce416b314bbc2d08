// The summary of an audit on a terminal: what is wrong and where, then the sums per proxy, host and client, then what could not be checked.
import Table from "cli-table3";
import type { AuditProblem, AuditReport, AuditTally } from "../../audit-types.ts";
import { NO_FRAME, tableLines } from "../frame.ts";
import {
  colourOf,
  counted,
  paint,
  safe,
  type TerminalStyle,
  textWidth,
  truncate,
  truncateStart,
  wrap,
} from "../style.ts";
import { connectionsText, verdictText } from "./how-sure.ts";
import { worstText } from "./worst-text.ts";

/** Rows of each table, unless more is asked for. */
const MAX_ROWS = 10;
/** Columns for a path or name. */
const NAMES = 44;
/** The same where a table is too wide with them. With fewer too little would be left: then it is a list. */
const SHORT_NAMES = 28;

/** The whole summary as text, ending with a line end. */
export function auditTable(report: AuditReport, style: TerminalStyle): string {
  const sections = [
    lead(report, style),
    problemsTable("What is wrong", report.problems, style),
    ...changesTables(report, style),
    tallies("Per verdict", report.verdicts, style),
    tallies("Per finding", report.findings, style, FINDING_COLUMNS),
    tallies("Per proxy", report.proxies, style),
    tallies("Per host", report.hosts, style),
    tallies("Per client", report.clients, style),
    unchecked(report, style),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function lead(report: AuditReport, style: TerminalStyle): string {
  const { captures, connections, verdict, problems } = report;
  const what = worstText(report);
  const counts = [
    `${counted(captures.total, "capture")}, ${counted(connections, "connection")} to proxies`,
    ...(captures.failed > 0 ? [`${captures.failed} could not be checked`] : []),
    ...(captures.skipped > 0 ? [`${counted(captures.skipped, "other file")} passed over`] : []),
    ...(captures.interrupted ? ["interrupted: not all are in this summary"] : []),
  ];
  const worst = problems[0];
  const sentence =
    worst === undefined
      ? captures.checked === 0
        ? ""
        : "Nothing wrong was seen."
      : `Worst: ${verdictText(worst)} for ${worst.host ?? "an unknown host"}, asked by ${worst.client} through ${worst.proxy} (${connectionsText(worst)}; ${worst.path}, stream ${worst.stream}, frame ${worst.frame}).`;
  const word = paint(style, verdict === null ? "yellow" : colourOf(verdict), what);
  const sum = counts.join("; ");
  const below = wrap(sum, style.width - 2).map((text) => `  ${paint(style, "dim", text)}`);
  return [
    ...(textWidth(`${what}  ${sum}`) <= style.width ? [`${word}  ${paint(style, "dim", sum)}`] : [word, ...below]),
    ...(sentence === "" ? [] : [""]),
    ...wrap(safe(style, sentence), style.width - 2).map((text) => `  ${paint(style, "bold", text)}`),
  ].join("\n");
}

function problemsTable(title: string, problems: readonly AuditProblem[], style: TerminalStyle): string {
  if (problems.length === 0) return "";
  const shown = style.verbose ? problems : problems.slice(0, MAX_ROWS);
  const doubts = shown.some(({ possible }) => possible > 0);
  const rows = (most: number): string[][] =>
    shown.map(({ verdict, host, client, proxy, connections, possible, since, path, stream }) => [
      verdict,
      name(host ?? "unknown", style, most),
      name(client, style, most),
      name(proxy, style, most),
      String(connections),
      ...(doubts ? [String(possible)] : []),
      day(since, style),
      `${truncateStart(style, safe(style, path), most)} ${stream}`,
    ]);
  const head = [
    "verdict",
    "host",
    "client",
    "proxy",
    "n",
    ...(doubts ? ["only possibly"] : []),
    "since",
    "capture, stream",
  ];
  const list = (): string[] => shown.flatMap((problem) => item(problemTexts(problem, style), style));
  return section(
    title,
    { table: (most) => grid(head, rows(most)), list, missing: problems.length - shown.length },
    style,
  );
}

/** What a row of the table says, in two sentences. */
function problemTexts(problem: AuditProblem, style: TerminalStyle): readonly string[] {
  const { host, client, proxy, since, path, stream } = problem;
  const first = since === null ? "" : `, since ${day(since, style)}`;
  return [
    `${verdictText(problem)} for ${host ?? "an unknown host"}: ${connectionsText(problem)}${first}`,
    `${client} through ${proxy}; ${path}, stream ${stream}`,
  ].map((text) => safe(style, text));
}

function changesTables({ changes }: AuditReport, style: TerminalStyle): readonly string[] {
  if (changes === null) return [];
  const { perhapsNew, gone, still, unclear } = changes;
  if (changes.new.length + perhapsNew.length + gone.length + still.length + unclear.length === 0)
    return [paint(style, "bold", "Nothing wrong, neither now nor in the earlier journal.")];
  return [
    problemsTable(`New since the earlier journal: ${changes.new.length}`, changes.new, style),
    problemsTable(
      `Perhaps new, as not all was seen then that may have shown it: ${perhapsNew.length}`,
      perhapsNew,
      style,
    ),
    problemsTable(`Gone: ${gone.length}`, gone, style),
    problemsTable(`Perhaps gone, as not all was seen that may show it: ${unclear.length}`, unclear, style),
    paint(style, "bold", `Still there: ${still.length}`),
  ];
}

const CELLS = {
  name: (tally, style, most) => name(tally.name, style, most),
  n: ({ connections }) => String(connections),
  wrong: ({ wrong }) => String(wrong),
  unseen: ({ unseen }) => String(unseen),
  captures: ({ captures }) => String(captures),
  since: ({ since }, style) => day(since, style),
  worst: ({ worst }) => worst ?? "",
} as const satisfies Record<string, (tally: AuditTally, style: TerminalStyle, most: number) => string>;
type Column = keyof typeof CELLS;

const COLUMNS: readonly Column[] = ["name", "n", "wrong", "unseen", "captures", "since", "worst"];
/** What is found has no verdict of its own: of a password in clear nobody can say which connections went wrong by it. */
const FINDING_COLUMNS: readonly Column[] = ["name", "n", "captures", "since"];

function tallies(title: string, all: readonly AuditTally[], style: TerminalStyle, columns = COLUMNS): string {
  if (all.length === 0) return "";
  const shown = style.verbose ? all : all.slice(0, MAX_ROWS);
  const rows = (most: number): string[][] =>
    shown.map((tally) => columns.map((column) => CELLS[column](tally, style, most)));
  const list = (): string[] =>
    rows(Number.POSITIVE_INFINITY).flatMap(([first = "", ...cells]) => {
      const facts = cells.flatMap((cell, i) => (cell === "" ? [] : [`${columns[i + 1]} ${cell}`]));
      return item([first, facts.join("; ")], style);
    });
  return section(
    title,
    { table: (most) => grid(columns, rows(most)), list, missing: all.length - shown.length },
    style,
  );
}

/** Rows as a table or as a list, in lines. */
interface Rows {
  /** With names and paths of so many columns at most. */
  readonly table: (most: number) => readonly string[];
  /** With nothing cut, for where the table does not fit. */
  readonly list: () => readonly string[];
  /** Rows that are not shown. */
  readonly missing: number;
}

function section(title: string, { table, list, missing }: Rows, style: TerminalStyle): string {
  const fits = (lines: readonly string[]): boolean => lines.every((line) => textWidth(line) <= style.width);
  let lines = table(NAMES);
  if (!fits(lines)) lines = table(SHORT_NAMES);
  if (!fits(lines)) lines = list();
  const more = missing > 0 ? [paint(style, "dim", `and ${missing} more (-v shows all)`)] : [];
  const heading = wrap(title, style.width).map((line) => paint(style, "bold", line));
  return [...heading, ...lines, ...more].join("\n");
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: NO_FRAME,
  });
  table.push(...rows.map((row) => [...row]));
  return tableLines(table.toString());
}

/** An item of a list: what it is, and below it what is known of it. */
function item([first = "", ...others]: readonly string[], style: TerminalStyle): readonly string[] {
  const room = style.width - 2;
  const [start, ...rest] = wrap(first, room);
  return [`- ${start}`, ...[...rest, ...others.flatMap((text) => wrap(text, room))].map((line) => `  ${line}`)];
}

function unchecked({ rows }: AuditReport, style: TerminalStyle): string {
  const failed = rows.filter(({ verdict }) => verdict === null);
  if (failed.length === 0) return "";
  const shown = style.verbose ? failed : failed.slice(0, MAX_ROWS);
  const lines = shown.map(({ path, message }) => `  ${safe(style, path) || "''"}: ${safe(style, message ?? "")}`);
  if (failed.length > shown.length) lines.push(paint(style, "dim", `  and ${failed.length - shown.length} more`));
  return [paint(style, "bold", "Could not be checked"), ...lines].join("\n");
}

function name(text: string, style: TerminalStyle, most: number): string {
  return truncate(style, safe(style, text), most);
}

/** The day of a time stamp; the rest is in JSON. It may come out of a journal that others wrote. */
function day(since: string | null, style: TerminalStyle): string {
  return since === null ? "unknown" : safe(style, since.slice(0, 10));
}
