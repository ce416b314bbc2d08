// Whether both sides of a proxy were recorded by one clock: it sends something on only while a client waits for it.
import { addTo, compare, gather, type Nanos } from "../bytes/index.ts";
import type { ExchangeFact, ServerLeg, Timeline, TunnelFact } from "../proxy/index.ts";
import { MAX_MARKS, type RecordMark, type TlsFacts } from "../tls-parse/index.ts";
import { firstOfClient, wasRead } from "./legs.ts";
import { hostOf, serverNameOf } from "./wording.ts";

/** A record that is shorter asks for nothing: alerts, acknowledgements, settings and pings of HTTP/2. */
const MIN_REQUEST = 60;
/** A close_notify at TLS 1.3 with its tag, and padding as its sender pleases. */
const MAX_ALERT = 24;
/** What HTTP/2 begins with (RFC 9113 §3.4) goes out together with the Finished, whether anything is asked or not. */
const MAX_PREFACE = 150;
const WITH_FINISHED_NS = 2_000_000n;
/** Clocks of two recorders that are set over the network differ by some milliseconds. */
const CLOCKS_DIFFER_NS = 20_000_000n;
/** Methods with a body, which may still be on its way when the answer comes. */
const WITH_BODY = /^(?:POST|PUT|PATCH)$/;
const SWITCHING_PROTOCOLS = 101;
/** Waits at the same time that are told apart; with more of them any request is one that somebody waits for. */
const MAX_OPEN = 256;

/** A time in which a client waited for an answer; `once`: for one, to a request that was read. */
interface Wait {
  readonly from: Nanos;
  readonly to: Nanos;
  readonly once: boolean;
}

/** Something that was asked for on a leg. */
interface Asked {
  readonly leg: ServerLeg;
  readonly time: Nanos;
  /** It was read: a request of its own, and not one of the records of one. */
  readonly read: boolean;
}

/**
 * Legs on which something was asked for while no client of the proxy waited for anything of that host, or more than clients
 * waited for: the recordings of both sides were put together from two clocks, or the proxy asks of its own accord. What such a
 * leg carried between a request and its answer says nothing. `legs` and `timelines`: all of one proxy.
 */
export function outOfStep(legs: readonly ServerLeg[], timelines: readonly Timeline[]): ReadonlySet<ServerLeg> {
  const found = new Set<ServerLeg>();
  if (legs.length === 0) return found;
  const waits = waitsByHost(timelines);
  for (const [host, asked] of askedByHost(legs)) {
    const own = waits.get(host);
    // Nothing is known of who asked for it.
    if (own !== undefined) for (const leg of unawaited(asked, own)) found.add(leg);
  }
  return found;
}

/** Goes through both in order of time; a wait for one answer explains one request that was read. */
function unawaited(asked: readonly Asked[], waits: readonly Wait[]): readonly ServerLeg[] {
  const sorted = [...waits].sort((a, b) => compare(a.from, b.from));
  const found: ServerLeg[] = [];
  let open: Wait[] = [];
  let alwaysUntil: Nanos | null = null;
  let explainedUntil: Nanos | null = null;
  let next = 0;
  for (const { leg, time, read } of [...asked].sort((a, b) => compare(a.time, b.time))) {
    for (; next < sorted.length && sorted[next]!.from <= time; next++) {
      const wait = sorted[next]!;
      if (wait.once && open.length < MAX_OPEN) open.push(wait);
      else alwaysUntil = later(alwaysUntil, wait.to);
    }
    open = open.filter(({ to }) => to >= time);
    const soonest = open.reduce<Wait | null>((one, wait) => (one === null || wait.to < one.to ? wait : one), null);
    if (soonest !== null && read) {
      open.splice(open.indexOf(soonest), 1);
      explainedUntil = later(explainedUntil, soonest.to);
    }
    if (soonest !== null || (alwaysUntil !== null && alwaysUntil >= time)) continue;
    // Records of a body follow those of the head.
    if (read || explainedUntil === null || explainedUntil < time) found.push(leg);
  }
  return found;
}

function later(one: Nanos | null, other: Nanos): Nanos {
  return one === null || one < other ? other : one;
}

function askedByHost(legs: readonly ServerLeg[]): ReadonlyMap<string, readonly Asked[]> {
  const all = new Map<string, Asked[]>();
  const add = (host: string | null, asked: Asked): void => {
    if (host !== null) addTo(all, host, asked);
  };
  for (const leg of legs) {
    const sni = serverNameOf(leg.tls);
    for (const { request, url } of leg.exchanges) {
      if (request !== null) add(url === null ? sni : hostOf(url), { leg, time: request.where.time, read: true });
    }
    if (leg.exchanges.length > 0 || wasRead(leg)) continue;
    for (const { mark, orPreface } of requestsMaybe(leg))
      if (!orPreface) add(sni, { leg, time: mark.firstTime, read: false });
  }
  return all;
}

