// Up to TLS 1.2: one handshake of a connection, and the keys that its ChangeCipherSpecs put in force (RFC 5246 §6.3).
import type { TlsRole } from "../tls-parse/index.ts";
import { Aead12 } from "./aead.ts";
import { Compressed, DEFLATE } from "./compression.ts";
import type { EpochSource } from "./direction.ts";
import { type KeyStore, SECRET } from "./key-store.ts";
import { legacyCbc } from "./legacy/cbc.ts";
import { Rc4 } from "./legacy/rc4.ts";
import { CbcProtection, MAC_LENGTH, RecordMac, StreamProtection } from "./mac.ts";
import type { TlsPlatform } from "./platform.ts";
import { findPremaster } from "./premaster.ts";
import type { Protection } from "./protection.ts";
import { type Era, eraOf, exportKeys, extendedMasterSecret, keyBlock, masterSecret } from "./schedule-1.2.ts";
import type { SessionCache } from "./sessions.ts";
import { type Cipher, type Suite, suiteOf } from "./suites.ts";
import type { KeySource } from "./types.ts";

/** What the ServerHello settled. */
export interface Negotiated {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly version: number;
  readonly suite: number;
  readonly encryptThenMac: boolean;
  readonly extendedMaster: boolean;
  /** CompressionMethod (RFC 3749). */
  readonly compression: number;
}

/** One handshake (the first or a renegotiation): collects what the keys depend on, and makes them when first needed. */
export class Handshake12 {
  readonly clientRandom: Uint8Array;
  /** Ticket that the client offered (RFC 5077 §3.2), or null. */
  readonly #ticket: Uint8Array | null;
  readonly #keys: KeyStore;
  readonly #platform: TlsPlatform;
  readonly #sessions: SessionCache;
  negotiated: Negotiated | null = null;
  /** A message was seen that no abbreviated handshake has (RFC 5246 §7.3): nothing is resumed, whatever was offered. */
  full = false;
  /** Body of ClientKeyExchange, and all handshake messages up to it, if premasters may be needed. */
  clientKeyExchange: Uint8Array | null = null;
  transcript: Uint8Array | null = null;
  source: KeySource = "none";
  #master: Uint8Array | null = null;
  #missedAt = -1;
  readonly #made: { client: Protection | null; server: Protection | null } = { client: null, server: null };
  unsupported = false;

  constructor(
    clientRandom: Uint8Array,
    ticket: Uint8Array | null,
    keys: KeyStore,
    platform: TlsPlatform,
    sessions: SessionCache,
  ) {
    this.clientRandom = clientRandom;
    this.#ticket = ticket;
    this.#keys = keys;
    this.#platform = platform;
    this.#sessions = sessions;
  }

  /** Bytes that wait for a premaster secret, and those that decompress. */
  get kept(): number {
    const { client, server } = this.#made;
    const waiting = (this.transcript?.length ?? 0) + (this.clientKeyExchange?.length ?? 0);
    return waiting + keptOf(client) + keptOf(server);
  }

  /** The keys of one side, for `Direction`. */
  epochs(side: TlsRole): EpochSource {
    const handshake = this;
    return {
      hasNext: false,
      get unsupported() {
        return handshake.unsupported;
      },
      protection: () => this.#protection(side),
    };
  }

  /** The server gave a ticket: what resumes with it has this session's master secret. */
  rememberTicket(ticket: Uint8Array): void {
    const master = this.#findMaster();
    if (master !== null && ticket.length > 0) this.#sessions.remember(ticket, master);
  }

  /** The handshake is over: its session id may be offered again. */
  rememberSession(): void {
    const id = this.negotiated?.sessionId;
    if (id === undefined || id.length === 0) return;
    const master = this.#findMaster();
    if (master !== null) this.#sessions.remember(id, master);
  }

  #protection(side: TlsRole): Protection | null {
    if (this.#made[side] !== null) return this.#made[side];
    const { negotiated } = this;
    if (negotiated === null || this.unsupported) return null;
    const suite = suiteOf(negotiated.suite);
    if (suite === null || suite.tls13 || negotiated.compression > DEFLATE) {
      this.unsupported = true;
      return null;
    }
    const master = this.#findMaster();
    if (master === null) return null;
    const plain = this.#makeProtection(side, master, suite, negotiated);
    const made = plain !== null && negotiated.compression === DEFLATE ? new Compressed(plain) : plain;
    this.#made[side] = made;
    this.unsupported = made === null;
    return made;
  }

