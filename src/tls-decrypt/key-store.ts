// The secrets of a capture, compact enough for key logs of millions of lines: one arena of bytes, one table of offsets.
import type { RsaKey, TlsPlatform } from "./platform.ts";
import { HashCounter, hashOf, RandomSet } from "./random-set.ts";

/** Kinds of secrets that open records, looked up by client random. */
export const SECRET = {
  /** TLS 1.2 and older: the master secret. */
  master: 1,
  /** The premaster secret (PMS_CLIENT_RANDOM). */
  premaster: 2,
  clientHandshake: 3,
  serverHandshake: 4,
  clientTraffic: 5,
  serverTraffic: 6,
  clientEarly: 7,
} as const;

export type SecretKind = (typeof SECRET)[keyof typeof SECRET];

/** What a key log contributed; for the report. Counts only, never values. */
interface KeyLogCounts {
  lines: number;
  /** Lines that gave a secret, duplicates included. */
  secrets: number;
  duplicates: number;
  /** Labels that are known and not needed (exporter, ECH, QUIC), by name. */
  ignored: Record<string, number>;
  /** Labels that are not known. */
  unknown: number;
  malformed: number;
  /** Line numbers, from 1, of the first malformed lines. */
  malformedLines: number[];
  /** Secrets of sessions that are not in the capture (`wanted` said so). */
  unwanted: number;
  /** Secrets dropped because the store was full. */
  dropped: number;
}

/** Secrets by client random, by encrypted premaster and by session id. */
export interface KeyStore {
  /** Different client randoms (and other handles) that secrets are held for. */
  readonly sessions: number;
  /** Sessions that were not wanted and are not held; of hundreds of thousands some hundredths of a percent too few. */
  readonly passed: number;
  /** Of these, how many a connection of the capture asked for. */
  readonly matched: number;
  /** Different ClientHello randoms that were looked up. */
  readonly asked: number;
  /** RSA private keys held. */
  readonly rsaKeys: readonly RsaKey[];
  /** Goes up with everything that is added: a lookup that failed is worth repeating only if this has changed. */
  readonly generation: number;
  /** Whether premaster secrets or RSA keys are held: handshakes with RSA key exchange are worth following then. */
  readonly hasPremasters: boolean;
  readonly counts: KeyLogCounts;
  /** The secret of this kind for a 32-byte client random, copied; null if there is none. */
  find(kind: SecretKind, random: Uint8Array): Uint8Array | null;
  /** Premaster secret by the first 8 bytes of its encrypted form in ClientKeyExchange. */
  findPremaster(encrypted: Uint8Array): Uint8Array | null;
  /** Master secret by session id. */
  findBySession(id: Uint8Array): Uint8Array | null;
  /** Whether any secret for this client random is held. */
  has(random: Uint8Array): boolean;
  /** Notes that a connection with this client random was met. */
  ask(random: Uint8Array): void;
  /** Whether it was noted. Only below the limit of what is remembered. */
  wasAsked(random: Uint8Array): boolean;
  add(kind: SecretKind, random: Uint8Array, secret: Uint8Array): void;
  addPremaster(encrypted: Uint8Array, premaster: Uint8Array): void;
  addSession(id: Uint8Array, master: Uint8Array): void;
  /** Takes the RSA private keys of a PEM text; false if none could be read. */
  addRsaKey(pem: string, platform: TlsPlatform): boolean;
}

interface KeyStoreOptions {
  /** Which client randoms the capture needs, if that is known: all others are counted and not kept. */
  readonly wanted?: (random: Uint8Array) => boolean;
}

const RANDOM = 32;
/** Longest secret: SHA-384's 48 bytes; the bound of a row leaves room for a SHA-512 suite. */
const MAX_SECRET = 64;
/** kind, length, random, secret. */
const ROW_HEAD = 2 + RANDOM;
/** 64 MiB hold about 800,000 secrets: 200,000 TLS 1.3 sessions and more, and leave the program below its 300 MB. */
const MAX_ARENA = 64 << 20;
const FIRST_ARENA = 16 << 10;
const FIRST_SLOTS = 256;
const NO_BYTES = new Uint8Array(0);
/** One slot, and it is empty. */
const NO_SLOTS = new Uint32Array(1);
/** Premasters, session ids and RSA keys are rare: written by hand or by old programs. */
const MAX_SMALL = 100_000;
const MAX_RSA_KEYS = 16;
/** Randoms remembered as asked for; beyond this the number is a lower bound. */
const MAX_ASKED = 1 << 18;

/** An empty store. */
export function createKeyStore(options: KeyStoreOptions = {}): KeyStore {
  return new Store(options.wanted ?? null);
}

class Store implements KeyStore {
  readonly counts: KeyLogCounts = {
    lines: 0,
    secrets: 0,
    duplicates: 0,
    ignored: {},
    unknown: 0,
    malformed: 0,
    malformedLines: [],
    unwanted: 0,
    dropped: 0,
  };
  readonly rsaKeys: RsaKey[] = [];
  generation = 0;
  matched = 0;
  /** Client randoms that were not wanted; null while there are none. */
  #passed: HashCounter | null = null;
  readonly #wanted: ((random: Uint8Array) => boolean) | null;
  // Made with the first secret.
  #arena = NO_BYTES;
  #used = 0;
  /** Offset of a row in the arena, plus one; 0 is empty. Open addressing, linear probing, power of two. */
  #slots = NO_SLOTS;
  #rows = 0;
  #randoms = 0;
  readonly #premasters = new Map<string, Uint8Array>();
  readonly #bySession = new Map<string, Uint8Array>();
  readonly #askedFor = new RandomSet(MAX_ASKED);

