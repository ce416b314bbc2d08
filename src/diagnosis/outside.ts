// The other addresses of a proxy: those from which it opens connections to origins, where it has more than one.
import { addTo, compare, countBefore, gather, grouped, type Nanos } from "../bytes/index.ts";
import type { ServerLeg, Timeline } from "../proxy/index.ts";
import { hostOf, serverNameOf } from "./wording.ts";

/** This part of an opener's connections has to fit into what the proxy's clients asked for: one that fits by chance has others. */
const MIN_FIT = 0.9;

/** A time in which the proxy was on its way to a host: from a client's request until the host's first bytes came back. */
interface Errand {
  readonly host: string;
  readonly from: Nanos;
  readonly to: Nanos;
  /** Until the client's connection was over: a proxy that has answered by itself may go there later. */
  readonly end: Nanos;
}

/**
 * The address from which each proxy (by its listening address) opens its server legs, where it is another one. It is found
 * by cause and effect: such a leg begins behind a request for its host, and its ServerHello or answer comes before the
 * client's. An address that is itself a client or a proxy is none, and where several would do, none is taken; nor is one that would do for several proxies.
 */
export function outsideAddresses(
  legs: readonly ServerLeg[],
  timelines: readonly Timeline[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (legs.length === 0) return found;
  const taken = new Set(gather(timelines, ({ client, proxy }) => [client.ip, proxy.ip]));
  const byOpener = grouped(
    legs.filter((leg) => !taken.has(leg.proxy.ip)),
    (leg) => leg.proxy.ip,
  );
  if (byOpener.size === 0) return found;
  const answered = answeredByHost([...byOpener.values()].flat());
  for (const [proxy, errands] of errandsByProxy(timelines)) {
    const opener = onlyOpener(byOpener, errands, answered);
    if (opener !== null) found.set(proxy, opener);
  }
  const proxiesOf = grouped([...found.keys()], (proxy) => found.get(proxy)!);
  for (const proxies of proxiesOf.values()) if (proxies.length > 1) for (const proxy of proxies) found.delete(proxy);
  return found;
}

/** The one whose legs fit; null if there is none, or more. Only those are tried that have a leg which an errand caused. */
function onlyOpener(
  byOpener: ReadonlyMap<string, readonly ServerLeg[]>,
  errands: ReadonlyMap<string, readonly Errand[]>,
  answered: ReadonlyMap<string, readonly AnsweredLeg[]>,
): string | null {
  const tried = new Set<string>();
  let only: string | null = null;
  for (const [host, own] of errands) {
    const legs = answered.get(host) ?? [];
    for (const { from, to } of own) {
      for (let at = countBefore(legs, ({ start }) => start < from); at < legs.length && legs[at]!.start <= to; at++) {
        const { opener } = legs[at]!;
        if (tried.has(opener)) continue;
        tried.add(opener);
        if (!fits(byOpener.get(opener) ?? [], errands)) continue;
        if (only !== null) return null;
        only = opener;
      }
    }
  }
  return only;
}

interface AnsweredLeg {
  readonly opener: string;
  readonly start: Nanos;
}

/** Legs that the origin answered, by its host and in order of time. */
function answeredByHost(legs: readonly ServerLeg[]): ReadonlyMap<string, readonly AnsweredLeg[]> {
  const byHost = new Map<string, AnsweredLeg[]>();
  for (const leg of legs) {
    const host = hostOfLeg(leg);
    if (host === null || answeredAt(leg) === null) continue;
    addTo(byHost, host, { opener: leg.proxy.ip, start: leg.start });
  }
  for (const list of byHost.values()) list.sort((a, b) => compare(a.start, b.start));
  return byHost;
}

function fits(legs: readonly ServerLeg[], errands: ReadonlyMap<string, readonly Errand[]>): boolean {
  let fitting = 0;
  let caused = false;
  for (const leg of legs) {
    const own = errands.get(hostOfLeg(leg) ?? "") ?? [];
    if (own.some(({ from, end }) => leg.start >= from && leg.start <= end)) fitting++;
    const answered = answeredAt(leg);
    caused ||= answered !== null && own.some(({ from, to }) => leg.start >= from && answered <= to);
  }
  return caused && fitting >= legs.length * MIN_FIT;
}

function errandsByProxy(timelines: readonly Timeline[]): ReadonlyMap<string, ReadonlyMap<string, readonly Errand[]>> {
  const all = new Map<string, Map<string, Errand[]>>();
  for (const timeline of timelines) {
    const { proxy } = timeline;
    const byHost = all.get(proxy.ip) ?? new Map<string, Errand[]>();
    all.set(proxy.ip, byHost);
    for (const errand of errandsOf(timeline)) addTo(byHost, errand.host, errand);
  }
  return all;
}

function errandsOf({ connects, tunnel, forwards, end }: Timeline): readonly Errand[] {
  const opening = connects.at(-1);
  const list: Errand[] = [];
  // An interim response (103, RFC 8297) comes before the answer by which a leg is compared.
  const answer = tunnel?.exchanges.find(({ response }) => response !== null)?.response ?? null;
  const plain = tunnel?.tls == null ? answer?.where.time : undefined;
  const back = tunnel?.tls?.serverHello?.where.time ?? plain ?? tunnel?.firstServer?.time ?? null;
  if (opening !== undefined && back !== null) {
    const from = opening.request.where.time;
    const host = opening.target.host.toLowerCase();
    list.push({ host, from, to: back, end });
    // A proxy that reads inside may open its leg for the CONNECT, and begin TLS on it only when the client's is done.
    if (answer !== null) list.push({ host, from, to: answer.where.time, end });
  }
  // A proxy may go to the origin only when a request has come: inside a tunnel that is known where it was read.
  for (const { request, response, url } of [...forwards, ...(tunnel?.exchanges ?? [])]) {
    if (request === null || response === null || url === null) continue;
    list.push({ host: hostOf(url), from: request.where.time, to: response.where.time, end });
  }
  return list;
}

function hostOfLeg({ tls, exchanges }: ServerLeg): string | null {
  if (tls !== null) return serverNameOf(tls);
  const url = exchanges.find((exchange) => exchange.url !== null)?.url ?? null;
  return url === null ? null : hostOf(url);
}

/** When the origin's first bytes came: its ServerHello, or its first answer. */
function answeredAt({ tls, exchanges }: ServerLeg): Nanos | null {
  if (tls !== null) return tls.serverHello?.where.time ?? null;
  return exchanges.find(({ response }) => response !== null)?.response?.where.time ?? null;
}
