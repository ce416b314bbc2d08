// Walks the records of a conversation and calls an opener as tls-parse does, with hooks to damage, drop or pass records over.
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import {
  createKeyStore,
  createRecordOpener,
  createSessionCache,
  type KeyStore,
  readKeyLog,
  type SessionCache,
  type TlsOpener,
} from "../../src/tls-decrypt/index.ts";
import type { ClientHello, ServerHello, TlsRole } from "../../src/tls-parse/index.ts";
import type { TappedPiece } from "../harness/tls-talk.ts";

/** One record as it lay on the wire. */
export interface WireRecord {
  readonly from: TlsRole;
  readonly type: number;
  readonly version: number;
  readonly body: Uint8Array;
}

/** What became of the records. */
export interface Walked {
  /** Plaintext of application data per side. */
  readonly data: { client: string; server: string };
  /** Types of the handshake messages that were opened, in order. */
  readonly messages: { readonly client: number[]; readonly server: number[] };
  readonly alerts: { readonly client: string[]; readonly server: string[] };
  opened: number;
  /** Records that `open` was called for in vain. */
  failed: number;
  notWanted: number;
  readonly failures: ("no-keys" | "damaged" | null)[];
  /** What each record held that was opened, by its index: its type, and its bytes as Latin-1. */
  readonly contents: Map<number, string>;
  readonly opener: TlsOpener;
}

/** The key store of a key log. */
export function storeOf(keyLog: string | Uint8Array): KeyStore {
  const store = createKeyStore();
  const reader = readKeyLog(store);
  const bytes = typeof keyLog === "string" ? Buffer.from(keyLog, "latin1") : keyLog;
  reader.push(bytes, 0, bytes.length);
  reader.end();
  return store;
}

/** A fresh opener for a key log. */
export function openerFor(keys: KeyStore | string, sessions: SessionCache = createSessionCache()): TlsOpener {
  return createRecordOpener(typeof keys === "string" ? storeOf(keys) : keys, nodeCrypto, sessions);
}

/** The records of all pieces, in the order in which each became complete. */
export function recordsOf(pieces: readonly TappedPiece[]): WireRecord[] {
  const records: WireRecord[] = [];
  const held: Record<TlsRole, Buffer> = { client: Buffer.alloc(0), server: Buffer.alloc(0) };
  for (const { from, bytes } of pieces) {
    let buffer = Buffer.concat([held[from], bytes]);
    if (buffer[0]! & 0x80 && buffer[2] === 1) {
      const end = 2 + (buffer.readUInt16BE(0) & 0x7fff);
      records.push({ from, type: SSLV2, version: 2, body: new Uint8Array(buffer.subarray(2, end)) });
      buffer = buffer.subarray(end);
    }
    while (buffer.length >= 5 && buffer.length >= 5 + buffer.readUInt16BE(3)) {
      const end = 5 + buffer.readUInt16BE(3);
      const body = new Uint8Array(buffer.subarray(5, end));
      records.push({ from, type: buffer[0]!, version: buffer.readUInt16BE(1), body });
      buffer = buffer.subarray(end);
    }
    held[from] = buffer;
  }
  return records;
}

/** What to do with a record instead of walking it: "gap" loses it. */
export type Meddle = (record: WireRecord, index: number) => WireRecord | "gap";

/** Walks `records` with `opener`. */
export function walk(records: readonly WireRecord[], opener: TlsOpener, meddle: Meddle = (record) => record): Walked {
  const walked: Walked = {
    data: { client: "", server: "" },
    messages: { client: [], server: [] },
    alerts: { client: [], server: [] },
    opened: 0,
    failed: 0,
    notWanted: 0,
    failures: [],
    contents: new Map(),
    opener,
  };
  const held: Record<TlsRole, Buffer> = { client: Buffer.alloc(0), server: Buffer.alloc(0) };
  const ciphered = { client: false, server: false };
  for (const [index, wire] of records.entries()) {
    const record = meddle(wire, index);
    const { from, type } = wire;
    if (record === "gap") {
      opener.gap(from);
      held[from] = Buffer.alloc(0);
      continue;
    }
    if (type === SSLV2) {
      const message = Buffer.from(record.body);
      opener.clientHello(sslv2Hello(message));
      opener.handshake(from, message, 0, message.length);
      continue;
    }
    if (type === 20) {
      opener.changeCipherSpec(from);
      ciphered[from] = true;
      continue;
    }
    const plain = type === 22 && (record.body[0] === 1 || record.body[0] === 2) && looksPlain(record.body);
    const isProtected = type === 23 || (ciphered[from] && !plain);
    let content: { type: number; bytes: Uint8Array; start: number; end: number } | null = null;
    if (isProtected) {
      // Somewhere inside a larger buffer, as in a segment.
      const buffer = new Uint8Array(record.body.length + 8).fill(0xee);
      buffer.set(record.body, 5);
      if (!opener.wants(from, type, record.body.length)) {
        walked.notWanted++;
        opener.skipped(from, type, record.body.length);
        continue;
      }
      content = opener.open(from, record.type, record.version, buffer, 5, 5 + record.body.length);
      if (content === null) {
        walked.failed++;
        walked.failures.push(opener.lastFailure);
        continue;
      }
      walked.opened++;
    } else content = { type, bytes: record.body, start: 0, end: record.body.length };
    const bytes = Buffer.from(content.bytes.slice(content.start, content.end));
    if (isProtected) walked.contents.set(index, `${content.type}: ${bytes.toString("latin1")}`);
    if (content.type === 23) walked.data[from] += bytes.toString("latin1");
    if (content.type === 21 && isProtected) walked.alerts[from].push(bytes.toString("hex"));
    if (content.type === 22)
      held[from] = messages(from, Buffer.concat([held[from], bytes]), opener, walked, isProtected);
  }
  return walked;
}

