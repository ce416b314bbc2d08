// MPLS label stacks (RFC 3032): what is below the stack is told by its first nibble (RFC 4928).
import { type Cursor, has, STEP, type Step, short, u8, u16 } from "./cursor.ts";
import { isKnownEtherType } from "./ether-type.ts";

/** Deeper stacks are not built; a packet of zeros would be one. */
const MAX_LABELS = 32;

/** Labels up to the bottom of the stack. */
export function mpls(c: Cursor): Step {
  for (let labels = 0; labels < MAX_LABELS; labels++) {
    if (!has(c, 4)) return short(c, 4);
    const bottom = (u8(c, 2) & 1) === 1;
    c.at += 4;
    if (bottom) return belowStack(c);
  }
  return STEP.malformed;
}

function belowStack(c: Cursor): Step {
  if (!has(c, 1)) return short(c, 1);
  const nibble = u8(c, 0) >> 4;
  if (nibble === 4 || nibble === 6) return STEP.rawIp;
  // An Ethernet pseudowire, without a control word or with one, which begins with a zero nibble (RFC 4385 §3).
  const plain = frameAt(c, 0);
  if (plain !== STEP.nothing || nibble !== 0) return plain;
  const controlled = frameAt(c, CONTROL_WORD);
  if (controlled === STEP.ethernet) c.at += CONTROL_WORD;
  return controlled;
}

const CONTROL_WORD = 4;

/** Whether what is `offset` bytes on looks like an Ethernet frame; what is too short for one is none, unless it was cut. */
function frameAt(c: Cursor, offset: number): Step {
  if (!has(c, offset + 14)) return c.end < c.limit ? STEP.cut : STEP.nothing;
  return isKnownEtherType(u16(c, offset + 12)) ? STEP.ethernet : STEP.nothing;
}
