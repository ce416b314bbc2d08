// What V8 is told while much is read. The program alone may do that: a library leaves its host's engine as it is.

/** Room for young objects: more of it takes memory and, as one thread collects them, hardly less time. */
const ENOUGH_YOUNG_BYTES = 2 * 1024 * 1024;
/** What was decrypted lies outside of the heap until the young objects that stand for it are collected: with so much, the sooner the better. */
const MUCH_OUTSIDE_BYTES = 8 * 1024 * 1024;
/** Asking how large it is takes a while: it is asked each time at first, when it grows, and then now and again. */
const FIRST_CALLS = 64;
const CALLS_BETWEEN = 8;
/** Of what is alive so much more may lie about before it is collected. V8 would let it be several times as much. */
const GROWING_PERCENT = 20;

/**
 * Bytecode of others that V8 puts into one function, half as much as it would: a compiler's memory comes back late, and what is called
 * for each packet is small.
 */
const INLINED_BYTES = 460;

/** V8's own: the room doubles when as much has outlived it. */
const USUAL_GROWTH = 2;

let calls = 0;
let settled = false;
let held = false;

/**
 * To be called again and again while more than a little is read; it does nothing most times. A short run does without: loading
 * node:v8 takes 3 % of it.
 */
export function muchIsRead(): void {
  if (settled || (calls++ >= FIRST_CALLS && calls % CALLS_BETWEEN !== 0)) return;
  const v8 = settings();
  if (v8 === undefined) return;
  const { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } = v8;
  // The first connections of a capture are kept, which teaches V8 to place what later ones are made of among the long-lived at
  // once; there it keeps alive all that it points to, and a capture of short tunnels costs a third more time and twice the memory.
  if (calls === 1) {
    setFlagsFromString("--no-allocation-site-pretenuring");
    collectSooner();
    // Next to nothing of what is young lives on: to wake threads for it takes longer than to do it.
    setFlagsFromString("--no-parallel-scavenge");
    setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTES}`);
  }
  if (held) growYoung(USUAL_GROWTH);
  held = false;
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  const outside = getHeapStatistics().external_memory;
  if ((young?.space_size ?? 0) < ENOUGH_YOUNG_BYTES && outside < MUCH_OUTSIDE_BYTES) return;
  // It would grow to many times as much for nothing but memory.
  growYoung(1);
  settled = true;
}

/** While something long is listed, which is all kept: it would make the room for young objects as large as it can be. */
export function muchIsListed(): void {
  growYoung(1);
  collectSooner();
  held = true;
}

/** Nodes 22.0 to 22.2 have no such door: they take more memory. */
function settings(): typeof import("node:v8") | undefined {
  return typeof process.getBuiltinModule === "function" ? process.getBuiltinModule("node:v8") : undefined;
}

function collectSooner(): void {
  settings()?.setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
}

function growYoung(factor: number): void {
  settings()?.setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}
