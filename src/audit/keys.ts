// Keys of one run: key logs named by option, found beside the capture or embedded in it; RSA keys; an opener for each connection.
import { closeSync, readSync } from "node:fs";
import { latin1 } from "../bytes/index.ts";
import type { KeyFacts } from "../diagnosis/index.ts";
import {
  createKeyStore,
  createRecordOpener,
  createSessionCache,
  type KeyStore,
  type OpenerOptions,
  readKeyLog,
  type SessionCache,
  type TlsOpener,
  type TlsPlatform,
} from "../tls-decrypt/index.ts";
import { contentOf, isFile, lookAt, openFile, readPieces } from "./files.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { lentFor, NOTHING_HELD, sizeOfHeld } from "./pipes.ts";
import { readFailure } from "./read-failure.ts";
import type { FileSource, Held } from "./types.ts";

/** Secrets type of TLS key logs in a pcapng Decryption Secrets Block. */
const TLS_KEY_LOG = 0x544c534b;
const CHUNK_BYTES = 1024 * 1024;
/** Key logs of more bytes than this together are larger than a capture's own: some 80,000 secrets. */
const LARGE_LOGS = 16 * 1024 * 1024;
/** A private key has a few kilobytes. */
const MAX_PEM = 1024 * 1024;
/** A handshake inside TLS (an HTTPS proxy, a renegotiation) is seen only once the keys of the outer one were chosen. */
const MAX_ROUNDS = 3;

/** What is asked for by option. */
export interface KeyOptions {
  readonly keylogs?: readonly FileSource[] | undefined;
  readonly rsaKeys?: readonly FileSource[] | undefined;
  /** Of those, what is a pipe. */
  readonly held?: Held | undefined;
}

/** All keys of one run. */
export interface CaptureKeys {
  /** A file that was named but cannot be used. */
  readonly failure: { readonly path: string; readonly why: string } | null;
  /** Takes a Decryption Secrets Block. */
  embedded(type: number, data: Uint8Array): void;
  /** Whether there are keys at all, or will be. */
  readonly any: boolean;
  /** Whether keys for this client random are held. */
  has(random: Uint8Array): boolean;
  /** An opener for one TLS connection; null while there are no keys at all. */
  opener(): TlsOpener | null;
  /**
   * Reading the capture once more would help: embedded secrets came behind connections that may have needed them, or the
   * key logs hold more than can be kept, and now it is known which sessions are in the capture.
   */
  readonly late: boolean;
  /** To be called before the capture is read once more: forgets which connections asked, keeps only what they asked for. */
  again(): void;
  /** Secrets that were dropped because there was no room for more, and may be missed. */
  readonly dropped: number;
  /** Key logs that were named and hold no key, as far as they were read. */
  readonly keyless: number;
  /** Key logs that nobody named and that could not be read, and why the first one could not; null if there are none. */
  readonly unread: { readonly count: number; readonly why: string } | null;
  /** `decrypted`: tunnels of which the inside could be read, in part at least. */
  facts(decrypted: number): KeyFacts;
}

/**
 * Reads the keys for a capture; `found` are key logs that nobody named. Where the capture can be read again
 * (`rereadable`), key logs much larger than a capture's own wait until it is known which sessions are in it.
 */
export function loadKeys(
  found: readonly string[],
  options: KeyOptions,
  choices: OpenerOptions,
  rereadable: () => boolean,
  ciphers: TlsPlatform = nodeCrypto,
): CaptureKeys {
  return new Keys(found, options, choices, rereadable, ciphers);
}

const NO_PATHS: readonly never[] = [];
/** Of bytes that were given, where a path would stand. */
const NO_NAME = "-";

class Keys implements CaptureKeys {
  failure: CaptureKeys["failure"] = null;
  keyless = 0;
  unread: CaptureKeys["unread"] = null;
  readonly #named: readonly FileSource[];
  readonly #found: readonly string[];
  readonly #rsaKeys: readonly FileSource[];
  readonly #held: Held;
  readonly #choices: OpenerOptions;
  readonly #ciphers: TlsPlatform;
  readonly #sources = new Set<string>();
  /** Null while there are no keys: most captures have none, and do without all that opens records. */
  #store: KeyStore | null = null;
  #cache: SessionCache | null = null;
  /** Key logs wait for the first reading of the capture, which only notes what it would need. */
  #waiting: boolean;
  /** How often the capture was read with a choice of keys, and what had been asked for before. */
  #rounds = 0;
  #askedBefore = 0;
  #sessions = 0;
  #connections = 0;
  #late = false;

  constructor(
    found: readonly string[],
    { keylogs, rsaKeys, held }: KeyOptions,
    choices: OpenerOptions,
    rereadable: () => boolean,
    ciphers: TlsPlatform,
  ) {
    this.#named = keylogs === undefined || keylogs.length === 0 ? NO_PATHS : [...new Set(keylogs)];
    this.#rsaKeys = rsaKeys ?? NO_PATHS;
    this.#held = held ?? NOTHING_HELD;
    this.#choices = choices;
    this.#ciphers = ciphers;
    this.#found = found.length === 0 ? NO_PATHS : found.filter((path) => !this.#named.includes(path));
    this.#waiting = sizeOf(this.#named, this.#held) + sizeOf(this.#found, NOTHING_HELD) > LARGE_LOGS && rereadable();
    this.#readAll();
  }

