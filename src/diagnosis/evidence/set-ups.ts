// How tunnels of all connections were set up, by proxy: the shortest way to each host, and whose credentials were checked first.
import type { Millis, Nanos } from "../../bytes/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { openingOf } from "../opening.ts";
import { setUpOf, wayIn } from "./set-up.ts";

/** Hosts and credentials that are remembered of all proxies; a capture with more is judged by the first ones. */
const MAX_ENTRIES = 5_000;

/** The shortest way that the set-up of a tunnel leaves, with its stream, and the next one. */
interface LeastWay {
  readonly ms: Millis;
  readonly stream: number;
  readonly nextMs: Millis | null;
}

/** What is known of one proxy. */
interface OfProxy {
  /** By the tag of credentials: when they opened a tunnel first. */
  readonly checks: Map<string, Nanos>;
  /** By host. */
  readonly ways: Map<string, LeastWay>;
}

/** Learns of every connection, most of which nobody asks about: what is known already is looked up before anything is made. */
export class SetUps {
  readonly #proxies = new Map<string, OfProxy>();
  #checks = 0;
  #ways = 0;

  /** `proxy`: names the proxy of the timeline. */
  learn(proxy: string, timeline: Timeline): void {
    if (timeline.tunnel === null) return;
    let own = this.#proxies.get(proxy);
    if (own === undefined) {
      own = { checks: new Map(), ways: new Map() };
      this.#proxies.set(proxy, own);
    }
    this.#learnCheck(own.checks, timeline);
    this.#learnWay(own.ways, timeline, timeline.tunnel.target.host);
  }

  /** Whether the tunnel was opened with credentials that this proxy had to check then: it remembers them for the next ones. */
  isFirstCheck(proxy: string, timeline: Timeline): boolean {
    const opening = openingOf(timeline);
    const tag = opening?.request.proxyAuthorization?.tag;
    if (opening === null || tag === undefined) return false;
    return this.#proxies.get(proxy)?.checks.get(tag) === opening.request.where.time;
  }

  /** The shortest way to the origin that the set-up of another tunnel to the same host leaves, if this proxy reads inside. */
  wayElsewhere(proxy: string, { tunnel, stream }: Timeline): Millis | null {
    const least = tunnel === null ? undefined : this.#proxies.get(proxy)?.ways.get(tunnel.target.host);
    if (least === undefined) return null;
    return least.stream === stream ? least.nextMs : least.ms;
  }

  #learnCheck(checks: Map<string, Nanos>, timeline: Timeline): void {
    const opening = openingOf(timeline);
    const tag = opening?.request.proxyAuthorization?.tag;
    if (opening === null || tag === undefined) return;
    const { time } = opening.request.where;
    const known = checks.get(tag);
    if (known === undefined) {
      if (this.#checks >= MAX_ENTRIES) return;
      this.#checks++;
    } else if (time >= known) return;
    checks.set(tag, time);
  }

  #learnWay(ways: Map<string, LeastWay>, timeline: Timeline, host: string): void {
    const known = ways.get(host);
    if (known === undefined && this.#ways >= MAX_ENTRIES) return;
    // A resumed session may be taken up by the proxy alone.
    if (timeline.tunnel?.tls?.serverHello?.resumed === true) return;
    const ms = wayIn(setUpOf(timeline));
    if (ms === null) return;
    const { stream } = timeline;
    if (known === undefined) {
      this.#ways++;
      ways.set(host, { ms, stream, nextMs: null });
    } else if (stream === known.stream) return;
    else if (ms < known.ms) ways.set(host, { ms, stream, nextMs: known.ms });
    else if (known.nextMs === null || ms < known.nextMs) ways.set(host, { ...known, nextMs: ms });
  }
}
