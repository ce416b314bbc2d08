// Whether both sides of a proxy were recorded by one clock: it sends something on only while a client waits for it.
import { gather, type Nanos } from "../bytes/index.ts";
import type { ExchangeFact, ServerLeg, Timeline } from "../proxy/index.ts";
import type { RecordMark, TlsFacts } from "../tls-parse/index.ts";
import { firstOfClient } from "./legs.ts";
import { hostOf } from "./wording.ts";

/** Records of a tunnel that are known one by one (`TlsFacts.marks`). */
const MAX_MARKS = 96;
/** A record that is shorter asks for nothing: alerts, acknowledgements, settings and pings of HTTP/2. */
const MIN_REQUEST = 60;
/** A close_notify at TLS 1.3 with its tag, and padding as its sender pleases. */
const MAX_ALERT = 24;
/** What HTTP/2 begins with (RFC 9113 §3.4) goes out together with the Finished, whether anything is asked or not. */
const MAX_PREFACE = 150;
const WITH_FINISHED_NS = 2_000_000n;
/** Methods with a body, which may still be on its way when the answer comes. */
const WITH_BODY = /^(?:POST|PUT|PATCH)$/;
const SWITCHING_PROTOCOLS = 101;

/** A time in which a client waited for an answer. */
interface Wait {
  readonly from: Nanos;
  readonly to: Nanos;
}

/**
 * Legs on which something was asked for while no client of the proxy waited for anything of that host: the recordings of
 * both sides were put together from two clocks, or the proxy asks of its own accord. What such a leg carried between a
 * request and its answer says nothing. `legs` and `timelines`: all of one proxy.
 */
export function outOfStep(legs: readonly ServerLeg[], timelines: readonly Timeline[]): ReadonlySet<ServerLeg> {
  const found = new Set<ServerLeg>();
  if (legs.length === 0) return found;
  const waits = waitsByHost(timelines);
  for (const leg of legs) {
    if (requestsOf(leg).some(({ host, time }) => waits.get(host)?.(time) === false)) found.add(leg);
  }
  return found;
}

function requestsOf(leg: ServerLeg): readonly { readonly host: string; readonly time: Nanos }[] {
  const sni = leg.tls?.clientHello?.sni?.toLowerCase() ?? null;
  if (leg.exchanges.length > 0) {
    return gather(leg.exchanges, ({ request, url }) => {
      const host = url === null ? sni : hostOf(url);
      return request === null || host === null ? [] : [{ host, time: request.where.time }];
    });
  }
  if (sni === null) return [];
  const finished = firstOfClient(leg);
  return gather(leg.tls?.marks ?? [], (mark) => (mayAsk(mark, finished) ? [{ host: sni, time: mark.firstTime }] : []));
}

function mayAsk(mark: RecordMark, finished: RecordMark | null): boolean {
  if (mark.from !== "client" || mark.kind !== "applicationData" || mark === finished) return false;
  if (mark.length < MIN_REQUEST) return false;
  const isPreface = finished !== null && mark.firstTime - finished.time <= WITH_FINISHED_NS;
  return !isPreface || mark.length > MAX_PREFACE;
}

/** By host: whether somebody waited at that time. */
function waitsByHost(timelines: readonly Timeline[]): ReadonlyMap<string, (time: Nanos) => boolean> {
  const all = new Map<string, Wait[]>();
  const add = (host: string, waits: readonly Wait[]): void => {
    const list = all.get(host);
    if (list === undefined) all.set(host, [...waits]);
    else for (const one of waits) list.push(one);
  };
  for (const timeline of timelines) {
    const { tunnel, forwards, forwardsDropped, gaps, lateStart } = timeline;
    const always: Wait = { from: timeline.start, to: timeline.end };
    const isWhole = gaps.length === 0 && !lateStart;
    for (const exchange of forwards) {
      if (exchange.url !== null)
        add(hostOf(exchange.url), isWhole && forwardsDropped === 0 ? waitOf(exchange, always) : [always]);
    }
    if (tunnel === null) continue;
    const hosts = new Set([tunnel.target.host.toLowerCase()]);
    if (tunnel.tls?.clientHello?.sni != null) hosts.add(tunnel.tls.clientHello.sni.toLowerCase());
    for (const { url } of tunnel.exchanges) if (url !== null) hosts.add(hostOf(url));
    const isRead = tunnel.inside === "full" && tunnel.exchangesDropped === 0;
    const waits = !isWhole
      ? [always]
      : isRead
        ? gather(tunnel.exchanges, (exchange) => waitOf(exchange, always))
        : tunnel.inside === "none" && tunnel.tls !== null
          ? waitsIn(tunnel.tls, always)
          : [always];
    for (const host of hosts) add(host, waits);
  }
  return new Map([...all].map(([host, waits]) => [host, isWithin(waits)]));
}

function waitOf({ request, response }: ExchangeFact, always: Wait): readonly Wait[] {
  const from = request?.where.time ?? always.from;
  const goesOn =
    response === null || response.status === SWITCHING_PROTOCOLS || WITH_BODY.test(request?.method ?? "POST");
  return [{ from, to: goesOn ? always.to : response.where.time }];
}

/** Where the tunnel was not read: from what the client sends until something comes back. */
function waitsIn({ marks }: TlsFacts, always: Wait): readonly Wait[] {
  const waits: Wait[] = [];
  let from: Nanos | null = null;
  for (const mark of marks) {
    if (mark.from === "client") {
      if (mark.length > MAX_ALERT) from ??= mark.firstTime;
    } else if (from !== null) {
      waits.push({ from, to: mark.time });
      from = null;
    }
  }
  if (marks.length >= MAX_MARKS) from ??= marks.at(-1)!.time;
  if (from !== null) waits.push({ from, to: always.to });
  return marks.length === 0 ? [always] : waits;
}

/** Whether a time lies in any of `waits`. */
function isWithin(waits: readonly Wait[]): (time: Nanos) => boolean {
  const sorted = [...waits].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  // The latest end of all that began so far.
  const ends: Nanos[] = [];
  for (const { to } of sorted) ends.push(ends.length > 0 && ends.at(-1)! > to ? ends.at(-1)! : to);
  return (time) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]!.from <= time) low = middle + 1;
      else high = middle;
    }
    return low > 0 && ends[low - 1]! >= time;
  };
}
