// Which of two proxies in a row answered: the further one, whose answer the nearer one passed on.
import { addTo, compare, countBefore, gather, grouped } from "../bytes/index.ts";
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
  /** null: up to the end of the connection. */
  readonly response: ResponseHead | null;
}

interface Answered extends Asked {
  readonly timeline: Timeline;
}

/** Answers before this one that are looked at: those of a further proxy are among the last. */
const MAX_LOOKED = 200;
/** Made once per capture: what was refused with 401 or 407, by status, method and target, in the order of the answers. */
const REFUSED = new WeakMap<CaptureFacts, ReadonlyMap<string, readonly Answered[]>>();
/** Made once per capture: what was asked, by who asked and by who was asked. */
const ASKED = new WeakMap<CaptureFacts, AskedOf>();
/** An address is taken for a proxy's where so much of what it asks for was asked of that proxy. */
const MIN_FIT = 0.9;

/**
 * The further proxy that gave the same answer to the same request, just before. It was asked by the nearer proxy's listening
 * address; or by another one, which is taken for the nearer proxy's where its request and answer lie between these, and all else
 * that it asks for is asked of the nearer proxy, too: of two clients who want the same page at the same time neither is a proxy.
 */
export function passedFrom(timeline: Timeline, { request, response }: Asked, capture: CaptureFacts): Passed | null {
  const all = refusedIn(capture).get(keyOf(request, response)) ?? [];
  let at = countBefore(all, (one) => one.response.where.time <= response.where.time) - 1;
  while (at >= 0 && all[at]!.response !== response) at--;
  at--;
  for (const last = Math.max(0, at - MAX_LOOKED); at >= last; at--) {
    const { timeline: other, request: asked, response: answer } = all[at]!;
    if (response.where.time - answer.where.time >= JUST_BEFORE_NS) return null;
    if (endpointText(other.proxy) === endpointText(timeline.proxy) || !mayBePassed(answer, response)) continue;
    if (other.client.ip === timeline.proxy.ip) return passed(other, answer, "");
    if (asked.where.time < request.where.time || isOfAnother(asked, request)) continue;
    if (!asksForOthers(other.client.ip, timeline.proxy.ip, capture)) continue;
    if (cameBack(other, answer, response, capture)) continue;
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
  const waiting = waitingFor(timeline.client.ip, endpointText(timeline.proxy), { method, target, where }, capture);
  if (waiting === null) return null;
  const { timeline: near, request } = waiting;
  return `${near.client.ip} had asked ${endpointText(near.proxy)} for the same (stream ${near.stream}, frame ${request.where.frame})`;
}

/** Whether two requests come from different programs, as far as these name themselves. */
function isOfAnother({ userAgent }: RequestHead, other: RequestHead): boolean {
  return userAgent !== null && other.userAgent !== null && userAgent !== other.userAgent;
}

/** Whether the proxy at `proxyIp` was waited for with nearly all that `clientIp` asks of others, while it did. */
function asksForOthers(clientIp: string, proxyIp: string, capture: CaptureFacts): boolean {
  const asked = askedIn(capture);
  const pair = `${clientIp} ${proxyIp}`;
  const known = asked.forOthers.get(pair);
  if (known !== undefined) return known;
  const own = asked.byClient(clientIp).filter(({ timeline }) => timeline.proxy.ip !== proxyIp);
  const looked = own.slice(0, MAX_LOOKED);
  const fitting = looked.filter(
    ({ timeline, request }) => waitingFor(proxyIp, endpointText(timeline.proxy), request, capture) !== null,
  );
  const found = fitting.length >= looked.length * MIN_FIT;
  asked.forOthers.set(pair, found);
  return found;
}

/** Whether the client itself answered the challenge before the nearer proxy gave its own: then it is not what that one passed on. */
function cameBack(
  { client, proxy }: Timeline,
  refusal: ResponseHead,
  given: ResponseHead,
  capture: CaptureFacts,
): boolean {
  const to = endpointText(proxy);
  const asks = askedIn(capture).byClient(client.ip);
  for (let at = countBefore(asks, ({ request }) => request.where.time <= refusal.where.time); at < asks.length; at++) {
    const { timeline, request } = asks[at]!;
    if (request.where.time >= given.where.time) break;
    if (request.proxyAuthorization !== null && endpointText(timeline.proxy) === to) return true;
  }
  return false;
}

/** Who waited for the same from a proxy at `proxyIp`, though not from `except`, when it was asked for; the last one, null if nobody did. */
function waitingFor(
  proxyIp: string,
  except: string,
  { method, target, where: { time } }: Pick<RequestHead, "method" | "target" | "where">,
  capture: CaptureFacts,
): Waiting | null {
  const all = askedIn(capture).ofProxy(proxyIp).get(askedKey(method, target)) ?? [];
  let at = countBefore(all, ({ request }) => request.where.time <= time) - 1;
  for (const last = Math.max(0, at - MAX_LOOKED); at >= last; at--) {
    const { timeline, response } = all[at]!;
    const until = response === null ? timeline.end : response.where.time;
    if (until >= time && endpointText(timeline.proxy) !== except) return all[at]!;
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

/** What was asked of proxies in a capture, in the order of the requests; lists are made when they are first wanted. */
class AskedOf {
  /** Whether an address asks for others, by it and the proxy's. */
  readonly forOthers = new Map<string, boolean>();
  readonly #timelines: readonly Timeline[];
  readonly #byClient = new Map<string, readonly Waiting[]>();
  readonly #ofProxy = new Map<string, ReadonlyMap<string, readonly Waiting[]>>();
  #ofClients: ReadonlyMap<string, readonly Timeline[]> | null = null;
  #toProxies: ReadonlyMap<string, readonly Timeline[]> | null = null;

  constructor(timelines: readonly Timeline[]) {
    this.#timelines = timelines;
  }

  /** What an address asked for. */
  byClient(ip: string): readonly Waiting[] {
    const known = this.#byClient.get(ip);
    if (known !== undefined) return known;
    this.#ofClients ??= grouped(this.#timelines, ({ client }) => client.ip);
    const found = asks(this.#ofClients.get(ip) ?? []);
    this.#byClient.set(ip, found);
    return found;
  }

  /** What proxies at an address were asked for, by method and target. */
  ofProxy(ip: string): ReadonlyMap<string, readonly Waiting[]> {
    const known = this.#ofProxy.get(ip);
    if (known !== undefined) return known;
    this.#toProxies ??= grouped(this.#timelines, ({ proxy }) => proxy.ip);
    const found = grouped(asks(this.#toProxies.get(ip) ?? []), ({ request }) =>
      askedKey(request.method, request.target),
    );
    this.#ofProxy.set(ip, found);
    return found;
  }
}

function askedIn(capture: CaptureFacts): AskedOf {
  const known = ASKED.get(capture);
  if (known !== undefined) return known;
  const asked = new AskedOf(capture.connections.map(({ timeline }) => timeline));
  ASKED.set(capture, asked);
  return asked;
}

function asks(timelines: readonly Timeline[]): readonly Waiting[] {
  const all = gather(timelines, (timeline) =>
    gather([...timeline.connects, ...timeline.forwards], ({ request, response }) =>
      request === null ? [] : [{ timeline, request, response }],
    ),
  );
  return all.toSorted((a, b) => compare(a.request.where.time, b.request.where.time));
}

function askedKey(method: string, target: string): string {
  return `${method} ${target.toLowerCase()}`;
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
