// The manual page (man(7) macros), made from the command tree; the build writes it to dist/pcapcheck.1.
import { VERSION } from "../../audit/index.ts";
import { EXAMPLES, EXIT_CODES } from "../help-text.ts";
import { commandTree } from "../program.ts";
import { KEY_VARIABLE } from "../redaction.ts";
import type { TreeArgument, TreeCommand, TreeOption } from "./tree.ts";

const ENVIRONMENT: readonly (readonly [name: string, what: string])[] = [
  ["NO_COLOR", "If it is not empty, there is no colour."],
  ["FORCE_COLOR", "Colour where there is no terminal; 0 and false turn it off."],
  ["COLUMNS", "The width of the output where there is no terminal that tells it."],
  ["LC_ALL, LC_CTYPE, LANG", "Characters beyond ASCII are written if the locale is one of UTF-8."],
  [KEY_VARIABLE, "The key of --redact, if --redact-key names no file."],
];

const FILES: readonly (readonly [name: string, what: string])[] = [
  ["NAME.keys, NAME.keylog, NAME.sslkeylog", "Key logs that are found beside the capture NAME.pcap."],
];

/** Of the words on the page; the same source gives the same page. */
const DATE = "2026-11-26";
/** mandoc -T lint asks for lines of text that fit on a terminal. */
const WIDTH = 80;

/** The whole page as roff. */
export function manPage(): string {
  const tree = commandTree();
  const lines = [
    '.\\" Made from the command tree by the build.',
    `.TH ${tree.name.toUpperCase()} 1 "${DATE}" "${tree.name} ${roff(VERSION)}" "User Commands"`,
    ".SH NAME",
    `${tree.name} \\- finds where a proxy asked for credentials in the wrong place`,
    ".SH SYNOPSIS",
    ...tree.commands.flatMap((command, i) => [...(i === 0 ? [] : [".br"]), synopsis(tree.name, command)]),
    ".SH DESCRIPTION",
    roff(tree.description),
    ".SH COMMANDS",
    ...tree.commands.flatMap((command) => commandLines(tree.name, command)),
    ".SH OPTIONS OF THE PROGRAM",
    ...tree.options.flatMap(optionLines),
    ".SH EXIT STATUS",
    ...EXIT_CODES.flatMap(([code, what]) => tagged(String(code), what)),
    ".PP",
    "Of many captures: 2 if any could not be checked, else 1 if anything is wrong, else 3, else 0.",
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, what]) => tagged(name, what)),
    ".SH FILES",
    ...FILES.flatMap(([name, what]) => tagged(name, what)),
    ".SH EXAMPLES",
    ...EXAMPLES.flatMap(([command, what]) => [".TP", `\\fB${roff(command)}\\fR`, roff(capital(what))]),
    ".SH SEE ALSO",
    ".BR tshark (1),",
    ".BR tcpdump (1),",
    ".BR dumpcap (1)",
  ];
  return `${lines.flatMap(filled).join("\n")}\n`;
}

function synopsis(program: string, command: TreeCommand): string {
  const name = command.standard ? `[\\fB${command.name}\\fR]` : `\\fB${command.name}\\fR`;
  return [`\\fB${program}\\fR`, name, "[\\fIoptions\\fR]", ...command.arguments.map(argumentText)].join(" ");
}

function argumentText({ name, required, variadic }: TreeArgument): string {
  const text = `\\fI${roff(name)}\\fR${variadic ? "..." : ""}`;
  return required ? text : `[${text}]`;
}

function commandLines(program: string, command: TreeCommand): string[] {
  return [
    `.SS ${program} ${roff(command.name)}`,
    roff(`${capital(command.description)}.`),
    ...command.arguments.flatMap(({ name, description, choices }) =>
      tagged(name, choices.length === 0 ? description : `${description}: ${choices.join(", ")}`, "I"),
    ),
    ...command.options.flatMap(optionLines),
  ];
}

function optionLines({ short, long, value, description, choices, standard }: TreeOption): string[] {
  const flags = [short, long].flatMap((flag) => (flag === null ? [] : [`\\fB${roff(flag)}\\fR`])).join(", ");
  const more = [
    ...(choices.length === 0 ? [] : [`one of ${choices.join(", ")}`]),
    ...(standard === null ? [] : [`without it ${standard}`]),
  ];
  const text = [description, ...more].join("; ");
  return [".TP", value === null ? flags : `${flags} \\fI${roff(value)}\\fR`, roff(`${capital(text)}.`)];
}

function tagged(tag: string, text: string, font: "B" | "I" = "B"): string[] {
  return [".TP", `\\f${font}${roff(tag)}\\fR`, roff(/[.!?]$/.test(text) ? text : `${capital(text)}.`)];
}

function capital(text: string): string {
  return /^[a-z]+[ ,:;]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** A line of text as several; roff fills them again. What a macro takes, or is its tag, stays in one. */
function filled(line: string): readonly string[] {
  if (line.length <= WIDTH || /^[.'\\]/.test(line)) return [line];
  const lines: string[] = [];
  for (const word of line.split(" ")) {
    const last = lines.at(-1);
    // A dot or quote at the start of a line would be a request.
    if (last !== undefined && (last.length + 1 + word.length <= WIDTH || /^[.']/.test(word))) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** Escapes what roff takes for its own: backslashes, minus signs, quotes, and dots and quotes at the start of a line. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replace(/\s+/g, " ")
    .replace(/^\./, "\\&.");
}