  get late(): boolean {
    if (this.#waiting) return true;
    if (this.#store === null) return false;
    const { counts, asked } = this.#store;
    const crowded = this.#rounds === 0 ? counts.dropped > 0 : this.#rounds < MAX_ROUNDS && asked > this.#askedBefore;
    return this.#late || (this.#connections > 0 && crowded);
  }

  again(): void {
    this.#cache?.refill();
    if (this.#rounds > 0 || this.#waiting || this.dropped > 0) {
      const before = this.#keys();
      this.#waiting = false;
      this.#sessions = Math.max(this.#sessions, before.sessions + before.passed);
      this.#askedBefore = before.asked;
      this.#store = createKeyStore({ wanted: (random) => before.wasAsked(random) });
      this.#rounds++;
      this.#readAll();
    }
    this.#connections = 0;
    this.#late = false;
  }

  get dropped(): number {
    return this.#store?.counts.dropped ?? 0;
  }

  embedded(type: number, data: Uint8Array): void {
    if (type !== TLS_KEY_LOG) return;
    const store = this.#keys();
    const { counts } = store;
    const before = counts.secrets - counts.duplicates;
    const reader = readKeyLog(store);
    reader.push(data, 0, data.length);
    reader.end();
    this.#sources.add("embedded");
    if (this.#connections > 0 && counts.secrets - counts.duplicates > before) this.#late = true;
  }

  get any(): boolean {
    return this.#waiting || (this.#store !== null && (this.#store.sessions > 0 || this.#store.rsaKeys.length > 0));
  }

  has(random: Uint8Array): boolean {
    // A connection that is followed only if there are keys for it: whether there are will be known the next time.
    if (this.#waiting) this.#keys().ask(random);
    return this.#store?.has(random) ?? false;
  }

  opener(): TlsOpener | null {
    this.#connections++;
    if (!this.any) return null;
    this.#cache ??= createSessionCache();
    return createRecordOpener(this.#keys(), this.#ciphers, this.#cache, this.#choices);
  }

  facts(decrypted: number): KeyFacts {
    return {
      sources: [...this.#sources],
      sessions: Math.max(this.#sessions, this.#store === null ? 0 : this.#store.sessions + this.#store.passed),
      tlsConnections: this.#connections,
      decrypted,
    };
  }

  #readAll(): void {
    this.keyless = 0;
    const unread: string[] = [];
    for (const file of this.#named) {
      if (this.#waiting && isRereadable(file, this.#held)) continue;
      const { counts } = this.#keys();
      const before = counts.secrets;
      const why = readInto(file, this.#keys(), this.#held);
      if (why !== null) this.#failed(file, `the key log cannot be read: ${why}`);
      else if (counts.secrets === before) this.keyless++;
      this.#sources.add("keylog");
    }
    for (const file of this.#rsaKeys) {
      const why = readRsaKey(file, this.#keys(), this.#ciphers, this.#held);
      if (why !== null) this.#failed(file, why);
      this.#sources.add("rsa-key");
    }
    for (const path of this.#found) {
      if (this.#waiting) continue;
      const why = readInto(path, this.#keys(), NOTHING_HELD);
      if (why === null) this.#sources.add("beside");
      else unread.push(why);
    }
    this.unread = unread.length === 0 ? null : { count: unread.length, why: unread[0]! };
  }

  #keys(): KeyStore {
    this.#store ??= createKeyStore();
    return this.#store;
  }

  #failed(file: FileSource, why: string): void {
    this.failure ??= { path: typeof file === "string" ? file : NO_NAME, why };
  }
}

/** Whether it can be read twice: a file, bytes, or what a pipe gave. */
function isRereadable(file: FileSource, held: Held): boolean {
  return typeof file !== "string" || held.has(file) || isFile(file);
}

/** Bytes of those among `files` that can be read twice. */
function sizeOf(files: readonly FileSource[], held: Held): number {
  let sum = 0;
  for (const file of files) {
    const lent = lentFor(file, held);
    if (typeof lent !== "string") {
      sum += lent instanceof Uint8Array ? lent.length : sizeOfHeld(lent);
      continue;
    }
    const status = lookAt(lent);
    if (typeof status !== "string" && status.isFile()) sum += status.size;
  }
  return sum;
}

/** Whether there is a key in what was named as a key log, which is read until the first one; true where that cannot be told. */
export function holdsKeys(file: string, held: Held): boolean {
  const store = createKeyStore();
  const reader = readKeyLog(store);
  const lent = lentFor(file, held);
  if (typeof lent === "string" && !isFile(lent)) return true;
  try {
    for (const piece of typeof lent === "string" ? readPieces(lent, Number.POSITIVE_INFINITY) : piecesOf(lent)) {
      reader.push(piece, 0, piece.length);
      if (store.counts.secrets > 0) return true;
    }
  } catch {
    // Whoever needs what is in it says why.
    return true;
  }
  reader.end();
  return store.counts.secrets > 0;
}

function piecesOf(lent: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  return lent instanceof Uint8Array ? [lent] : lent;
}

function readInto(file: FileSource, store: KeyStore, held: Held): string | null {
  let descriptor: number | null = null;
  try {
    const reader = readKeyLog(store);
    const lent = lentFor(file, held);
    if (typeof lent !== "string") {
      for (const piece of piecesOf(lent)) reader.push(piece, 0, piece.length);
      reader.end();
      return null;
    }
    // Pipes that were named have been read.
    descriptor = openFile(lent);
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let length = readSync(descriptor, chunk); length > 0; length = readSync(descriptor, chunk)) {
      reader.push(chunk, 0, length);
    }
    reader.end();
    return null;
  } catch (error) {
    return readFailure(error);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function readRsaKey(file: FileSource, store: KeyStore, ciphers: TlsPlatform, held: Held): string | null {
  try {
    return store.addRsaKey(latin1(contentOf(lentFor(file, held), MAX_PEM)), ciphers)
      ? null
      : "there is no RSA private key in this file (PEM, not encrypted)";
  } catch (error) {
    return `the RSA key cannot be read: ${readFailure(error)}`;
  }
}
