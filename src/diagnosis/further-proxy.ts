// Which of two proxies in a row answered: the further one, whose answer the nearer one passed on.
import { addTo, compare } from "../bytes/index.ts";
import { askedBy, isChallenge, type RequestHead, type ResponseHead } from "../http/index.ts";
import type { Timeline } from "../proxy/index.ts";
import type { CaptureFacts } from "./facts.ts";
import { endpointText } from "./wording.ts";

/** A proxy passes on what came from a further one at once; it may be busy. */
const JUST_BEFORE_NS = 2_000_000_000n;

/** What was asked of a proxy and answered by it. */
interface Asked {
  readonly request: RequestHead;
  readonly response: ResponseHead;
}

/** The same request on the way to a further proxy. */
export interface Passed {
  readonly timeline: Timeline;
  readonly response: ResponseHead;
  /** In words: who, where, and by which of its addresses the nearer proxy asked. */
  readonly text: string;
}

interface Waiting {
  readonly timeline: Timeline;
  readonly request: RequestHead;
}

interface Answered extends Asked {
  readonly timeline: Timeline;
}

/** Answers before this one that are looked at: those of a further proxy are among the last. */
const MAX_LOOKED = 200;
/** Made once per capture: what was refused with 401 or 407, by status, method and target, in the order of the answers. */
const REFUSED = new WeakMap<CaptureFacts, ReadonlyMap<string, readonly Answered[]>>();
/** Made once per capture: what was asked of proxies that may be clients, too, by address, method and target, in the order of the requests. */
const ASKED = new WeakMap<CaptureFacts, ReadonlyMap<string, readonly Waiting[]>>();

/**
 * The further proxy that gave the same answer to the same request, just before. It was asked by the nearer proxy's listening
 * address; or by another one, which is taken for the nearer proxy's where its request and answer lie between these.
 */
export function passedFrom(timeline: Timeline, { request, response }: Asked, capture: CaptureFacts): Passed | null {
  const all = refusedIn(capture).get(keyOf(request, response)) ?? [];
  let at = all.findLastIndex((one) => one.response === response) - 1;
  for (const last = Math.max(0, at - MAX_LOOKED); at >= last; at--) {
    const { timeline: other, request: asked, response: answer } = all[at]!;
    if (response.where.time - answer.where.time >= JUST_BEFORE_NS) return null;
    if (endpointText(other.proxy) === endpointText(timeline.proxy) || !mayBePassed(answer, response)) continue;
    if (other.client.ip === timeline.proxy.ip) return passed(other, answer, "");
    if (asked.where.time < request.where.time) continue;
    return passed(other, answer, `, whom ${other.client.ip} had asked, by the times another address of this proxy`);
  }
  return null;
}

/**
 * For whom a proxy asked this one, in words: it is the client of this connection, and while that began somebody waited for the same from
 * it. Null where nothing shows that.
 */
export function askedOnBehalf(
  timeline: Timeline,
  { method, target, where }: RequestHead,
  capture: CaptureFacts,
): string | null {
  const all = askedIn(capture).get(askedKey(timeline.client.ip, method, target)) ?? [];
  let at = all.findLastIndex(({ request }) => request.where.time <= where.time);
  for (const last = Math.max(0, at - MAX_LOOKED); at >= last; at--) {
    const { timeline: near, request } = all[at]!;
    if (near.end < where.time || endpointText(near.proxy) === endpointText(timeline.proxy)) continue;
    return `${near.client.ip} had asked ${endpointText(near.proxy)} for the same (stream ${near.stream}, frame ${request.where.frame})`;
  }
  return null;
}

/** Evidence that the answer of `frame` is one that was passed on. */
export function passedOnText(frame: number, { timeline }: Passed): string {
  return `frame ${frame}: the same answer came to the proxy in stream ${timeline.stream}`;
}

function refusedIn(capture: CaptureFacts): ReadonlyMap<string, readonly Answered[]> {
  const known = REFUSED.get(capture);
  if (known !== undefined) return known;
  const found = new Map<string, Answered[]>();
  for (const { timeline } of capture.connections) {
    for (const { request, response } of [...timeline.connects, ...timeline.forwards]) {
      if (request === null || !isChallenge(response)) continue;
      addTo(found, keyOf(request, response), { timeline, request, response });
    }
  }
  for (const list of found.values()) list.sort((a, b) => compare(a.response.where.time, b.response.where.time));
  REFUSED.set(capture, found);
  return found;
}

function askedIn(capture: CaptureFacts): ReadonlyMap<string, readonly Waiting[]> {
  const known = ASKED.get(capture);
  if (known !== undefined) return known;
  const found = new Map<string, Waiting[]>();
  // Only proxies at whose address a client is.
  const clients = new Set(capture.connections.map(({ timeline }) => timeline.client.ip));
  for (const { timeline } of capture.connections) {
    if (!clients.has(timeline.proxy.ip)) continue;
    for (const { request } of [...timeline.connects, ...timeline.forwards]) {
      if (request === null) continue;
      addTo(found, askedKey(timeline.proxy.ip, request.method, request.target), { timeline, request });
    }
  }
  for (const list of found.values()) list.sort((a, b) => compare(a.request.where.time, b.request.where.time));
  ASKED.set(capture, found);
  return found;
}

function askedKey(proxyIp: string, method: string, target: string): string {
  return `${proxyIp} ${method} ${target.toLowerCase()}`;
}

function keyOf({ method, target }: RequestHead, { status }: ResponseHead): string {
  return `${status} ${method} ${target.toLowerCase()}`;
}

function passed(timeline: Timeline, response: ResponseHead, by: string): Passed {
  const text = `by ${endpointText(timeline.proxy)} (stream ${timeline.stream})${by}`;
  return { timeline, response, text };
}

/** Whether an answer may be this one, passed on. What a 407 asks for is for one hop only (RFC 9110 §11.7.1): it may be gone. */
function mayBePassed(answer: ResponseHead, response: ResponseHead): boolean {
  const [a, b] = [askedBy(answer), askedBy(response)];
  if (response.status === 407 && b.length === 0) return true;
  return a.length === b.length && a.every(({ scheme, realm }, i) => scheme === b[i]!.scheme && realm === b[i]!.realm);
}
