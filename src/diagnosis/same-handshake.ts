// TLS that a proxy passes on unread: the very same handshake is on its connection to the origin, or to a further proxy.
import { latin1 } from "../bytes/index.ts";
import type { ServerLeg, Timeline } from "../proxy/index.ts";
import type { TlsFacts } from "../tls-parse/index.ts";
import type { Interception } from "./interception.ts";
import { endpointText } from "./wording.ts";

/** Server legs by their handshake; the first of each. */
export type LegsByHandshake = ReadonlyMap<string, ServerLeg>;

export function legsByHandshake(legs: readonly ServerLeg[]): LegsByHandshake {
  const found = new Map<string, ServerLeg>();
  for (const leg of legs) {
    const key = handshakeOf(leg.tls);
    if (key !== null && !found.has(key)) found.set(key, leg);
  }
  return found;
}

/** Whoever ends TLS has a random of its own in it (RFC 8446 §4.1.3): with the same ones on both sides nobody between them reads. */
export function unreadOnLeg(timeline: Timeline, legs: LegsByHandshake): Interception | null {
  if (legs.size === 0) return null;
  const tls = timeline.tunnel?.tls;
  const leg = legs.get(handshakeOf(tls) ?? "");
  if (leg === undefined) return null;
  const why = `the handshake of frame ${tls?.clientHello?.where.frame} goes on to ${endpointText(leg.origin)} as it is (stream ${leg.stream}, frame ${leg.tls?.clientHello?.where.frame}): the proxy does not read inside`;
  return { state: "no", why };
}

/** Of each timeline whose tunnel a further proxy carries as well, the timeline at the furthest one. */
export function goesOnTo(timelines: readonly Timeline[]): ReadonlyMap<Timeline, Timeline> {
  const found = new Map<Timeline, Timeline>();
  for (const alike of byHandshake(timelines)) {
    for (const near of alike) {
      for (const far of alike) {
        const known = found.get(near);
        if (isFurther(near, far) && (known === undefined || isFurther(known, far))) found.set(near, far);
      }
    }
  }
  return found;
}

/** Proxies in a row are few; a capture in which one handshake comes more often has it repeated. */
const MAX_ALIKE = 8;

function byHandshake(timelines: readonly Timeline[]): readonly (readonly Timeline[])[] {
  const first = timelines[0]?.proxy;
  if (timelines.every(({ proxy }) => proxy.ip === first?.ip && proxy.port === first.port)) return [];
  const groups = new Map<string, Timeline[]>();
  for (const timeline of timelines) {
    const key = handshakeOf(timeline.tunnel?.tls);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [timeline]);
    else if (group.length < MAX_ALIKE) group.push(timeline);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

/** Behind another proxy, whom the nearer one asked: its listening address shows that, or that its part lies between the other's. */
function isFurther(near: Timeline, far: Timeline): boolean {
  if (endpointText(near.proxy) === endpointText(far.proxy)) return false;
  if (far.client.ip === near.proxy.ip) return true;
  const [a, b] = [near.tunnel?.tls, far.tunnel?.tls];
  if (a?.clientHello == null || b?.clientHello == null || a.serverHello === null || b.serverHello === null)
    return false;
  return a.clientHello.where.frame < b.clientHello.where.frame && b.serverHello.where.frame < a.serverHello.where.frame;
}

/** The randoms of both sides, of 32 bytes each (RFC 8446 §4.1.2); null where one was not seen whole. */
function handshakeOf(tls: TlsFacts | null | undefined): string | null {
  if (tls?.clientHello == null || tls.serverHello === null) return null;
  const [asked, given] = [tls.clientHello.random, tls.serverHello.random];
  if (asked.length < RANDOM_BYTES || given.length < RANDOM_BYTES) return null;
  return latin1(asked) + latin1(given);
}

const RANDOM_BYTES = 32;
