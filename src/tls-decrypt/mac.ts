// Records with a MAC: CBC (RFC 5246 §6.2.3.2, RFC 2246 for the chained IV, RFC 7366), RC4 and NULL (§6.2.3.1), SSL 3.0.
import type { OpenedRecord } from "../tls-parse/index.ts";
import type { Rc4 } from "./legacy/rc4.ts";
import type { Cbc, HashName, TlsPlatform } from "./platform.ts";
import { type Protection, writeSequence } from "./protection.ts";

/** Computes and compares record MACs; reuses its header. */
export class RecordMac {
  readonly length: number;
  readonly #platform: TlsPlatform;
  readonly #hash: HashName;
  readonly #key: Uint8Array;
  readonly #ssl3: boolean;
  /** seq, type, version, length. SSL 3.0 leaves the version out. */
  readonly #head: Uint8Array;
  readonly #pads: readonly [Uint8Array, Uint8Array];

  constructor(platform: TlsPlatform, hash: HashName, key: Uint8Array, ssl3: boolean) {
    this.#platform = platform;
    this.#hash = hash;
    this.#key = key;
    this.#ssl3 = ssl3;
    this.#head = new Uint8Array(ssl3 ? 11 : 13);
    this.length = MAC_LENGTH[hash];
    // RFC 6101 §5.2.3.1: 48 pads with MD5, 40 with SHA.
    const pads = hash === "md5" ? 48 : 40;
    this.#pads = [new Uint8Array(pads).fill(0x36), new Uint8Array(pads).fill(0x5c)];
  }

  /** Whether `bytes[at, at + length)` is the MAC of `bytes[start, end)`. */
  holds(
    sequence: number,
    type: number,
    version: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    at: number,
  ): boolean {
    const head = this.#head;
    const length = end - start;
    writeSequence(head, 0, sequence);
    head[8] = type;
    let p = 9;
    if (!this.#ssl3) {
      head[p++] = version >> 8;
      head[p++] = version;
    }
    head[p] = length >> 8;
    head[p + 1] = length;
    const mac = this.#compute(bytes.subarray(start, end));
    let differs = 0;
    for (let i = 0; i < this.length; i++) differs |= mac[i]! ^ bytes[at + i]!;
    return differs === 0;
  }

  #compute(content: Uint8Array): Uint8Array {
    if (!this.#ssl3) return this.#platform.hmac(this.#hash, this.#key, [this.#head, content]);
    const inner = this.#platform.digest(this.#hash, [this.#key, this.#pads[0], this.#head, content]);
    return this.#platform.digest(this.#hash, [this.#key, this.#pads[1], inner]);
  }
}

/** Bytes of a MAC, and of its key (RFC 5246 appendix C). */
export const MAC_LENGTH = { md5: 16, sha1: 20, sha256: 32, sha384: 48 } as const satisfies Record<HashName, number>;

/** How a CBC record is laid out. */
export interface CbcLayout {
  readonly block: number;
  /** Each record starts with its IV (TLS 1.1 and later). */
  readonly explicitIv: boolean;
  /** RFC 7366. */
  readonly encryptThenMac: boolean;
  /** Only the padding's length is defined, not its bytes (RFC 6101 §5.2.3.2). */
  readonly ssl3: boolean;
}

export class CbcProtection implements Protection {
  readonly resync = "sequence";
  readonly #cbc: Cbc;
  readonly #mac: RecordMac;
  readonly #layout: CbcLayout;
  readonly #iv: Uint8Array;
  /** Chained IVs: false until a whole record has passed after a loss. */
  #ivKnown = true;
  located = -1;

  constructor(cbc: Cbc, mac: RecordMac, layout: CbcLayout, iv: Uint8Array) {
    this.#cbc = cbc;
    this.#mac = mac;
    this.#layout = layout;
    this.#iv = iv.slice();
  }

  open(
    sequence: number,
    type: number,
    version: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: OpenedRecord,
  ): boolean {
    const { block, explicitIv, encryptThenMac, ssl3 } = this.#layout;
    if (!this.ready) return false;
    const mac = this.#mac;
    const stop = encryptThenMac ? end - mac.length : end;
    const from = explicitIv ? start + block : start;
    const length = stop - from;
    if (length < block || length % block !== 0) return false;
    if (encryptThenMac) {
      if (!mac.holds(sequence, type, version, bytes, start, stop, stop)) return false;
      this.located = sequence;
      // RFC 7366 §3: the MAC does not cover a chained IV, so it must come from a record that was authenticated itself.
      if (!explicitIv && !this.#ivKnown) return false;
    }
    if (explicitIv) for (let i = 0; i < block; i++) this.#iv[i] = bytes[start + i]!;
    const plain = this.#cbc.decrypt(this.#iv, bytes, from, stop);
    const padding = plain[length - 1]!;
    let contentEnd = length - 1 - padding;
    if (contentEnd < 0) return false;
    if (!ssl3) for (let i = contentEnd; i < length; i++) if (plain[i] !== padding) return false;
    if (!encryptThenMac) {
      contentEnd -= mac.length;
      if (contentEnd < 0 || !mac.holds(sequence, type, version, plain, 0, contentEnd, contentEnd)) return false;
    }
    out.type = type;
    out.bytes = plain;
    out.start = 0;
    out.end = contentEnd;
    return true;
  }

  advance(bytes: Uint8Array, start: number, end: number): void {
    const { block, explicitIv, encryptThenMac } = this.#layout;
    if (explicitIv) {
      this.located = -1;
      return;
    }
    const stop = encryptThenMac ? end - this.#mac.length : end;
    // Without encrypt-then-MAC a wrong IV is caught by the next record's own MAC.
    this.#ivKnown = stop - block >= start && (!encryptThenMac || this.located >= 0);
    this.located = -1;
    if (!this.#ivKnown) return;
    for (let i = 0; i < block; i++) this.#iv[i] = bytes[stop - block + i]!;
  }

  get ready(): boolean {
    return this.#layout.explicitIv || this.#ivKnown || this.#layout.encryptThenMac;
  }

  lost(): void {
    this.#ivKnown = false;
  }

  plaintextLength(): number {
    return -1; // up to 256 bytes of padding: not to be told from the outside
  }

  hint(): number {
    return -1;
  }
}

/** RC4, or no cipher at all (`keystream` null): content and MAC. */
export class StreamProtection implements Protection {
  readonly ready = true;
  readonly located = -1;
  readonly resync: "sequence" | "never";
  readonly #keystream: Rc4 | null;
  readonly #mac: RecordMac;

  constructor(keystream: Rc4 | null, mac: RecordMac) {
    this.#keystream = keystream;
    this.#mac = mac;
    this.resync = keystream === null ? "sequence" : "never";
  }

  open(
    sequence: number,
    type: number,
    version: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: OpenedRecord,
  ): boolean {
    const length = end - start;
    // For each record: kept from one to the next, each of tens of thousands of connections would hold its longest.
    const plain = new Uint8Array(length);
    if (this.#keystream !== null) this.#keystream.apply(bytes, start, end, plain);
    else plain.set(bytes.subarray(start, end));
    const contentEnd = length - this.#mac.length;
    if (contentEnd < 0) return false;
    if (!this.#mac.holds(sequence, type, version, plain, 0, contentEnd, contentEnd)) return false;
    out.type = type;
    out.bytes = plain;
    out.start = 0;
    out.end = contentEnd;
    return true;
  }

  advance(): void {}

  lost(): void {}

  plaintextLength(): number {
    return -1;
  }

  hint(): number {
    return -1;
  }
}
