// How text looks on this terminal: colour, box drawing, width; wrapping that knows wide characters.
// The width of a character is told here and not by cli-table3's string-width: sentences and ladders are wrapped without
// loading a table, and string-width 4 gives a column to most combining marks.

import { endpointText, type Verdict } from "../../diagnosis/index.ts";
import { asciiText, terminalText } from "../escape.ts";
import type { ReportConnection } from "../types.ts";
import { exitCodeOf } from "../verdicts.ts";

/** The words of findings, which outputs say as well. */
export { count as counted, endpointText } from "../../diagnosis/index.ts";

/** What the terminal can do. */
export interface TerminalStyle {
  /** Columns. */
  readonly width: number;
  readonly colour: boolean;
  /** Box drawing and arrows. */
  readonly drawing: boolean;
  /** Characters beyond ASCII in text. */
  readonly unicode: boolean;
  readonly verbose: boolean;
  /** Folders in paths are parted by backslashes, too: Windows. */
  readonly backslashes?: boolean;
}

const CODES = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;
type Paint = keyof typeof CODES;

/** Colours `text`, which was escaped before. */
export function paint(style: TerminalStyle, how: Paint, text: string): string {
  return style.colour && text !== "" ? `\x1b[${CODES[how]}m${text}\x1b[0m` : text;
}

/** Red is wrong, yellow could not be seen, green is in order. */
export function colourOf(verdict: Verdict): "red" | "yellow" | "green" {
  const code = exitCodeOf(verdict);
  return code === 1 ? "red" : code === 3 ? "yellow" : "green";
}

/** A URL or header value can be as long as a head; a screen full of it helps nobody, and JSON has it whole. */
const MAX_TEXT = 2_000;

/** Escapes text from outside for this terminal; what is too long for one is cut, and says so. */
export function safe(style: TerminalStyle, text: string): string {
  const escaped = style.unicode ? terminalText : asciiText;
  if (text.length <= MAX_TEXT) return escaped(text);
  return `${escaped(text.slice(0, MAX_TEXT))}... (${text.length - MAX_TEXT} characters more)`;
}

/** Who is counted as the client: whom a PROXY header names, else who connects. */
export function clientIp({ client, namedClient }: Pick<ReportConnection, "client" | "namedClient">): string {
  return namedClient?.ip ?? client.ip;
}

/** "10.0.0.1:52110"; behind a load balancer "10.0.0.1:52110 through 10.0.0.9:40000". */
export function clientText({ client, namedClient }: Pick<ReportConnection, "client" | "namedClient">): string {
  return namedClient === null ? endpointText(client) : `${endpointText(namedClient)} through ${endpointText(client)}`;
}

/** East Asian wide and full-width characters and emoji (UAX #11), coarsely: first and last of each block. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];
/** Below this everything takes one column. */
const FIRST_UNUSUAL = 0x300;

/** Columns of one character: 0 for combining marks, 2 for wide ones. */
function columns(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < FIRST_UNUSUAL) return 1;
  if (/^\p{Mark}$/u.test(character)) return 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Columns that `text` takes; it was escaped and is not coloured yet. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += columns(character);
  return width;
}

/** Cuts `text` to `width` columns, with a mark where something is missing. */
export function truncate(style: TerminalStyle, text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += columns(character);
    if (used > width - 1) break;
    kept += character;
  }
  return kept + (style.unicode ? "…" : "~");
}

/** The same from its start: of a path the end tells more. */
export function truncateStart(style: TerminalStyle, text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const characters = [...text];
  let used = 1;
  let from = characters.length;
  while (from > 0 && used + columns(characters[from - 1]!) <= width) used += columns(characters[--from]!);
  return (style.unicode ? "…" : "~") + characters.slice(from).join("");
}

/** Words shorter than this are never split, however narrow the terminal is. */
const LEAST_WIDTH = 10;

/** Breaks `text` into lines of at most `width` columns; words longer than a line are broken. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(LEAST_WIDTH, width);
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const word of text.split(" ")) {
    const size = textWidth(word);
    if (line !== "" && used + 1 + size <= room) {
      line += ` ${word}`;
      used += 1 + size;
      continue;
    }
    if (line !== "") lines.push(line);
    [line, used] = size <= room ? [word, size] : broken(word, room, lines);
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

/** Pushes all full lines of a long word to `lines`; gives the rest and its width. */
function broken(word: string, room: number, lines: string[]): [string, number] {
  let line = "";
  let used = 0;
  for (const character of word) {
    const size = columns(character);
    if (used + size > room) {
      lines.push(line);
      line = "";
      used = 0;
    }
    line += character;
    used += size;
  }
  return [line, used];
}

/** Terminals narrower than this get labels above their text instead of beside it. */
const NARROW = 60;
const LABEL_COLUMNS = 12;

/** A label and its text beside it, wrapped with a hanging indent; on narrow terminals the text stands below. */
export function labelled(style: TerminalStyle, label: string, text: string): string {
  const narrow = style.width < NARROW;
  const pad = " ".repeat(narrow ? 4 : LABEL_COLUMNS);
  const lines = wrap(safe(style, text), style.width - pad.length - 1);
  const head = `  ${label}`;
  if (narrow)
    return [...(label === "" ? [] : [paint(style, "dim", head)]), ...lines.map((line) => pad + line)].join("\n");
  return lines.map((line, i) => (i === 0 ? paint(style, "dim", head.padEnd(LABEL_COLUMNS)) : pad) + line).join("\n");
}
