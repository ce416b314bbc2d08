// Text from the wire on its way out: nothing that moves a cursor, colours, hides or reorders may pass (UAX #9, ECMA-48).

/**
 * Control characters (C0, DEL, C1), format characters (bidirectional overrides and isolates, zero width, tags), line and
 * paragraph separators, everything that Unicode lets a renderer ignore, and lone surrogates.
 */
function unsafe(): RegExp {
  made ??= /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
  return made;
}

/** Made when a text needs it: its classes take 1 % of a short run, and nearly every text is plain ASCII. */
let made: RegExp | null = null;

/** What the program's own sentences use beyond ASCII, for terminals that have nothing else. */
const PLAIN: Readonly<Record<string, string>> = { "§": "section ", "…": "...", "–": "-", "×": "x", "→": "->" };

/** Makes every unsafe character visible: `\x1b`, `\u202e`, `\u{e0041}`. The result is one line. */
export function terminalText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : text.replace(unsafe(), visible);
}

/** The same with nothing beyond ASCII. */
export function asciiText(text: string): string {
  return terminalText(text).replace(/[^\x20-\x7e]/gu, (character) => PLAIN[character] ?? visible(character));
}

/** Escapes what JSON lets pass in strings, as JSON may end up on a terminal; the value it stands for stays the same. */
export function jsonText(json: string): string {
  if (/^[\x20-\x7e\n]*$/.test(json)) return json;
  return json.replace(unsafe(), (character) => (character === "\n" ? character : utf16Escapes(character)));
}

/** For HTML text and quoted attribute values: nothing becomes markup, nothing invisible stays. */
export function htmlText(text: string): string {
  return terminalText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** What a spreadsheet takes for the start of a formula, ASCII and full width (OWASP, "CSV Injection"). */
const FORMULA = /(^|[;\t])([\s"']*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/**
 * One field of CSV (RFC 4180 §2), quoted where it has to be. A text that a spreadsheet would run as a formula gets an
 * apostrophe in front, behind a semicolon too: where that separates fields, a cell starts there.
 */
export function csvField(value: string | number | null): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  const text = terminalText(value).replace(FORMULA, "$1'$2");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

function utf16Escapes(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
