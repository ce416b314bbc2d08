// JSON (RFC 8259) piece by piece: that of 100,000 connections is hundreds of MB, and V8 has no string beyond 512 MB.
import { jsonText } from "../escape.ts";

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
    if (!Array.isArray(field) || field.length <= ENTRIES) yield jsonText(start + nested(field, indent, 1));
    else {
      yield jsonText(start);
      yield* listPieces(field, indent);
    }
  }
  yield before === "{" ? "{}" : `${indent === 0 ? "" : "\n"}}`;
}

function* listPieces(list: readonly unknown[], indent: 0 | 2): Generator<string> {
  const line = lineOf(2 * indent);
  for (let from = 0; from < list.length; from += ENTRIES) {
    const texts = list.slice(from, from + ENTRIES).map((entry) => line + nested(entry, indent, 2));
    yield (from === 0 ? "[" : ",") + jsonText(texts.join(","));
  }
  yield `${lineOf(indent)}]`;
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
