// Key logs: named by option, found beside the capture, or embedded in it; and an opener for each TLS connection.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { KeyFacts } from "../diagnosis/index.ts";
import {
  createKeyStore,
  createRecordOpener,
  createSessionCache,
  readKeyLog,
  type TlsOpener,
} from "../tls-decrypt/index.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** Endings under which a key log lies beside its capture. */
const BESIDE = [".keys", ".keylog", ".sslkeylog"];
/** Secrets type of TLS key logs in a pcapng Decryption Secrets Block. */
const TLS_KEY_LOG = 0x544c534b;
const CHUNK_BYTES = 256 * 1024;

/** All keys of one run. */
export interface CaptureKeys {
  /** A key log that was named but cannot be read. */
  readonly failure: { readonly path: string; readonly why: string } | null;
  embedded(type: number, data: Uint8Array): void;
  opener(): TlsOpener | null;
  facts(): KeyFacts;
}

/** Reads the key logs of a capture. `capture` is its path; null or "-" has nothing beside it. */
export async function loadKeys(capture: string | null, named: readonly string[]): Promise<CaptureKeys> {
  const store = createKeyStore();
  const cache = createSessionCache();
  const sources = new Set<string>();
  let failure: CaptureKeys["failure"] = null;
  for (const path of named) {
    const why = readInto(path, readKeyLog(store));
    if (why !== null) failure ??= { path, why: `the key log cannot be read: ${why}` };
    sources.add("keylog");
  }
  for (const path of beside(capture)) {
    if (named.includes(path)) continue;
    if (readInto(path, readKeyLog(store)) === null) sources.add("beside");
  }
  const openers: TlsOpener[] = [];
  let connections = 0;
  let decrypted = 0;
  const settle = (): void => {
    for (const { stats } of openers.splice(0)) if (stats.client.opened + stats.server.opened > 0) decrypted++;
  };
  return {
    failure,
    embedded(type, data) {
      if (type !== TLS_KEY_LOG) return;
      const reader = readKeyLog(store);
      reader.push(data, 0, data.length);
      reader.end();
      sources.add("embedded");
    },
    opener() {
      connections++;
      if (store.sessions === 0 && store.rsaKeys.length === 0) return null;
      const opener = createRecordOpener(store, nodeCrypto, cache);
      openers.push(opener);
      return opener;
    },
    facts() {
      settle();
      return { sources: [...sources], sessions: store.sessions, decrypted, tlsConnections: connections };
    },
  };
}

/** Key logs beside the capture: NAME.keys for NAME.pcap, and for NAME.pcap.gz. */
function beside(capture: string | null): string[] {
  if (capture === null || capture === "-") return [];
  const stem = capture.replace(/\.(gz|zst)$/i, "").replace(/\.(pcap|pcapng|cap|dmp|ntar)$/i, "");
  return BESIDE.map((ending) => stem + ending).filter(
    (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
  );
}

function readInto(path: string, reader: ReturnType<typeof readKeyLog>): string | null {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, "r");
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let length = readSync(descriptor, chunk); length > 0; length = readSync(descriptor, chunk))
      reader.push(chunk, 0, length);
    reader.end();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/, \w+ '.*'$/s, "") : String(error);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
