// Keys of one run: key logs named by option, found beside the capture or embedded in it; RSA keys; an opener for each connection.
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import {
  createKeyStore,
  createRecordOpener,
  createSessionCache,
  type KeyStore,
  type OpenerOptions,
  readKeyLog,
  type TlsOpener,
  type TlsPlatform,
} from "../tls-decrypt/index.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** Endings under which a key log lies beside its capture. */
const BESIDE = [".keys", ".keylog", ".sslkeylog"];
/** Secrets type of TLS key logs in a pcapng Decryption Secrets Block. */
const TLS_KEY_LOG = 0x544c534b;
const CHUNK_BYTES = 1024 * 1024;
/** Behind the last change of a folder; the grain of FAT is two seconds. */
const SETTLED_MS = 3_000;
/** Key logs of more bytes than this together are larger than a capture's own: some 80,000 secrets. */
const LARGE_LOGS = 16 * 1024 * 1024;
/** A handshake inside TLS (an HTTPS proxy, a renegotiation) is seen only once the keys of the outer one were chosen. */
const MAX_ROUNDS = 3;

/** What is asked for by option. */
export interface KeyOptions {
  readonly keylogs?: readonly string[] | undefined;
  readonly rsaKeys?: readonly string[] | undefined;
}

/** All keys of one run. */
export interface CaptureKeys {
  /** A file that was named but cannot be used. */
  readonly failure: { readonly path: string; readonly why: string } | null;
  /** Takes a Decryption Secrets Block. */
  embedded(type: number, data: Uint8Array): void;
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
  facts(): { readonly sources: readonly string[]; readonly sessions: number; readonly tlsConnections: number };
}

/**
 * Reads the keys for a capture. `capture` is its path; null or "-" has nothing beside it. Where the capture can be read again
 * (`rereadable`), key logs much larger than a capture's own wait until it is known which sessions are in it.
 */
export function loadKeys(
  capture: string | null,
  options: KeyOptions,
  choices: OpenerOptions,
  rereadable: () => boolean,
  ciphers: TlsPlatform = nodeCrypto,
): CaptureKeys {
  let store = createKeyStore();
  const cache = createSessionCache();
  const sources = new Set<string>();
  let failure: CaptureKeys["failure"] = null;
  const named = [...new Set(options.keylogs ?? [])];
  const found = beside(capture).filter((path) => !named.includes(path));
  /** Key logs wait for the first reading of the capture, which only notes what it would need. */
  let waiting = sizeOf([...named, ...found]) > LARGE_LOGS && rereadable();
  const readAll = (): void => {
    for (const path of named) {
      if (waiting && isFile(path)) continue;
      const why = readInto(path, store);
      if (why !== null) failure ??= { path, why: `the key log cannot be read: ${why}` };
      sources.add("keylog");
    }
    for (const path of options.rsaKeys ?? []) {
      const why = readRsaKey(path, store, ciphers);
      if (why !== null) failure ??= { path, why };
      sources.add("rsa-key");
    }
    for (const path of found) if (!waiting && readInto(path, store) === null) sources.add("beside");
  };
  readAll();
  /** How often the capture was read with a choice of keys, and what had been asked for before. */
  let rounds = 0;
  let askedBefore = 0;
  let sessions = 0;
  let connections = 0;
  let late = false;
  return {
    get failure() {
      return failure;
    },
    get late() {
      if (waiting) return true;
      const crowded = rounds === 0 ? store.counts.dropped > 0 : rounds < MAX_ROUNDS && store.asked > askedBefore;
      return late || (connections > 0 && crowded);
    },
    again() {
      if (rounds > 0 || waiting || store.counts.dropped > 0) {
        const before = store;
        waiting = false;
        sessions = Math.max(sessions, before.sessions + before.passed);
        askedBefore = before.asked;
        store = createKeyStore({ wanted: (random) => before.wasAsked(random) });
        rounds++;
        readAll();
      }
      connections = 0;
      late = false;
    },
    get dropped() {
      return store.counts.dropped;
    },
    embedded(type, data) {
      if (type !== TLS_KEY_LOG) return;
      const reader = readKeyLog(store);
      const before = store.counts.secrets - store.counts.duplicates;
      reader.push(data, 0, data.length);
      reader.end();
      sources.add("embedded");
      if (connections > 0 && store.counts.secrets - store.counts.duplicates > before) late = true;
    },
    has(random) {
      // A connection that is followed only if there are keys for it: whether there are will be known the next time.
      if (waiting) store.ask(random);
      return store.has(random);
    },
    opener() {
      connections++;
      if (!waiting && store.sessions === 0 && store.rsaKeys.length === 0) return null;
      return createRecordOpener(store, ciphers, cache, choices);
    },
    facts: () => ({
      sources: [...sources],
      sessions: Math.max(sessions, store.sessions + store.passed),
      tlsConnections: connections,
    }),
  };
}

/** Key logs beside the capture: NAME.keys for NAME.pcap, and for NAME.pcap.gz. */
function beside(capture: string | null): string[] {
  if (capture === null || capture === "-") return [];
  const stem = capture.replace(/\.(gz|zst)$/i, "").replace(/\.(pcap|pcapng|cap|dmp|ntar)$/i, "");
  const folder = dirname(capture);
  const names = namesIn(folder);
  const candidates = BESIDE.map((ending) => stem + ending);
  return candidates.filter((path) => names?.has(basename(path).toLowerCase()) !== false && isFile(path));
}

/** The folder that was looked at last, and what it held when it was last changed: an audit asks for each of its captures. */
let lastFolder = "";
let lastChanged = -1;
let lastNames: ReadonlySet<string> | null = null;

/** Names in a folder that is asked for again; null where each name is better looked for by itself. */
function namesIn(folder: string): ReadonlySet<string> | null {
  const again = folder === lastFolder;
  lastFolder = folder;
  if (!again) {
    lastNames = null;
    return null;
  }
  try {
    const changed = statSync(folder).mtimeMs;
    // A folder that is changing now may change again within the grain of its time stamp.
    if (Date.now() - changed < SETTLED_MS) return null;
    if (lastNames === null || changed !== lastChanged) {
      // In lower case: some file systems do not tell the cases apart.
      lastNames = new Set(readdirSync(folder).map((name) => name.toLowerCase()));
      lastChanged = changed;
    }
    return lastNames;
  } catch {
    // A folder that may be entered and not listed.
    return null;
  }
}

/** Bytes of those among `paths` that are files and can be read twice. */
function sizeOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + (isFile(path) ? statSync(path).size : 0), 0);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function readInto(path: string, store: KeyStore): string | null {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, "r");
    const reader = readKeyLog(store);
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let length = readSync(descriptor, chunk); length > 0; length = readSync(descriptor, chunk)) {
      reader.push(chunk, 0, length);
    }
    reader.end();
    return null;
  } catch (error) {
    return reasonOf(error);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function readRsaKey(path: string, store: KeyStore, ciphers: TlsPlatform): string | null {
  try {
    return store.addRsaKey(readFileSync(path, "latin1"), ciphers)
      ? null
      : "there is no RSA private key in this file (PEM, not encrypted)";
  } catch (error) {
    return `the RSA key cannot be read: ${reasonOf(error)}`;
  }
}

/** The message without the path, which stands before it anyway. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+(?: '.*')?$/s, "") : String(error);
}
