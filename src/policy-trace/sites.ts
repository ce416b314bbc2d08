// The timelines of a capture by the hosts that they are about, for records that name a client and a host.
import { addTo, type Endpoint } from "../bytes/index.ts";
import type { Timeline } from "../proxy/index.ts";
import { maskFits } from "./masks.ts";
import type { ProxyRecord } from "./records.ts";

/** Hosts with an X or * whose timelines are remembered: each is held against all hosts of the capture. */
const MAX_MASKED = 10_000;

const NONE: readonly Timeline[] = [];

/** Timelines by host, for records. */
export class Sites {
  readonly #byHost = new Map<string, Timeline[]>();
  readonly #byMask = new Map<string, readonly Timeline[]>();

  constructor(timelines: readonly Timeline[]) {
    for (const timeline of timelines) for (const host of hostsOf(timeline)) addTo(this.#byHost, host, timeline);
  }

  /** Timelines with client, port and host of a record, whenever they were. */
  of({ client, clientPort, host }: Pick<ProxyRecord, "client" | "clientPort" | "host">): readonly Timeline[] {
    const sameHost = this.#byHost.get(host) ?? this.#masked(host);
    if (sameHost.length === 0) return NONE;
    // A proxy behind a balancer may write either: who connected, or whom the header names.
    const isOf = ({ ip, port }: Endpoint): boolean =>
      (client === null || maskFits(client, ip)) && (clientPort === null || clientPort === port);
    return sameHost.filter((one) => isOf(one.client) || (one.namedClient !== null && isOf(one.namedClient)));
  }

  /** The letter x also stands in names of which nothing is masked. */
  #masked(host: string): readonly Timeline[] {
    if (!/[x*]/.test(host)) return NONE;
    let known = this.#byMask.get(host);
    if (known === undefined) {
      const fitting = [...this.#byHost].filter(([real]) => maskFits(host, real)).flatMap(([, timelines]) => timelines);
      known = fitting.length === 0 ? NONE : [...new Set(fitting)];
      if (this.#byMask.size < MAX_MASKED) this.#byMask.set(host, known);
    }
    return known;
  }
}

function hostsOf(timeline: Timeline): ReadonlySet<string> {
  const { connects, tunnel, forwards } = timeline;
  return new Set([
    ...connects.map(({ target }) => target.host),
    ...(tunnel === null ? [] : [tunnel.target.host]),
    ...(tunnel?.tls?.clientHello?.sni == null ? [] : [tunnel.tls.clientHello.sni.toLowerCase()]),
    ...forwards.flatMap(({ url }) => (url === null ? [] : [hostOf(url)])),
  ]);
}

function hostOf(url: string): string {
  return (/^[a-z][a-z0-9+.-]*:\/\/(\[[^\]]*\]|[^/:?#]*)/i.exec(url)?.[1] ?? "").replace(/^\[|\]$/g, "").toLowerCase();
}
