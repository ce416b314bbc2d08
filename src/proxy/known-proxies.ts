// Which endpoints are proxies: told by option, or learnt from a CONNECT or an absolute-form request that was seen.
import type { Endpoint } from "../bytes/index.ts";
import { AskedHosts } from "./asked-hosts.ts";

/** A place to look at, from the options; either part may be left out. `host` is an IP address. */
export interface ProxyOption {
  readonly host?: string;
  readonly port?: number;
}

export type DetectedBy = "connect" | "absolute-form" | "option";

/** Endpoints are learnt from untrusted bytes: a port scan with CONNECTs must not fill the memory. */
const MAX_KNOWN = 10_000;
/** Servers remembered that may be proxies: they answered TLS in the clear, or something that is not in the capture, which is rare. */
const MAX_UNTOLD = 100;

/** The proxies of a capture, growing as it is read. */
export class KnownProxies {
  /** What their clients asked them for. */
  readonly asked: AskedHosts;
  readonly #options: readonly ProxyOption[];
  /** By address, then by port. */
  readonly #byEndpoint: Map<string, Map<number, DetectedBy>>;
  #known: number;
  readonly #addresses: Set<string>;
  /** Servers that may be proxies, not known to be any. */
  readonly #untold = new Set<string>();
  #missed = false;

  /** `before`: what was learnt when the same capture was read before. */
  constructor(options: readonly ProxyOption[], before: KnownProxies | null = null) {
    this.#options = options;
    this.asked = before === null ? new AskedHosts() : before.asked;
    this.asked.again();
    this.#byEndpoint = before === null ? new Map() : before.#byEndpoint;
    this.#known = before === null ? 0 : before.#known;
    this.#addresses = before === null ? new Set() : before.#addresses;
    for (const { host } of options) if (host !== undefined) this.#addresses.add(host);
  }

  /** Whether the options name proxies: then nothing else is looked for. */
  get fixed(): boolean {
    return this.#options.length > 0;
  }

  /** Whether nothing is known yet: spares callers the making of addresses. */
  get empty(): boolean {
    return this.#addresses.size === 0 && this.#options.length === 0;
  }

  /** How an endpoint is known as a proxy, or null. */
  has(endpoint: Endpoint): DetectedBy | null {
    for (const { host, port } of this.#options) {
      if ((host === undefined || host === endpoint.ip) && (port === undefined || port === endpoint.port))
        return "option";
    }
    return this.#byEndpoint.get(endpoint.ip)?.get(endpoint.port) ?? null;
  }

  /** Whether a proxy lives at this address: connections that it opens may be server legs. */
  hasAddress(ip: string): boolean {
    return this.#addresses.has(ip);
  }

  /** A connection to this server was passed over, on which it answered TLS in the clear, or what is not in the capture. */
  mayBeOne(server: Endpoint): void {
    if (this.#untold.size < MAX_UNTOLD) this.#untold.add(keyOf(server));
  }

  /** Whether a server of which that is so turned out to be a proxy: read again, its connections in front of that are met. */
  get missed(): boolean {
    return this.#missed;
  }

  learn(endpoint: Endpoint, by: DetectedBy): void {
    const ports = this.#byEndpoint.get(endpoint.ip);
    const known = ports?.get(endpoint.port);
    // A CONNECT says more than an absolute-form request, which some clients send to origins, too.
    if (known === by || (known !== undefined && by === "absolute-form")) return;
    if (this.#known >= MAX_KNOWN || (this.fixed && this.has(endpoint) === null)) return;
    if (known === undefined) this.#known++;
    if (this.#untold.size > 0 && this.#untold.has(keyOf(endpoint))) this.#missed = true;
    if (ports === undefined) this.#byEndpoint.set(endpoint.ip, new Map([[endpoint.port, by]]));
    else ports.set(endpoint.port, by);
    this.#addresses.add(endpoint.ip);
  }
}

function keyOf({ ip, port }: Endpoint): string {
  return `${ip} ${port}`;
}
