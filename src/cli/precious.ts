// What an output must not take the place of: a shell's *.pcap behind -o names a capture, and it would be gone.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { lookAt, realPath } from "../audit/index.ts";
import { DETECT_BYTES, detectCompression, isCapture } from "../pcap-parser/index.ts";

/** Enough for the first words of a text behind comments, and for what tools write in front of a key (`Bag Attributes`). */
const LOOKED_BYTES = 4096;
/** Lines of a key log that say nothing. */
const PASSED_OVER = /^(?:(?:#.*|[ \t]*)\r?\n)+/;
/** PowerShell's `>` writes UTF-16, others put a mark in front of UTF-8. */
const OF_ENCODING = /^(?:\xff\xfe|\xfe\xff|\xef\xbb\xbf)|\0/g;
const TEXTS: readonly { readonly begins: RegExp; readonly what: string }[] = [
  { begins: /^\{"journal":"pcapcheck audit"/, what: "the journal of an audit" },
  { begins: /^-----BEGIN /m, what: "a key or a certificate" },
  { begins: /^(?:# SSL\/TLS secrets|(?:RSA|(?:PMS_)?CLIENT_RANDOM|[A-Z_]+_SECRET(?:_\d+)?) )/, what: "a key log" },
];

/** Why `file` must not be replaced: what it holds, or that it is one of `inputs`; null if it may be. */
export function precious(file: string, inputs: readonly string[]): string | null {
  const there = lookAt(file);
  const same = inputs.some((input) => {
    if (input === "-") return false;
    const other = lookAt(input);
    // A journal may be there only later on.
    if (typeof there === "string" || typeof other === "string") return resolve(input) === resolve(file);
    return there.isFile() && isSame(file, input);
  });
  if (same) return "it is what is read; nothing was written";
  // What cannot be looked at tells so when it is used.
  if (typeof there === "string" || !there.isFile()) return null;
  const first = head(file);
  const packed = detectCompression(first) !== null;
  if (packed || (first.length >= DETECT_BYTES && isCapture(first))) return "it is a capture, which no output replaces";
  const text = first.toString("latin1").replace(OF_ENCODING, "");
  const said = text.replace(PASSED_OVER, "");
  const found = TEXTS.find(({ begins }) => begins.test(text) || begins.test(said));
  return found === undefined ? null : `it is ${found.what}, which no output replaces`;
}

/** Files that are there. Their numbers need 64 bits: on Windows neighbours would share what is left of them in a double. */
function isSame(a: string, b: string): boolean {
  try {
    const [one, other] = [statSync(a, { bigint: true }), statSync(b, { bigint: true })];
    if (one.ino !== other.ino || one.dev !== other.dev) return false;
    // Some file systems have no numbers.
    return one.ino !== 0n || realPath(a) === realPath(b);
  } catch {
    // One is gone meanwhile.
    return false;
  }
}

function head(file: string): Buffer {
  const first = Buffer.alloc(LOOKED_BYTES);
  try {
    const descriptor = openSync(file, "r");
    try {
      return first.subarray(0, readSync(descriptor, first));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return first.subarray(0, 0);
  }
}