  constructor(wanted: ((random: Uint8Array) => boolean) | null) {
    this.#wanted = wanted;
  }

  get sessions(): number {
    return this.#randoms + this.#premasters.size + this.#bySession.size;
  }

  get passed(): number {
    return this.#passed?.count ?? 0;
  }

  get asked(): number {
    return this.#askedFor.size;
  }

  get hasPremasters(): boolean {
    return this.#premasters.size > 0 || this.rsaKeys.length > 0;
  }

  find(kind: SecretKind, random: Uint8Array): Uint8Array | null {
    if (random.length !== RANDOM) return null;
    const row = this.#slots[this.#probe(kind, random)]!;
    if (row === 0) return null;
    const at = row - 1 + ROW_HEAD;
    return this.#arena.slice(at, at + this.#arena[row]!);
  }

  findPremaster(encrypted: Uint8Array): Uint8Array | null {
    return this.#premasters.get(key(encrypted.subarray(0, 8))) ?? null;
  }

  findBySession(id: Uint8Array): Uint8Array | null {
    return this.#bySession.get(key(id)) ?? null;
  }

  ask(random: Uint8Array): void {
    if (this.#askedFor.add(random) && this.has(random)) this.matched++;
  }

  wasAsked(random: Uint8Array): boolean {
    return this.#askedFor.has(random);
  }

  add(kind: SecretKind, random: Uint8Array, secret: Uint8Array): void {
    this.counts.secrets++;
    if (random.length !== RANDOM || secret.length > MAX_SECRET) return;
    if (this.#wanted !== null && !this.#wanted(random)) {
      this.counts.unwanted++;
      this.#passed ??= new HashCounter();
      this.#passed.add(hashOf(random, 0));
      return;
    }
    const row = this.#slots[this.#probe(kind, random)]!;
    if (row !== 0 && this.#arena[row] === secret.length) {
      // The last line wins, as in Wireshark: a session that was logged twice has the same secret in both.
      this.#arena.set(secret, row - 1 + ROW_HEAD);
      this.counts.duplicates++;
    } else if (!this.#append(kind, random, secret)) {
      this.counts.dropped++;
      return;
    }
    this.generation++;
  }

  addPremaster(encrypted: Uint8Array, premaster: Uint8Array): void {
    this.#addSmall(this.#premasters, key(encrypted.subarray(0, 8)), premaster);
  }

  addSession(id: Uint8Array, master: Uint8Array): void {
    this.#addSmall(this.#bySession, key(id), master);
  }

  addRsaKey(pem: string, platform: TlsPlatform): boolean {
    if (this.rsaKeys.length >= MAX_RSA_KEYS) return false;
    const rsa = platform.rsaKey(pem);
    if (rsa === null) return false;
    this.rsaKeys.push(rsa);
    this.generation++;
    return true;
  }

  #addSmall(map: Map<string, Uint8Array>, handle: string, secret: Uint8Array): void {
    this.counts.secrets++;
    if (map.has(handle)) this.counts.duplicates++;
    else if (map.size >= MAX_SMALL) {
      this.counts.dropped++;
      return;
    }
    map.set(handle, secret.slice());
    this.generation++;
  }

  has(random: Uint8Array): boolean {
    // Asked for every connection of a capture, mostly without any key log.
    if (this.#rows === 0) return false;
    for (const kind of KINDS) if (this.#slots[this.#probe(kind, random)] !== 0) return true;
    return false;
  }

  #append(kind: SecretKind, random: Uint8Array, secret: Uint8Array): boolean {
    const size = ROW_HEAD + secret.length;
    if (this.#used + size > MAX_ARENA) return false;
    if (this.#used + size > this.#arena.length) {
      const larger = new Uint8Array(Math.min(MAX_ARENA, Math.max(FIRST_ARENA, this.#arena.length * 2)));
      larger.set(this.#arena);
      this.#arena = larger;
    }
    const known = this.has(random);
    if (!known) this.#randoms++;
    // A connection may have asked before its secrets came.
    if (!known && this.#askedFor.has(random)) this.matched++;
    const at = this.#used;
    this.#arena[at] = kind;
    this.#arena[at + 1] = secret.length;
    this.#arena.set(random, at + 2);
    this.#arena.set(secret, at + ROW_HEAD);
    this.#used += size;
    if (++this.#rows * 2 > this.#slots.length) this.#grow();
    this.#slots[this.#probe(kind, random)] = at + 1;
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(Math.max(FIRST_SLOTS, old.length * 2));
    for (const row of old) {
      if (row === 0) continue;
      const at = row - 1;
      const kind = this.#arena[at]! as SecretKind;
      this.#slots[this.#probe(kind, this.#arena.subarray(at + 2, at + ROW_HEAD))] = row;
    }
  }

  /** Index of the slot that holds this kind and random, or of the empty one where it belongs. */
  #probe(kind: SecretKind, random: Uint8Array): number {
    const mask = this.#slots.length - 1;
    let h = kind * 0x9e3779b1;
    for (let i = 0; i < RANDOM; i++) h = Math.imul(h ^ random[i]!, 0x01000193);
    for (let slot = (h ^ (h >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]!;
      if (row === 0 || this.#isRow(row - 1, kind, random)) return slot;
    }
  }

  #isRow(at: number, kind: SecretKind, random: Uint8Array): boolean {
    if (this.#arena[at] !== kind) return false;
    for (let i = 0; i < RANDOM; i++) if (this.#arena[at + 2 + i] !== random[i]) return false;
    return true;
  }
}

const KINDS: readonly SecretKind[] = Object.values(SECRET);

/** Short byte strings as map keys, one character per byte. */
function key(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
