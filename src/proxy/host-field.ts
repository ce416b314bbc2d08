// The Host field of a request's first bytes (RFC 9110 §7.2), read on the spot.

export interface FirstPayloadBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Host stands among the first fields; what is behind this many bytes is not looked for. */
const MAX_LOOK = 2_048;
const LF = 0x0a;
const NAME = "host:";
const LOWER = 0x20;
const END = /[\s:]/;

/** The host without port in lower case; null where there is none. */
export function hostField({ bytes, start, end }: FirstPayloadBytes): string | null {
  const stop = Math.min(end, start + MAX_LOOK);
  for (let line = bytes.indexOf(LF, start) + 1; line > 0 && line < stop; line = bytes.indexOf(LF, line) + 1) {
    let i = 0;
    while (i < NAME.length && ((bytes[line + i] ?? 0) | LOWER) === (NAME.charCodeAt(i) | LOWER)) i++;
    if (i < NAME.length) continue;
    let text = "";
    for (let at = line + NAME.length; at < stop && bytes[at] !== LF; at++) text += String.fromCharCode(bytes[at]!);
    const host = text.trim().split(END)[0] ?? "";
    return host === "" ? null : host.toLowerCase();
  }
  return null;
}