/**
 * Whether a leg that was not read has something, outside of these two times but near them, of which nobody knows whether it is a
 * request or what HTTP/2 begins with: where two clocks differ a little, it may be what was asked for between them.
 */
export function mayHaveAskedNear(leg: ServerLeg, from: Nanos, to: Nanos): boolean {
  if (leg.exchanges.length > 0 || wasRead(leg)) return false;
  return requestsMaybe(leg).some(
    ({ mark, orPreface }) =>
      orPreface && mark.firstTime >= from - CLOCKS_DIFFER_NS && mark.firstTime <= to + CLOCKS_DIFFER_NS,
  );
}

/** Records of the proxy that may ask for something; `orPreface`: or be what HTTP/2 begins with. */
function requestsMaybe(leg: ServerLeg): readonly { readonly mark: RecordMark; readonly orPreface: boolean }[] {
  const finished = firstOfClient(leg);
  const hello = leg.tls?.clientHello ?? null;
  const mayBeHttp2 = finished !== null && (hello === null || hello.alpn.includes("h2"));
  return gather(leg.tls?.marks ?? [], (mark) => {
    if (mark.from !== "client" || mark.kind !== "applicationData" || mark === finished) return [];
    if (mark.length < MIN_REQUEST) return [];
    const isFirst = mayBeHttp2 && mark.firstTime - finished.time <= WITH_FINISHED_NS;
    return [{ mark, orPreface: isFirst && mark.length <= MAX_PREFACE }];
  });
}

function waitsByHost(timelines: readonly Timeline[]): ReadonlyMap<string, readonly Wait[]> {
  const all = new Map<string, Wait[]>();
  for (const timeline of timelines) {
    const { tunnel, forwards, forwardsDropped } = timeline;
    const always: Wait = { from: timeline.start, to: timeline.end, once: false };
    const isWhole = timeline.gaps.length === 0 && !timeline.lateStart;
    for (const exchange of forwards) {
      const isKnown = isWhole && forwardsDropped === 0;
      if (exchange.url !== null) addTo(all, hostOf(exchange.url), isKnown ? waitOf(exchange, always) : always);
    }
    if (tunnel === null) continue;
    const waits = isWhole ? waitsIn(tunnel, always) : [always];
    for (const host of hostsOf(tunnel)) for (const wait of waits) addTo(all, host, wait);
  }
  return all;
}

/** What a tunnel leads to, by every name that it is known by. */
function hostsOf({ target, tls, exchanges }: TunnelFact): ReadonlySet<string> {
  const sni = serverNameOf(tls);
  const names = gather(exchanges, ({ url }) => (url === null ? [] : [hostOf(url)]));
  return new Set([target.host.toLowerCase(), ...(sni === null ? [] : [sni]), ...names]);
}

function waitsIn(tunnel: TunnelFact, always: Wait): readonly Wait[] {
  if (tunnel.inside === "full" && tunnel.exchangesDropped === 0)
    return tunnel.exchanges.map((exchange) => waitOf(exchange, always));
  return tunnel.inside === "none" && tunnel.tls !== null ? waitsOfRecords(tunnel.tls, always) : [always];
}

function waitOf({ request, response }: ExchangeFact, always: Wait): Wait {
  const goesOn = response === null || response.status === SWITCHING_PROTOCOLS;
  if (request === null || goesOn || WITH_BODY.test(request.method)) {
    return { ...always, from: request?.where.time ?? always.from };
  }
  return { from: request.where.time, to: response.where.time, once: true };
}

/** Where the tunnel was not read: from what the client sends until something comes back. */
function waitsOfRecords({ marks }: TlsFacts, always: Wait): readonly Wait[] {
  const waits: Wait[] = [];
  let from: Nanos | null = null;
  for (const mark of marks) {
    if (mark.from === "client") {
      if (mark.length > MAX_ALERT) from ??= mark.firstTime;
    } else if (from !== null) {
      waits.push({ from, to: mark.time, once: false });
      from = null;
    }
  }
  if (marks.length >= MAX_MARKS) from ??= marks.at(-1)!.time;
  if (from !== null) waits.push({ ...always, from });
  return marks.length === 0 ? [always] : waits;
}
