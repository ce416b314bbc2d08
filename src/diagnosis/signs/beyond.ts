// What signs have to know of tunnels that are only counted: how short the way to their targets was, and whose they were.
import type { Timeline } from "../../proxy/index.ts";
import { clientKey } from "../client.ts";
import { isLong, type SetUp, setUpOf } from "./set-up.ts";

/** Targets and clients that are remembered of all proxies; of a capture with more nothing is concluded that others could disprove. */
const MAX_ENTRIES = 2_000;

/** What is known of one proxy. */
interface OfProxy {
  readonly ip: string;
  readonly port: number;
  readonly clients: Set<string>;
  /** By target: the shortest, or that it is too short to tell anything. */
  readonly setUps: Map<string, SetUp | "short">;
}

/** Learns of each tunnel that is not kept; most are to a proxy, by a client and to a target that are known already. */
export class TunnelsBeyond {
  readonly #proxies = new Map<string, OfProxy>();
  #last: OfProxy | null = null;
  #entries = 0;

  add(timeline: Timeline): void {
    const { tunnel } = timeline;
    if (tunnel === null) return;
    const own = this.#of(timeline) ?? this.#begin(timeline);
    if (own === null) return;
    const client = clientKey(timeline);
    if (!own.clients.has(client) && this.#entries++ < MAX_ENTRIES) own.clients.add(client);
    const target = tunnel.target.text.toLowerCase();
    const known = own.setUps.get(target);
    const setUp = tunnel.inside !== "none" || known === "short" ? null : setUpOf(timeline);
    if (setUp === null || (known !== undefined && known !== "short" && known.ms <= setUp.ms)) return;
    if (known === undefined && this.#entries++ >= MAX_ENTRIES) return;
    own.setUps.set(target, isLong(setUp) ? setUp : "short");
  }

  /** Whether other tunnels of this client at this proxy may be among them. */
  mayHave(timeline: Timeline): boolean {
    return this.#forgets() || this.#of(timeline)?.clients.has(clientKey(timeline)) === true;
  }

  /**
   * How one of them was set up that took the shortest way to the target of `timeline`; null if there is none, "short" where that
   * is no way by which anything can be told, or may not be, since it is forgotten.
   */
  shortestTo(timeline: Timeline): SetUp | "short" | null {
    const known = this.#of(timeline)?.setUps.get(timeline.tunnel?.target.text.toLowerCase() ?? "");
    return known ?? (this.#forgets() ? "short" : null);
  }

  #forgets(): boolean {
    return this.#entries > MAX_ENTRIES;
  }

  #of({ proxy: { ip, port } }: Timeline): OfProxy | null {
    if (this.#last?.ip !== ip || this.#last.port !== port) this.#last = this.#proxies.get(`${ip} ${port}`) ?? null;
    return this.#last;
  }

  #begin({ proxy: { ip, port } }: Timeline): OfProxy | null {
    if (this.#entries++ >= MAX_ENTRIES) return null;
    const own = { ip, port, clients: new Set<string>(), setUps: new Map<string, SetUp | "short">() };
    this.#proxies.set(`${ip} ${port}`, own);
    this.#last = own;
    return own;
  }
}