  #findMaster(): Uint8Array | null {
    if (this.#master !== null || this.negotiated === null) return this.#master;
    // ClientKeyExchange may come after a first look: it is part of what a failed lookup depended on.
    const stamp = this.#keys.generation * 2 + (this.clientKeyExchange === null ? 0 : 1);
    if (stamp === this.#missedAt) return null;
    this.#master = this.#lookUp(this.negotiated);
    this.#missedAt = stamp;
    if (this.#master !== null) this.transcript = null;
    return this.#master;
  }

  #lookUp(negotiated: Negotiated): Uint8Array | null {
    const keys = this.#keys;
    const logged = keys.find(SECRET.master, this.clientRandom) ?? keys.findBySession(negotiated.sessionId);
    if (logged !== null) {
      this.source = "key-log";
      return logged;
    }
    const premaster = keys.find(SECRET.premaster, this.clientRandom);
    if (premaster !== null) return this.#derive("key-log-premaster", premaster, negotiated);
    if (!this.full) return this.#recall(negotiated);
    if (this.clientKeyExchange === null) return null;
    const suite = suiteOf(negotiated.suite);
    if (suite === null || !suite.rsaKeyExchange) return null;
    const found = findPremaster(keys, this.clientKeyExchange);
    return found === null ? null : this.#derive(found.source, found.premaster, negotiated);
  }

  /** The session is resumed: by ticket if one was offered, else by the id that came back. */
  #recall(negotiated: Negotiated): Uint8Array | null {
    const byTicket = this.#ticket === null ? null : this.#sessions.recall(this.#ticket);
    const master = byTicket ?? (negotiated.sessionId.length > 0 ? this.#sessions.recall(negotiated.sessionId) : null);
    if (master !== null) this.source = "resumed";
    return master;
  }

  #derive(source: KeySource, premaster: Uint8Array, negotiated: Negotiated): Uint8Array | null {
    const schedule = this.#schedule(negotiated);
    this.source = source;
    if (!negotiated.extendedMaster) return masterSecret(schedule, premaster, this.clientRandom, negotiated.random);
    // RFC 7627 §4: without the whole transcript nothing can be derived.
    return this.transcript === null ? null : extendedMasterSecret(schedule, premaster, this.transcript);
  }

  #schedule(negotiated: Negotiated) {
    const hash = suiteOf(negotiated.suite)?.prf ?? "sha256";
    return { platform: this.#platform, era: eraOf(negotiated.version), hash };
  }

  #makeProtection(side: TlsRole, master: Uint8Array, suite: Suite, negotiated: Negotiated): Protection | null {
    const schedule = this.#schedule(negotiated);
    const { cipher } = suite;
    const sizes = sizesOf(suite, cipher);
    const block = keyBlock(schedule, master, this.clientRandom, negotiated.random, 2 * sizes.total);
    // RFC 5246 §6.3: client MAC, server MAC, client key, server key, client IV, server IV.
    const nth = side === "client" ? 0 : 1;
    let at = 0;
    const take = (length: number): Uint8Array => {
      const part = block.slice(at + nth * length, at + (nth + 1) * length);
      at += 2 * length;
      return part;
    };
    const macKey = take(sizes.mac);
    let key = take(sizes.key);
    let iv = take(sizes.iv);
    if ((cipher.kind === "cbc" || cipher.kind === "rc4") && cipher.exportKey !== null) {
      const ivLength = cipher.kind === "cbc" ? cipher.block : 0;
      const randoms = [this.clientRandom, negotiated.random] as const;
      ({ key, iv } = exportKeys(schedule, side, key, randoms[0], randoms[1], cipher.key, ivLength));
    }
    if (cipher.kind === "aead") {
      const aead = this.#platform.aead(cipher.name, key);
      return aead === null ? null : new Aead12(aead, iv, cipher.tag);
    }
    const mac = new RecordMac(this.#platform, suite.mac!, macKey, schedule.era === "ssl3");
    if (cipher.kind === "null") return new StreamProtection(null, mac);
    if (cipher.kind === "rc4") return new StreamProtection(new Rc4(key), mac);
    return this.#makeCbc(cipher, key, iv, mac, schedule.era, negotiated);
  }

  #makeCbc(
    cipher: Cipher & { kind: "cbc" },
    key: Uint8Array,
    iv: Uint8Array,
    mac: RecordMac,
    era: Era,
    negotiated: Negotiated,
  ): Protection | null {
    const repeated = new Uint8Array(key.length * cipher.repeat);
    for (let i = 0; i < cipher.repeat; i++) repeated.set(key, i * key.length);
    const cbc = this.#platform.cbc(cipher.name, repeated) ?? legacyCbc(cipher.name, repeated);
    if (cbc === null) return null;
    const layout = {
      block: cipher.block,
      // RFC 4346 §6.2.3.2: from TLS 1.1 on.
      explicitIv: negotiated.version >= 0x0302,
      encryptThenMac: negotiated.encryptThenMac,
      ssl3: era === "ssl3",
    };
    return new CbcProtection(cbc, mac, layout, iv);
  }
}

function keptOf(made: Protection | null): number {
  return made instanceof Compressed ? made.kept : 0;
}

/** Lengths of the parts of the key block, per side. */
function sizesOf(suite: Suite, cipher: Cipher): { mac: number; key: number; iv: number; total: number } {
  const mac = suite.mac === null ? 0 : MAC_LENGTH[suite.mac];
  const key = cipher.kind === "null" ? 0 : "exportKey" in cipher ? (cipher.exportKey ?? cipher.key) : cipher.key;
  // RFC 5288 §3: salt of 4 bytes; RFC 7905 §2: IV of 12. CBC: TLS 1.0 takes its first IV from here; asking for more
  // bytes than later versions use changes nothing before them.
  const iv =
    cipher.kind === "aead" ? (cipher.name === "chacha20-poly1305" ? 12 : 4) : cipher.kind === "cbc" ? cipher.block : 0;
  return { mac, key, iv, total: mac + key + iv };
}
