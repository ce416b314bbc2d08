// JSON (RFC 8259) piece by piece: that of 100,000 connections is hundreds of MB, and V8 has no string beyond 512 MB.
import { jsonText } from "../escape.ts";
import type { Entries } from "../lazy.ts";

/** Entries of a list that make one piece. */
const ENTRIES = 64;

/**
 * What `JSON.stringify(value, null, indent)` gives, made safe for terminals, in pieces. Lists right inside `value` are taken apart,
 * as they are what grows; the rest is one piece for each field.
 */
export function* jsonPieces(value: object, indent: 0 | 2): Generator<string> {
  const colon = indent === 0 ? ":" : ": ";
  let before = "{";
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    const start = `${before}${lineOf(indent)}${JSON.stringify(name)}${colon}`;
    before = ",";
    if (!isList(field)) yield jsonText(start + nested(field, indent, 1));
    else {
      yield jsonText(start);
      yield* listPieces(field, indent);
    }
  }
  yield before === "{" ? "{}" : `${indent === 0 ? "" : "\n"}}`;
}

/** Whether it has entries one by one; a list of a few is one piece. */
function isList(field: unknown): field is Entries<unknown> {
  if (Array.isArray(field)) return field.length > ENTRIES;
  return typeof field === "object" && field !== null && Symbol.iterator in field;
}

function* listPieces(list: Entries<unknown>, indent: 0 | 2): Generator<string> {
  const line = lineOf(2 * indent);
  let before = "[";
  let texts: string[] = [];
  const piece = (): string => {
    const text = before + jsonText(texts.join(","));
    before = ",";
    texts = [];
    return text;
  };
  for (const entry of list) {
    texts.push(line + nested(entry, indent, 2));
    if (texts.length === ENTRIES) yield piece();
  }
  if (texts.length > 0) yield piece();
  yield before === "[" ? "[]" : `${lineOf(indent)}]`;
}

/** `value` as it stands `depth` levels inside another one. No string of JSON has a line end in it. */
function nested(value: unknown, indent: 0 | 2, depth: number): string {
  const text = JSON.stringify(value, null, indent) ?? "null";
  return indent === 0 ? text : text.replaceAll("\n", lineOf(depth * indent));
}

/** A new line that is indented; nothing where all is one line. */
function lineOf(spaces: number): string {
  return spaces === 0 ? "" : `\n${" ".repeat(spaces)}`;
}
