// Text on its way into HTML: escaped, and cut where it is longer than anybody reads.
import type { Verdict } from "../../../diagnosis/index.ts";
import { htmlText } from "../../escape.ts";
import { classOf } from "../../verdicts.ts";

/** A URL or a header value may be as long as a head; JSON has it whole. */
const MAX_TEXT = 1_000;

/** Escaped, for element content and quoted attributes. */
export function html(text: string, longest = MAX_TEXT): string {
  if (text.length <= longest) return htmlText(text);
  return `${htmlText(text.slice(0, longest))}… (${text.length - longest} characters more)`;
}

/** A `dl` of those rows that have a value; values are HTML already. */
export function definitions(rows: readonly (readonly [name: string, value: string])[]): string {
  const shown = rows.filter(([, value]) => value !== "");
  return `<dl>\n${shown.map(([name, value]) => `<dt>${html(name)}</dt><dd>${value}</dd>`).join("\n")}\n</dl>`;
}

/** A `ul` of texts; a single one is a paragraph's worth and stands alone; empty for none. */
export function list(texts: readonly string[]): string {
  if (texts.length <= 1) return texts.map((text) => html(text)).join("");
  return `<ul>${texts.map((text) => `<li>${html(text)}</li>`).join("")}</ul>`;
}

/** A time stamp of the report as an element: HTML knows milliseconds at most, people get the second. */
export function time(stamp: string): string {
  const machine = `${stamp.slice(0, 23)}Z`;
  return `<time datetime="${html(machine)}">${html(stamp.slice(0, 19).replace("T", " "))} UTC</time>`;
}

/** A verdict with its mark, so that colour is not all that tells it. */
export function verdictMark(verdict: Verdict): string {
  const kind = classOf(verdict);
  return `<span class="verdict ${kind}">${MARKS[kind]} ${verdict}</span>`;
}

const MARKS = { wrong: "✗", unseen: "?", fine: "✓" } as const;