/** A hello in the clear after ChangeCipherSpec: a second ClientHello after a HelloRetryRequest, or its answer. */
function looksPlain(body: Uint8Array): boolean {
  return body.length >= 4 && 4 + ((body[1]! << 16) | (body[2]! << 8) | body[3]!) <= body.length && body[4] === 3;
}

function messages(from: TlsRole, buffer: Buffer, opener: TlsOpener, walked: Walked, inside: boolean): Buffer {
  let rest = buffer;
  while (rest.length >= 4 && rest.length >= 4 + rest.readUIntBE(1, 3)) {
    const message = rest.subarray(0, 4 + rest.readUIntBE(1, 3));
    rest = rest.subarray(message.length);
    if (message[0] === 1) opener.clientHello(clientHello(message));
    if (message[0] === 2) opener.serverHello(serverHello(message));
    // Somewhere inside a larger buffer, as in a record.
    const larger = Buffer.concat([Buffer.alloc(7, 0xee), message, Buffer.alloc(3, 0xee)]);
    opener.handshake(from, larger, 7, 7 + message.length);
    if (inside) walked.messages[from].push(message[0]!);
  }
  return rest;
}

/** Stands for the record type that an SSLv2-compatible ClientHello does not have (RFC 5246 §E.2). */
const SSLV2 = 0x80;

function sslv2Hello(message: Buffer): ClientHello {
  const lengths = [3, 5, 7].map((at) => message.readUInt16BE(at)) as [number, number, number];
  const at = 9 + lengths[0] + lengths[1];
  const random = message.subarray(at, at + lengths[2]);
  return {
    random,
    cipherSuites: [],
    extensions: [],
    supportedVersions: [],
    earlyData: false,
    raw: message,
  } as unknown as ClientHello;
}

const RETRY = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

function clientHello(message: Buffer): ClientHello {
  let p = 4 + 2 + 32;
  p += 1 + message[p]!;
  const suites = 2 + message.readUInt16BE(p);
  const cipherSuites = Array.from({ length: (suites - 2) / 2 }, (_, i) => message.readUInt16BE(p + 2 + 2 * i));
  p += suites;
  p += 1 + message[p]!;
  const extensions = extensionsAt(message, p);
  const versions = extensions.find((extension) => extension.type === 43)?.data ?? Buffer.alloc(0);
  const supportedVersions = Array.from({ length: versions.length >> 1 }, (_, i) => versions.readUInt16BE(1 + 2 * i));
  const earlyData = extensions.some((extension) => extension.type === 42);
  return {
    random: message.subarray(6, 38),
    cipherSuites,
    extensions,
    supportedVersions,
    earlyData,
    raw: message,
  } as unknown as ClientHello;
}

function serverHello(message: Buffer): ServerHello {
  const idLength = message[38]!;
  const p = 39 + idLength;
  const extensions = extensionsAt(message, p + 3);
  const version =
    extensions.find((extension) => extension.type === 43)?.data.readUInt16BE(0) ?? message.readUInt16BE(4);
  const random = message.subarray(6, 38);
  return {
    random,
    retry: random.toString("hex") === RETRY,
    version,
    sessionId: message.subarray(39, p),
    cipherSuite: message.readUInt16BE(p),
    extensions,
    raw: message,
  } as unknown as ServerHello;
}

function extensionsAt(message: Buffer, at: number): { type: number; data: Buffer }[] {
  const extensions: { type: number; data: Buffer }[] = [];
  for (let p = at + 2; p + 4 <= message.length; p += 4 + message.readUInt16BE(p + 2)) {
    extensions.push({
      type: message.readUInt16BE(p),
      data: message.subarray(p + 4, p + 4 + message.readUInt16BE(p + 2)),
    });
  }
  return extensions;
}
