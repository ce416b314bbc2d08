// Tables of cli-table3 without a box around them, and their lines.

/** No line anywhere; a table says itself which it wants. */
export const NO_FRAME = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
};

/** The lines of a drawn table, without the spaces that fill its last column. */
export function tableLines(drawn: string): string[] {
  return drawn.split("\n").map((line) => line.trimEnd());
}
