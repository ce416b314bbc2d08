// The Huffman code of HPACK (RFC 7541 §5.2, Appendix B), decoded four bits at a time.

/**
 * Length in bits of each symbol's code, 0–255 and EOS. The code is canonical: sorted by length, then by symbol, each code is
 * the one before plus one, so the lengths say it all.
 */
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];
const EOS = 256;

/** Shortest code: so many times at most text is longer than its bytes. */
const SHORTEST = 5;

/** Most bytes that `length` bytes of Huffman code can stand for. */
export function decodedLimit(length: number): number {
  return Math.floor((length * 8) / SHORTEST);
}

/**
 * Decodes `bytes[start, end)` to `out` from `at` on, which must have room for `decodedLimit`. Returns where it ended; -1 if
 * the code is broken: EOS in it, or padding that is longer than 7 bits or not ones (RFC 7541 §5.2).
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  automaton ??= build();
  const { steps, final } = automaton;
  let state = 0;
  let length = at;
  for (let p = start; p < end; p++) {
    const byte = bytes[p]!;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const step = steps[(state << 4) | ((byte >> shift) & 15)]!;
      if (step < 0) return -1;
      if ((step & EMITS) !== 0) out[length++] = step & 0xff;
      state = step >> STATE_SHIFT;
    }
  }
  return final[state] === 1 ? length : -1;
}

/** A step holds the symbol (8 bits), whether there is one, and the next state. -1: no code. */
const EMITS = 0x100;
const STATE_SHIFT = 9;

interface Automaton {
  /** By state and four bits. A state is a node of the code's tree. */
  readonly steps: Int32Array;
  /** 1 where the input may end: at the root, or up to seven ones below it. */
  readonly final: Uint8Array;
}

/** Made when the first string is decoded: few captures have any. */
let automaton: Automaton | null = null;

function build(): Automaton {
  const children = tree();
  const states = children.length / 2;
  const steps = new Int32Array(states * 16).fill(-1);
  for (let state = 0; state < states; state++) {
    for (let bits = 0; bits < 16; bits++) steps[state * 16 + bits] = walk(children, state, bits);
  }
  const final = new Uint8Array(states);
  for (let state = 0, ones = 0; ones <= 7; ones++) {
    final[state] = 1;
    state = children[state * 2 + 1]!;
  }
  return { steps, final };
}

function walk(children: readonly number[], from: number, bits: number): number {
  let state = from;
  let symbol = -1;
  for (let bit = 3; bit >= 0; bit--) {
    const next = children[state * 2 + ((bits >> bit) & 1)]!;
    if (next >= 0) state = next;
    else {
      symbol = -1 - next;
      state = 0;
      if (symbol === EOS) return -1;
    }
  }
  return (state << STATE_SHIFT) | (symbol < 0 ? 0 : EMITS | symbol);
}

/** Two children per inner node: the number of another one, or -1 - symbol. */
function tree(): number[] {
  const order = LENGTHS.map((_, symbol) => symbol).sort((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b);
  const children = [0, 0];
  let code = 0;
  let length = 0;
  for (const symbol of order) {
    code *= 2 ** (LENGTHS[symbol]! - length);
    length = LENGTHS[symbol]!;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const slot = node * 2 + ((code >> bit) & 1);
      if (children[slot] === 0) {
        children[slot] = children.length / 2;
        children.push(0, 0);
      }
      node = children[slot]!;
    }
    children[node * 2 + (code & 1)] = -1 - symbol;
    code++;
  }
  return children;
}
