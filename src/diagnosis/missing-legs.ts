// Connections of a proxy to origins that are not in the capture: where some are missing, "on none of them" says nothing.
import type { ExchangeFact, ServerLeg, Timeline } from "../proxy/index.ts";
import { type Destination, hasOwnTimes, legsOf, sentOn } from "./legs.ts";
import { hostOf, hostOfTimeline } from "./wording.ts";

/** Ordinary answers that are looked at: where connections are missing, the first of them show it. */
const MAX_LOOKED = 64;

/**
 * Whether clients of a proxy were given pages while nothing was sent to any origin, though some of its connections are in the
 * capture: others are not, as where names lead to IPv6 addresses and IPv4 was recorded. `legs` and `timelines`: all of one proxy.
 */
export function lacksLegs(legs: readonly ServerLeg[], timelines: readonly Timeline[]): boolean {
  let looked = 0;
  for (const timeline of timelines) {
    const pages = pagesOf(timeline);
    if (pages.length === 0) continue;
    const near = legsOf(legs, timeline, null);
    if (near.length === 0) continue;
    for (const { request, response } of pages) {
      if (looked++ >= MAX_LOOKED) return false;
      const [from, to] = [request!.where.time, response!.where.time];
      if (hasOwnTimes(timeline, from, to) && sentOn(near, from, to) === false) return true;
    }
  }
  return false;
}

/** What a proxy was asked for itself (a PAC file) it needs no origin for. */
function pagesOf({ tunnel, forwards }: Timeline): readonly ExchangeFact[] {
  const passedOn = forwards.filter(({ request }) => request?.form === "absolute");
  return [...(tunnel?.exchanges ?? []), ...passedOn].filter(isPage);
}

/** A page that says not that it comes out of a cache (Age, RFC 9111 §5.1). */
function isPage({ request, response, responseBytes }: ExchangeFact): boolean {
  return request?.method === "GET" && response?.status === 200 && responseBytes > 0 && !response.names.includes("age");
}

/**
 * Legs to the client's host that the proxy opened behind the beginning of its connection. `isOwn`: one of them for this client, since
 * others (of the same proxy) cannot have wanted them all.
 */
export function openedSince(
  timeline: Timeline,
  to: Destination,
  legs: readonly ServerLeg[],
  others: readonly Timeline[],
): { readonly opened: readonly ServerLeg[]; readonly isOwn: boolean } {
  const opened = legsOf(legs, timeline, to).filter((leg) => leg.start >= timeline.start);
  if (opened.length === 0) return { opened, isOwn: false };
  const askers = others.filter(
    (other) =>
      other !== timeline &&
      leadsTo(other, to.host) &&
      opened.some(({ start }) => other.start <= start && start <= other.end),
  );
  return { opened, isOwn: opened.length > askers.length };
}

function leadsTo(timeline: Timeline, host: string): boolean {
  if (hostOfTimeline(timeline)?.toLowerCase() === host) return true;
  return timeline.forwards.some(({ url }) => url !== null && hostOf(url) === host);
}
