// The hosts that clients asked proxies for: a connection to one of them, opened by nobody's client, may be a server leg.

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

  /** Somebody at `client` asked a proxy for `host`. */
  add(host: string, client: string): void {
    this.#hosts.add(host.toLowerCase());
    // Whole generations are forgotten: deleting one by one costs more than all the rest.
    if (this.#hosts.size >= MIN_HOSTS) {
      this.#older = this.#hosts;
      this.#hosts = new Set();
    }
    if (this.#clients.size < MAX_CLIENTS) this.#clients.add(client);
  }

  get empty(): boolean {
    return this.#hosts.size === 0 && this.#older.size === 0;
  }

  isClient(ip: string): boolean {
    return this.#clients.has(ip);
  }

  /** Whether a first payload, a ClientHello or a request, is for a host that was asked for. */
  meets(payload: FirstPayloadBytes, tls: boolean): boolean {
    const { bytes, start, end } = payload;
    const host = tls ? peekServerName(bytes, start, end) : hostField(payload);
    return host !== null && this.has(host);
  }

  /** Whether `host`, in lower case, was asked for. */
  has(host: string): boolean {
    return this.#hosts.has(host) || this.#older.has(host);
  }
}
