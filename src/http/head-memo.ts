// Heads that were met lately, by their bytes: a proxy's clients ask for the same tunnels in the same words again and again, and
// most answers are one of two. Comparing one takes less time than reading it.
import type { StreamOffset, Where } from "../bytes/index.ts";
import type { HttpHead } from "./types.ts";

/** Longer ones are seldom the same again. */
const MAX_BYTES = 512;
const SLOTS = 1024;
/** Bytes at the beginning that tell most heads apart: method or status, and the host of a CONNECT. */
const HASHED_BYTES = 64;

interface Met {
  readonly bytes: Uint8Array;
  readonly head: HttpHead;
}

const MET: (Met | null)[] = new Array<Met | null>(SLOTS).fill(null);

/** The head in `bytes[start, end)`, if the same one was remembered, with its own place; else null. */
export function knownHead(
  kind: HttpHead["kind"],
  bytes: Uint8Array,
  start: number,
  end: number,
  where: Where,
  behind: StreamOffset,
): HttpHead | null {
  if (end - start > MAX_BYTES) return null;
  const met = MET[slotOf(bytes, start, end)]!;
  if (met === null || met.head.kind !== kind || !isSame(met.bytes, bytes, start, end)) return null;
  return { ...met.head, where, end: behind };
}

/** Remembers a whole head of which nothing is secret: those with credentials are read each time, and not kept. */
export function rememberHead(head: HttpHead, bytes: Uint8Array, start: number, end: number): void {
  if (end - start > MAX_BYTES || head.cut) return;
  if (head.kind === "request" && (head.authorization !== null || head.proxyAuthorization !== null)) return;
  MET[slotOf(bytes, start, end)] = { bytes: bytes.slice(start, end), head };
}

/** FNV-1a of the first bytes and the length, folded to the table's size. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  const stop = Math.min(end, start + HASHED_BYTES);
  for (let p = start; p < stop; p++) hash = Math.imul(hash ^ bytes[p]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}

function isSame(met: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (met.length !== end - start) return false;
  for (let i = 0; i < met.length; i++) if (met[i] !== bytes[start + i]) return false;
  return true;
}
