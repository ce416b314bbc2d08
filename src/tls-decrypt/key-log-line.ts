// The lines that programs write, "LABEL RANDOM SECRET" with single spaces, without a string or an object made of each: a key log may
// have millions, of which a capture needs a few.
import { BY_RANDOM } from "./key-log-labels.ts";
import type { KeyStore, SecretKind } from "./key-store.ts";

interface Label {
  readonly bytes: Uint8Array;
  /** null: known, and opens no record. */
  readonly secret: { readonly kind: SecretKind; readonly lengths: readonly number[] } | null;
  readonly text: string;
}

const SPACE = 0x20;
const CR = 0x0d;
const RANDOM = 32;
const MAX_SECRET = 64;

/** Of the labels that open no record the one that stands in every log; others take the long way. */
const EXPORTER = "EXPORTER_SECRET";

const LABELS: readonly Label[] = [...Object.entries(BY_RANDOM), [EXPORTER, null] as const].map(([text, secret]) => ({
  bytes: new TextEncoder().encode(text),
  secret,
  text,
}));
const LONGEST = Math.max(...LABELS.map(({ bytes }) => bytes.length));

const NO_DIGIT = 255;
const DIGITS = new Uint8Array(256).fill(NO_DIGIT);
for (let i = 0; i < 16; i++) {
  const digit = i.toString(16);
  DIGITS[digit.charCodeAt(0)] = i;
  DIGITS[digit.toUpperCase().charCodeAt(0)] = i;
}

const random = new Uint8Array(RANDOM);
const secrets = Array.from({ length: MAX_SECRET + 1 }, (_, length) => new Uint8Array(length));

/**
 * Takes the line in `bytes[start, lf)`, if it is of the plainest form: true, and all is counted but the line. False: it has
 * to be looked at more closely, and nothing was done.
 */
export function takePlainLine(store: KeyStore, bytes: Uint8Array, start: number, lf: number): boolean {
  const end = lf > start && bytes[lf - 1] === CR ? lf - 1 : lf;
  let space = start;
  while (space < end && space - start <= LONGEST && bytes[space] !== SPACE) space++;
  const label = labelAt(bytes, start, space);
  if (label === null) return false;
  if (label.secret === null) {
    const { ignored } = store.counts;
    ignored[label.text] = (ignored[label.text] ?? 0) + 1;
    return true;
  }
  const randomAt = space + 1;
  const secretAt = randomAt + 2 * RANDOM + 1;
  const length = (end - secretAt) / 2;
  const { kind, lengths } = label.secret;
  if (!Number.isInteger(length) || length < 1 || length > MAX_SECRET || bytes[secretAt - 1] !== SPACE) return false;
  if (lengths.length > 0 && !lengths.includes(length)) return false;
  const secret = secrets[length]!;
  if (!unhex(bytes, randomAt, random) || !unhex(bytes, secretAt, secret)) return false;
  store.add(kind, random, secret);
  return true;
}

function labelAt(bytes: Uint8Array, start: number, end: number): Label | null {
  next: for (const label of LABELS) {
    const own = label.bytes;
    if (own.length !== end - start) continue;
    for (let i = 0; i < own.length; i++) if (own[i] !== bytes[start + i]) continue next;
    return label;
  }
  return null;
}

/** Fills `into` from two digits for each byte; false if others than digits are among them. */
function unhex(bytes: Uint8Array, at: number, into: Uint8Array): boolean {
  let wrong = 0;
  for (let i = 0; i < into.length; i++) {
    const high = DIGITS[bytes[at + 2 * i]!]!;
    const low = DIGITS[bytes[at + 2 * i + 1]!]!;
    wrong |= high | low;
    into[i] = (high << 4) | low;
  }
  return (wrong & 0xf0) === 0;
}
