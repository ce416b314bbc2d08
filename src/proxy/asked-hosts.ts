// The hosts that clients asked proxies for: a connection to one of them, opened by nobody's client, may be a server leg.

import type { Nanos } from "../bytes/index.ts";
import { peekServerName } from "../tls-parse/index.ts";
import { type FirstPayloadBytes, hostField } from "./host-field.ts";

/** Hosts remembered, the latest ones, at least so many and at most twice: a leg follows its request at once. */
const MIN_HOSTS = 4_096;
/** Addresses of clients remembered: a client that goes to the same site directly opens no server leg. */
const MAX_CLIENTS = 10_000;

export class AskedHosts {
  #hosts = new Set<string>();
  #older: ReadonlySet<string> = new Set<string>();
  readonly #clients = new Set<string>();
  /** When connections were opened that nobody had asked for yet, by host; as many as hosts are remembered. */
  #passed = new Map<string, Nanos>();
  #passedOlder: ReadonlyMap<string, Nanos> = new Map<string, Nanos>();
  #legsInFront = false;

  /** Somebody at `client` asked a proxy for `host` at `time`. */
  add(host: string, client: string, time: Nanos): void {
    const name = host.toLowerCase();
    const opened = this.#passed.get(name) ?? this.#passedOlder.get(name);
    // What stands in front of its cause is out of order. Of clocks that differ the times say nothing, nor does this.
    if (opened !== undefined && opened > time) this.#legsInFront = true;
    this.#hosts.add(name);
    // Whole generations are forgotten: deleting one by one costs more than all the rest.
    if (this.#hosts.size >= MIN_HOSTS) {
      this.#older = this.#hosts;
      this.#hosts = new Set();
    }
    if (this.#clients.size < MAX_CLIENTS) this.#clients.add(client);
  }

  /** A connection to `host` was passed over at `time`, since nobody had asked for it. */
  passOver(host: string, time: Nanos): void {
    this.#passed.set(host, time);
    if (this.#passed.size < MIN_HOSTS) return;
    this.#passedOlder = this.#passed;
    this.#passed = new Map();
  }

  /**
   * Whether a connection was passed over that was opened later, by its time, than somebody asked for its host further down in
   * the file, as where the interfaces of a recording stand one behind the other: read again, it is met.
   */
  get legsInFront(): boolean {
    return this.#legsInFront;
  }

  /** To be called before the capture is read, once more with all that was asked for in it. */
  again(): void {
    this.#passed.clear();
    this.#passedOlder = new Map();
    this.#legsInFront = false;
  }

  get empty(): boolean {
    return this.#hosts.size === 0 && this.#older.size === 0;
  }

  isClient(ip: string): boolean {
    return this.#clients.has(ip);
  }

  /** Whether a first payload, a ClientHello (`tls`) or a request, is for a host that was asked for; it came at `time`. */
  meets(payload: FirstPayloadBytes, tls: boolean, time: Nanos): boolean {
    const { bytes, start, end } = payload;
    const host = tls ? peekServerName(bytes, start, end) : hostField(payload);
    if (host === null) return false;
    if (this.has(host)) return true;
    this.passOver(host, time);
    return false;
  }

  /** Whether `host`, in lower case, was asked for. */
  has(host: string): boolean {
    return this.#hosts.has(host) || this.#older.has(host);
  }
}
