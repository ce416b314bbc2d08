// TLS 1.3: the protection of each epoch of one direction, from the logged secrets (RFC 8446 §7.1, §7.2, §4.2.10).
import type { OpenedRecord } from "../tls-parse/index.ts";
import { Aead13 } from "./aead.ts";
import { type EpochSource, FIRST_TRAFFIC_EPOCH } from "./direction.ts";
import { type KeyStore, SECRET, type SecretKind } from "./key-store.ts";
import type { TlsPlatform } from "./platform.ts";
import type { Protection } from "./protection.ts";
import { expandLabel, nextTrafficSecret } from "./schedule-1.3.ts";
import { type Suite, suiteOf } from "./suites.ts";

/** Epochs of RFC 8446 that are not traffic. */
export const EARLY_EPOCH = 0;
export const HANDSHAKE_EPOCH = 1;

/** A KeyUpdate for each of 2^20 records would be a strange sender; it bounds the derivation. */
const MAX_EPOCHS = 4096;
/** An epoch is never asked for any more when the one so far behind it was made. */
const BEHIND = 3;
/** Offered suites that are tried for early data before the ServerHello. */
const MAX_EARLY_SUITES = 8;

const KINDS = {
  client: [SECRET.clientEarly, SECRET.clientHandshake, SECRET.clientTraffic],
  server: [null, SECRET.serverHandshake, SECRET.serverTraffic],
} as const satisfies Record<string, readonly (SecretKind | null)[]>;

/** What the epochs of both directions share. */
export interface Session13 {
  readonly keys: KeyStore;
  readonly platform: TlsPlatform;
  readonly clientRandom: Uint8Array;
  /** Suites of the ClientHello: one of them protects early data. */
  readonly offered: readonly number[];
  /** Negotiated; null until the ServerHello. */
  suite: number | null;
}

export class Epochs13 implements EpochSource {
  readonly hasNext = true;
  unsupported = false;
  readonly #session: Session13;
  readonly #side: "client" | "server";
  readonly #protections: (Protection | null)[] = [];
  /** The newest traffic secret, of epoch `#secretEpoch`. */
  #secret: Uint8Array | null = null;
  #secretEpoch = FIRST_TRAFFIC_EPOCH;
  /** Generation of the key store at which an epoch was looked up in vain. */
  readonly #missedAt: number[] = [];

  constructor(session: Session13, side: "client" | "server") {
    this.#session = session;
    this.#side = side;
  }

  protection(epoch: number): Protection | null {
    const known = this.#protections[epoch];
    if (known !== undefined && known !== null) return known;
    if (epoch >= MAX_EPOCHS || this.#missedAt[epoch] === this.#stamp()) return null;
    const made = this.#make(epoch);
    if (made === null) this.#missedAt[epoch] = this.#stamp();
    else this.#protections[epoch] = made;
    // Nobody goes back, and a search looks two epochs ahead at most.
    if (made !== null && epoch > BEHIND) this.#protections[epoch - BEHIND] = null;
    return made;
  }

  /** Changes when a lookup may have another result. */
  #stamp(): number {
    return this.#session.keys.generation * 2 + (this.#session.suite === null ? 0 : 1);
  }

  #make(epoch: number): Protection | null {
    if (epoch === EARLY_EPOCH) return this.#makeEarly();
    const suite = this.#session.suite === null ? null : suiteOf(this.#session.suite);
    if (suite === null) {
      this.unsupported = this.#session.suite !== null;
      return null;
    }
    const secret = epoch === HANDSHAKE_EPOCH ? this.#logged(HANDSHAKE_EPOCH) : this.#traffic(epoch, suite);
    if (secret === null) return null;
    const made = protect(this.#session.platform, suite, secret);
    this.unsupported = made === null;
    return made;
  }

  #logged(index: 0 | 1 | 2): Uint8Array | null {
    const kind = KINDS[this.#side][index];
    return kind === null ? null : this.#session.keys.find(kind, this.#session.clientRandom);
  }

  #traffic(epoch: number, suite: Suite): Uint8Array | null {
    this.#secret ??= this.#logged(FIRST_TRAFFIC_EPOCH);
    if (this.#secret === null || epoch < this.#secretEpoch) return null;
    for (; this.#secretEpoch < epoch; this.#secretEpoch++) {
      this.#secret = nextTrafficSecret(this.#session.platform, suite.prf, this.#secret);
    }
    return this.#secret;
  }

  /** Early data comes before the ServerHello: any offered suite with the secret's hash may be the session's. */
  #makeEarly(): Protection | null {
    const secret = this.#logged(EARLY_EPOCH);
    if (secret === null) return null;
    const candidates: Protection[] = [];
    for (const id of new Set(this.#session.offered)) {
      const suite = suiteOf(id);
      if (suite === null || !suite.tls13 || (suite.prf === "sha384") !== (secret.length === 48)) continue;
      const made = protect(this.#session.platform, suite, secret);
      if (made !== null && candidates.length < MAX_EARLY_SUITES) candidates.push(made);
    }
    return candidates.length > 1 ? new OneOf(candidates) : (candidates[0] ?? null);
  }
}

function protect(platform: TlsPlatform, suite: Suite, secret: Uint8Array): Protection | null {
  const { cipher, prf } = suite;
  if (!suite.tls13 || cipher.kind !== "aead") return null;
  // RFC 8446 §7.3; the nonce of all five suites has 12 bytes.
  const key = expandLabel(platform, prf, secret, "key", cipher.key);
  const iv = expandLabel(platform, prf, secret, "iv", 12);
  const aead = platform.aead(cipher.name, key);
  return aead === null ? null : new Aead13(aead, iv, cipher.tag);
}

/** Several protections of which the first that opens a record is the right one. */
class OneOf implements Protection {
  readonly ready = true;
  readonly located = -1;
  readonly resync = "sequence";
  readonly #candidates: readonly Protection[];
  #chosen: Protection | null = null;

  constructor(candidates: readonly Protection[]) {
    this.#candidates = candidates;
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
    if (this.#chosen !== null) return this.#chosen.open(sequence, type, version, bytes, start, end, out);
    for (const candidate of this.#candidates) {
      if (!candidate.open(sequence, type, version, bytes, start, end, out)) continue;
      this.#chosen = candidate;
      return true;
    }
    return false;
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
