// What this room gives to `proxy`: a key store for a capture, and one opener for each TLS connection.
import type { RecordOpener, TlsRole } from "../tls-parse/index.ts";

/** Why records of a side stay closed. */
export type ClosedWhy =
  /** Nothing was protected, or everything was opened. */
  | "open"
  /** No key for this session was found. */
  | "no-keys"
  /** Keys are there and fit the session's random, but open nothing. */
  | "keys-unusable"
  /** The cipher suite (or compression) is not implemented here or by the platform. */
  | "unsupported"
  /** Bytes are missing and this protection cannot go on behind them (stream ciphers), or the search was given up. */
  | "lost";

/** One direction's tally. */
export interface DirectionStats {
  /** Records that were opened with their tag or MAC verified. */
  readonly opened: number;
  /** Records passed over unopened because their plaintext was not needed (`mayPass`). */
  readonly passed: number;
  /** Records that keys were there for and that did not authenticate. */
  readonly damaged: number;
  /** Protected records without keys. */
  readonly closed: number;
  /** Trial decryptions at other sequence numbers and epochs after losses. */
  readonly tries: number;
  readonly why: ClosedWhy;
}

/** How the keys of a session were found. */
export type KeySource =
  | "none"
  | "key-log"
  | "key-log-premaster"
  | "rsa-key"
  /** The master secret of an earlier connection, by its session id or ticket. */
  | "resumed";

/** What became of one TLS connection. */
export interface OpenerStats {
  readonly source: KeySource;
  readonly client: DirectionStats;
  readonly server: DirectionStats;
}

/** A record opener with what `proxy` may ask of it beyond tls-parse's contract. */
export interface TlsOpener extends RecordOpener {
  readonly stats: OpenerStats;
  /**
   * Says that the next `bytes` plaintext bytes of application data of this side are not needed (0: all are). Counts
   * only if the opener was made with `verifyBodies: false`. Large records that end before the last of these bytes are
   * then not opened: `wants` says false and their sequence numbers pass. The record that holds the last of them is
   * always opened, so that what follows is seen.
   */
  mayPass(from: TlsRole, bytes: number): void;
  /** Plaintext bytes of this side passed over since the last call; they came before what `open` gives next. */
  takePassed(from: TlsRole): number;
}

/** Choices for the openers of a capture. */
export interface OpenerOptions {
  /** False: records that `mayPass` covers are not opened, so their tags are not verified. Default true. */
  readonly verifyBodies?: boolean;
}
