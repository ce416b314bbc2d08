// Text from the wire on its way to a terminal: nothing that moves the cursor, colours, or reorders may pass.

/**
 * C0, DEL and C1 controls, soft hyphen, bidirectional marks and overrides (UAX #9), zero-width characters, line and
 * paragraph separators, interlinear marks, the byte order mark, tag characters and lone surrogates.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

/** Makes every unsafe character visible: `\x1b`, `\u202e`. The result is one line. */
export function terminalText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** The same without characters beyond ASCII, for terminals that have none. */
export function asciiText(text: string): string {
  return terminalText(text).replace(
    /[^\x20-\x7e]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
