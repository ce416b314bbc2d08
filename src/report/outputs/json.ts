// The report itself as JSON: indented for people, or one line for pipes.
import type { Report } from "../types.ts";

/** Control characters are escaped by JSON itself; C1 and bidirectional ones are escaped here, as JSON may end up on a terminal. */
const UNSAFE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

export function json(report: Report | readonly Report[]): string {
  return escaped(JSON.stringify(report, null, 2));
}

export function ndjson(report: Report): string {
  return escaped(JSON.stringify(report));
}

function escaped(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
