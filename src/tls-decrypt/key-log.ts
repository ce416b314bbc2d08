// Reads NSS key logs (draft-ietf-tls-keylogfile; Wireshark's older labels too): bytes in pieces of any size, lines out.

import { BY_RANDOM, IGNORED } from "./key-log-labels.ts";
import { takePlainLine } from "./key-log-line.ts";
import type { KeyStore } from "./key-store.ts";

/** A push parser for one key log. */
export interface KeyLogReader {
  push(bytes: Uint8Array, start: number, end: number): void;
  /** The log is over: its last line may lack a line feed. */
  end(): void;
}

/** Reads one key log (a file, or the body of a Decryption Secrets Block of type TLS Key Log) into `store`. */
export function readKeyLog(store: KeyStore): KeyLogReader {
  return new LineReader(store);
}

/** Longest line that can hold a secret (RSA Session-ID with 32 and 48 bytes, or a label, 32 and 64 bytes) is below 300. */
const MAX_LINE = 1024;
const MAX_MALFORMED_LINES = 8;
/** Different labels that are counted by name: there are a dozen, and generations of secrets have numbers. */
const MAX_IGNORED = 64;
const LF = 0x0a;
const CR = 0x0d;

class LineReader implements KeyLogReader {
  readonly #store: KeyStore;
  readonly #line = new Uint8Array(MAX_LINE);
  #length = 0;
  #tooLong = false;
  #number = 0;
  /** Bytes per character, decided by the first two bytes: 2 for UTF-16, which PowerShell's `>` writes. */
  #encoding: "unknown" | "bytes" | "utf-16le" | "utf-16be" = "unknown";
  #first = -1;
  /** UTF-16: first byte of a character whose second has not come. */
  #half = -1;

  constructor(store: KeyStore) {
    this.#store = store;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    let p = start;
    while (p < end) {
      // Nearly all lines lie in one piece and are as programs write them: these are read where they are.
      if (this.#encoding === "bytes" && this.#length === 0 && !this.#tooLong) {
        p = this.#plainLines(bytes, p, end);
        if (p === end) return;
      }
      p = this.#rest(bytes, p, end);
    }
  }

  /** Reads whole lines of the plainest form from `start` on; returns the index of the first one that is none. */
  #plainLines(bytes: Uint8Array, start: number, end: number): number {
    const { counts } = this.#store;
    let p = start;
    for (;;) {
      const lf = bytes.indexOf(LF, p);
      if (lf < 0 || lf >= end || !takePlainLine(this.#store, bytes, p, lf)) return p;
      this.#number++;
      counts.lines++;
      p = lf + 1;
    }
  }

  /** Takes bytes up to the end of a line, one by one. */
  #rest(bytes: Uint8Array, start: number, end: number): number {
    for (let p = start; p < end; p++) {
      this.#byte(bytes[p]!);
      if (bytes[p] === LF && this.#encoding === "bytes") return p + 1;
    }
    return end;
  }

  end(): void {
    if (this.#encoding === "unknown" && this.#first >= 0) this.#character(this.#first);
    this.#first = -1;
    if (this.#length > 0 || this.#tooLong) this.#endOfLine();
  }

  #byte(byte: number): void {
    switch (this.#encoding) {
      case "bytes":
        this.#character(byte);
        return;
      case "unknown":
        this.#detect(byte);
        return;
      default:
        this.#utf16(byte);
    }
  }

  #detect(byte: number): void {
    if (this.#first < 0) {
      this.#first = byte;
      return;
    }
    const mark = (this.#first << 8) | byte;
    this.#encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "bytes";
    if (this.#encoding !== "bytes") return;
    this.#character(this.#first);
    this.#character(byte);
  }

  #utf16(byte: number): void {
    if (this.#half < 0) {
      this.#half = byte;
      return;
    }
    const code = this.#encoding === "utf-16le" ? this.#half | (byte << 8) : (this.#half << 8) | byte;
    this.#half = -1;
    this.#character(code < 0x80 ? code : QUESTION_MARK);
  }

  #character(code: number): void {
    if (code === LF) this.#endOfLine();
    else if (this.#length < MAX_LINE) this.#line[this.#length++] = code;
    else this.#tooLong = true;
  }

  #endOfLine(): void {
    this.#number++;
    const counts = this.#store.counts;
    counts.lines++;
    let length = this.#length;
    if (length > 0 && this.#line[length - 1] === CR) length--;
    const bom =
      this.#number === 1 && length >= 3 && this.#line[0] === 0xef && this.#line[1] === 0xbb && this.#line[2] === 0xbf;
    const verdict = this.#take(ascii(this.#line, bom ? 3 : 0, length));
    if (verdict === "unknown") counts.unknown++;
    if (verdict === "malformed") {
      counts.malformed++;
      if (counts.malformedLines.length < MAX_MALFORMED_LINES) counts.malformedLines.push(this.#number);
    }
    this.#length = 0;
    this.#tooLong = false;
  }

  #take(line: string): "taken" | "unknown" | "malformed" {
    const words = line.trim().split(/[ \t]+/);
    const label = words[0]!;
    if (label === "" || label.startsWith("#")) return "taken";
    if (label === "RSA") return this.#tooLong ? "malformed" : this.#takeRsa(words);
    if (!Object.hasOwn(BY_RANDOM, label) && IGNORED.test(label)) {
      const { ignored } = this.#store.counts;
      if (!Object.hasOwn(ignored, label) && Object.keys(ignored).length >= MAX_IGNORED) return "unknown";
      ignored[label] = (ignored[label] ?? 0) + 1;
      return "taken";
    }
    if (!Object.hasOwn(BY_RANDOM, label)) return /^[A-Z][A-Z0-9_]*$/.test(label) ? "unknown" : "malformed";
    const row = BY_RANDOM[label]!;
    const random = unhex(words[1]);
    const secret = unhex(words[2]);
    if (this.#tooLong || words.length !== 3 || random?.length !== 32 || secret === null) return "malformed";
    if (row.lengths.length > 0 && !row.lengths.includes(secret.length)) return "malformed";
    if (secret.length === 0 || secret.length > 64) return "malformed";
    this.#store.add(row.kind, random, secret);
    return "taken";
  }

  /** `RSA <8 bytes of the encrypted premaster> <premaster>`, or `RSA Session-ID:<id> Master-Key:<master>`. */
  #takeRsa(words: readonly string[]): "taken" | "malformed" {
    if (words.length !== 3) return "malformed";
    if (words[1]!.startsWith("Session-ID:") && words[2]!.startsWith("Master-Key:")) {
      const id = unhex(words[1]!.slice("Session-ID:".length));
      const master = unhex(words[2]!.slice("Master-Key:".length));
      if (id === null || id.length === 0 || id.length > 32 || master?.length !== 48) return "malformed";
      this.#store.addSession(id, master);
      return "taken";
    }
    const encrypted = unhex(words[1]);
    const premaster = unhex(words[2]);
    if (encrypted?.length !== 8 || premaster?.length !== 48) return "malformed";
    this.#store.addPremaster(encrypted, premaster);
    return "taken";
  }
}

const QUESTION_MARK = 0x3f;

/** A line as text; what is not ASCII cannot be part of a secret and only has to stay wrong. */
function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

/** Bytes of a hexadecimal text; null if it is absent, odd or holds anything else. */
function unhex(text: string | undefined): Uint8Array | null {
  if (text === undefined || text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
