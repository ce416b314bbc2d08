// A list of paths: one a line, or each with a NUL behind it (`find -print0`), in UTF-8 or as Windows writes text.
import { latin1, utf16le } from "../bytes/index.ts";
import type { FileBytes } from "./files.ts";

/** The paths. Empty lines and those that begin with # are passed over. */
export function pathsIn(bytes: FileBytes): readonly string[] {
  const text = textOf(bytes);
  if (text.includes("\0")) return text.split("\0").filter((name) => name !== "");
  return text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

/** Bytes in which a line end is looked for. */
const LOOKED_BYTES = 128 * 1024;

/** Windows' PowerShell writes UTF-16 behind a mark, its `cmd /u` the same without one: then line ends tell it. */
function textOf(bytes: FileBytes): string {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  if (mark === 0xfffe) return utf16le(bytes, 2);
  if (mark === 0xfeff) return utf16le(swapped(bytes), 2);
  if (bytes[1] === 0 && latin1(bytes, 0, Math.min(bytes.length, LOOKED_BYTES)).includes("\r\0\n\0"))
    return utf16le(bytes);
  return bytes.toString("utf8").replace(/^\ufeff/, "");
}

function swapped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => bytes[at ^ 1] ?? byte);
}
