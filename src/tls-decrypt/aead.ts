// AEAD records: RFC 5246 §6.2.3.3 with RFC 5288 and RFC 6655 (explicit nonce), RFC 7905 (ChaCha20), RFC 8446 §5.2, §5.3.
import type { OpenedRecord } from "../tls-parse/index.ts";
import type { Aead } from "./platform.ts";
import { type Protection, writeSequence } from "./protection.ts";

const NONCE = 12;
/** nonce_explicit of GenericAEADCipher for GCM and CCM. */
const EXPLICIT = 8;

/** TLS 1.2. `iv` is the implicit part: 4 bytes with an explicit nonce in each record, 12 without (RFC 7905 §2). */
export class Aead12 implements Protection {
  readonly ready = true;
  readonly located = -1;
  readonly resync = "sequence";
  readonly #aead: Aead;
  readonly #iv: Uint8Array;
  readonly #tag: number;
  readonly #explicit: number;
  readonly #nonce = new Uint8Array(NONCE);
  readonly #aad = new Uint8Array(13);
  /** Most senders count the explicit nonce up from some start: low 32 bits of nonce minus sequence. */
  #offset = -1;

  constructor(aead: Aead, iv: Uint8Array, tag: number) {
    this.#aead = aead;
    this.#iv = iv;
    this.#tag = tag;
    this.#explicit = iv.length === NONCE ? 0 : EXPLICIT;
    this.#nonce.set(iv);
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
    const from = start + this.#explicit;
    const length = end - from - this.#tag;
    if (length < 0) return false;
    if (this.#explicit === 0) xorNonce(this.#nonce, this.#iv, sequence);
    else for (let i = 0; i < EXPLICIT; i++) this.#nonce[4 + i] = bytes[start + i]!;
    const aad = this.#aad;
    writeSequence(aad, 0, sequence);
    aad[8] = type;
    aad[9] = version >> 8;
    aad[10] = version;
    aad[11] = length >> 8;
    aad[12] = length;
    const plain = this.#aead.open(this.#nonce, aad, bytes, from, end);
    if (plain === null) return false;
    if (this.#explicit > 0) this.#offset = (low32(bytes, start + 4) - (sequence >>> 0)) >>> 0;
    out.type = type;
    out.bytes = plain;
    out.start = 0;
    out.end = plain.length;
    return true;
  }

  advance(): void {}

  lost(): void {}

  plaintextLength(length: number): number {
    return length - this.#explicit - this.#tag;
  }

  hint(bytes: Uint8Array, start: number): number {
    if (this.#explicit === 0) return -1;
    // Before the first record was opened: many senders use the sequence number itself.
    return (low32(bytes, start + 4) - Math.max(this.#offset, 0)) >>> 0;
  }
}

/** TLS 1.3: the true content type and the padding are inside. */
export class Aead13 implements Protection {
  readonly ready = true;
  readonly located = -1;
  readonly resync = "sequence";
  /** Padding was seen in this epoch: plaintext lengths cannot be told from the outside (RFC 8446 §5.4). */
  #padded = false;
  readonly #aead: Aead;
  readonly #iv: Uint8Array;
  readonly #tag: number;
  readonly #nonce = new Uint8Array(NONCE);
  readonly #aad = new Uint8Array(5);

  constructor(aead: Aead, iv: Uint8Array, tag: number) {
    this.#aead = aead;
    this.#iv = iv;
    this.#tag = tag;
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
    // One byte at least is inside: the content type.
    if (length <= this.#tag) return false;
    xorNonce(this.#nonce, this.#iv, sequence);
    const aad = this.#aad;
    aad[0] = type;
    aad[1] = version >> 8;
    aad[2] = version;
    aad[3] = length >> 8;
    aad[4] = length;
    const plain = this.#aead.open(this.#nonce, aad, bytes, start, end);
    if (plain === null) return false;
    let last = plain.length - 1;
    while (last >= 0 && plain[last] === 0) last--;
    // RFC 8446 §5.4: nothing but zeros is no record.
    if (last < 0) return false;
    if (last < plain.length - 1) this.#padded = true;
    out.type = plain[last]!;
    out.bytes = plain;
    out.start = 0;
    out.end = last;
    return true;
  }

  advance(): void {}

  lost(): void {}

  plaintextLength(length: number): number {
    return this.#padded ? -1 : length - this.#tag - 1;
  }

  hint(): number {
    return -1;
  }
}

/** RFC 8446 §5.3, RFC 7905 §2: the sequence number, padded on the left, XOR the IV. */
function xorNonce(nonce: Uint8Array, iv: Uint8Array, sequence: number): void {
  writeSequence(nonce, 4, sequence);
  nonce[0] = iv[0]!;
  nonce[1] = iv[1]!;
  nonce[2] = iv[2]!;
  nonce[3] = iv[3]!;
  for (let i = 4; i < NONCE; i++) nonce[i]! ^= iv[i]!;
}

function low32(b: Uint8Array, at: number): number {
  return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
}
