// The hosts that clients asked proxies for: a connection to one of them, opened by nobody's client, may be a server leg.

import { peekServerName } from "../tls-parse/index.ts";
import { type FirstPayloadBytes, hostField } from "./host-field.ts";

/** Hosts remembered, the latest ones: a leg follows its request at once. */
const MAX_HOSTS = 4_096;
/** Addresses of clients remembered: a client that goes to the same site directly opens no server leg. */
const MAX_CLIENTS = 10_000;

export class AskedHosts {
  readonly #hosts = new Set<string>();
  readonly #clients = new Set<string>();

  /** Somebody at `client` asked a proxy for `host`. */
  add(host: string, client: string): void {
    const name = host.toLowerCase();
    // Asked for again: it is among the latest.
    this.#hosts.delete(name);
    this.#hosts.add(name);
    if (this.#hosts.size > MAX_HOSTS)
      for (const oldest of this.#hosts) {
        this.#hosts.delete(oldest);
        break;
      }
    if (this.#clients.size < MAX_CLIENTS) this.#clients.add(client);
  }

  get empty(): boolean {
    return this.#hosts.size === 0;
  }

  isClient(ip: string): boolean {
    return this.#clients.has(ip);
  }

  /** Whether a first payload, a ClientHello or a request, is for a host that was asked for. */
  meets(payload: FirstPayloadBytes, tls: boolean): boolean {
    const { bytes, start, end } = payload;
    const host = tls ? peekServerName(bytes, start, end) : hostField(payload);
    return host !== null && this.#hosts.has(host);
  }
}
