// How text looks on this terminal: colour, box drawing, width; wrapping that knows wide characters.
import { asciiText, terminalText } from "../escape.ts";

/** What the terminal can do. */
export interface TerminalStyle {
  /** Columns. */
  readonly width: number;
  readonly colour: boolean;
  /** Box drawing and other characters beyond ASCII. */
  readonly unicode: boolean;
  readonly verbose: boolean;
}

const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, bold: 1, dim: 2 } as const;
export type Paint = keyof typeof CODES;

/** Colours `text`, which was escaped before. */
export function paint(style: TerminalStyle, how: Paint, text: string): string {
  return style.colour ? `\x1b[${CODES[how]}m${text}\x1b[0m` : text;
}

/** Escapes text from outside for this terminal. */
export function safe(style: TerminalStyle, text: string): string {
  return style.unicode ? terminalText(text) : asciiText(text);
}

/** Columns of one character: 0 for combining marks, 2 for East Asian wide and full-width characters and emoji (UAX #11). */
function columns(character: string): number {
  if (/^\p{Mark}$/u.test(character)) return 0;
  const code = character.codePointAt(0) ?? 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

/** Columns that `text` takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += columns(character);
  return width;
}

/** Cuts `text` to `width` columns, with a mark where something is missing. */
export function truncate(style: TerminalStyle, text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const mark = style.unicode ? "…" : "~";
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += columns(character);
    if (used > width - 1) break;
    kept += character;
  }
  return kept + mark;
}

/** Breaks `text` into lines of at most `width` columns; words longer than a line are broken. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(10, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    let rest = word;
    while (textWidth(rest) > room) {
      if (line !== "") lines.push(line);
      line = "";
      const [head, tail] = split(rest, room);
      lines.push(head);
      rest = tail;
    }
    if (line === "") line = rest;
    else if (textWidth(line) + 1 + textWidth(rest) <= room) line += ` ${rest}`;
    else {
      lines.push(line);
      line = rest;
    }
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

function split(text: string, width: number): readonly [string, string] {
  let used = 0;
  let at = 0;
  for (const character of text) {
    used += columns(character);
    if (used > width) break;
    at += character.length;
  }
  return [text.slice(0, at), text.slice(at)];
}

/** A label and its text beside it, wrapped with a hanging indent; on narrow terminals the text stands below. */
export function labelled(style: TerminalStyle, label: string, text: string): string {
  const indent = style.width < 60 ? 4 : 12;
  const lines = wrap(safe(style, text), style.width - indent - 1);
  const pad = " ".repeat(indent);
  const head = `  ${label}`;
  if (indent === 4) return [paint(style, "dim", head), ...lines.map((line) => pad + line)].join("\n");
  return lines.map((line, i) => (i === 0 ? paint(style, "dim", head.padEnd(indent)) : pad) + line).join("\n");
}
