// Answers of all connections, reduced to what is compared: challenges and pages by proxy and site, the usual headers of each site.
import { type Millis, millisBetween } from "../../bytes/index.ts";
import { askedBy, type Challenge, fieldOf, isChallenge, isSuccess, type ResponseHead } from "../../http/index.ts";
import type { ExchangeFact, Timeline } from "../../proxy/index.ts";
import { authSteps } from "../auth-steps.ts";
import { proxyKey } from "../client.ts";
import { isPublicSite, siteOf } from "../sites.ts";
import { hostOf } from "../wording.ts";
import { SetUps } from "./set-ups.ts";

/** Entries of each table; a capture with more challenges than this is judged by the first ones. */
const MAX_ENTRIES = 5_000;
/** Places remembered of one challenge or page: two unrelated ones are enough. */
const MAX_PLACES = 16;
/** A page shorter than this says no more than its status ("401 Unauthorized"): many servers send the same. */
const MIN_PAGE_BYTES = 64;
/** So many unrelated sites did not choose one server and one common realm by chance; two may have. */
const MIN_ALIKE = 3;

/** Where a challenge or page was seen, and the `Server` that came with it. */
export interface Place {
  readonly host: string;
  readonly frame: number;
  readonly server: string | null;
}

/** A challenge that is the proxy's own: with 407, or with 401 where it was asked for a tunnel; there with its `Server`. */
export interface OwnChallenge {
  readonly status: 401 | 407;
  readonly frame: number;
  readonly server: string | null;
}

/** The first of the unrelated sites where the same was seen. */
export interface Elsewhere extends Place {
  /** There are so many that they have no owner in common. */
  readonly many: boolean;
}

/** What a site's ordinary answers look like. */
export interface SiteAnswers {
  /** Headers that every one of them has. */
  readonly names: ReadonlySet<string>;
  readonly server: string | null;
  readonly frame: number;
  /** The quickest of them, in milliseconds, with its frame; null where the request was not seen. */
  readonly quickestMs: number | null;
  readonly quickestFrame: number;
}

/** Remembers answers of all connections, then is asked about one of them. */
export class AnswerRegister {
  readonly #proxyChallenges = new Map<string, OwnChallenge>();
  readonly #challenges = new Map<string, Place[]>();
  readonly #pages = new Map<string, Place[]>();
  readonly #sites = new Map<string, SiteAnswers>();
  readonly #setUps = new SetUps();

  learn(timeline: Timeline): void {
    const proxy = proxyKey(timeline);
    for (const step of authSteps(timeline)) {
      if (step.status === 407 && step.responseFrame !== null)
        this.#learnOwn(proxy, step.challenges, { status: 407, frame: step.responseFrame, server: null });
    }
    for (const { response } of timeline.connects) {
      if (response?.status === 401)
        this.#learnOwn(proxy, response.challenges, {
          status: 401,
          frame: response.where.frame,
          server: serverOf(response),
        });
    }
    this.#setUps.learn(proxy, timeline);
    for (const exchange of timeline.tunnel?.exchanges ?? []) {
      const { response, url } = exchange;
      if (response === null || url === null) continue;
      if (isOrdinary(response.status)) this.#learnSite(proxy, exchange, response, url);
      else if (isChallenge(response)) this.#learnRefusal(proxy, exchange, response, url);
    }
    for (const exchange of timeline.forwards) {
      const { response, url } = exchange;
      if (response?.status === 401 && url !== null) this.#learnRefusal(proxy, exchange, response, url);
    }
  }

  #learnOwn(proxy: string, challenges: readonly Challenge[], own: OwnChallenge): void {
    const key = `${proxy} ${challengeKey(challenges)}`;
    if (challenges.length > 0 && !this.#proxyChallenges.has(key) && this.#proxyChallenges.size < MAX_ENTRIES)
      this.#proxyChallenges.set(key, own);
  }

  #learnRefusal(proxy: string, { body }: ExchangeFact, response: ResponseHead, url: string): void {
    const place = { host: hostOf(url), frame: response.where.frame, server: serverOf(response) };
    const challenges = askedBy(response);
    if (challenges.length > 0) add(this.#challenges, `${proxy} ${challengeKey(challenges)}`, place);
    if (body !== null && body.bytes >= MIN_PAGE_BYTES) add(this.#pages, `${proxy} ${body.tag}`, place);
  }

  #learnSite(proxy: string, exchange: ExchangeFact, response: ResponseHead, url: string): void {
    const host = hostOf(url);
    const { frame } = response.where;
    const key = `${proxy} ${host}`;
    const known = this.#sites.get(key);
    if (known === undefined && this.#sites.size >= MAX_ENTRIES) return;
    const took = exchange.request === null ? null : millisBetween(exchange.request.where.time, response.where.time);
    const quicker = took !== null && (known?.quickestMs == null || took < known.quickestMs);
    this.#sites.set(key, {
      names: new Set(response.names.filter((name) => known === undefined || known.names.has(name))),
      server: known === undefined ? serverOf(response) : known.server === serverOf(response) ? known.server : null,
      frame: known?.frame ?? frame,
      quickestMs: quicker ? took : (known?.quickestMs ?? null),
      quickestFrame: quicker ? frame : (known?.quickestFrame ?? frame),
    });
  }

  /** Whether the tunnel was opened with credentials that this proxy had to check then: it remembers them for the next ones. */
  isFirstCheck(timeline: Timeline): boolean {
    return this.#setUps.isFirstCheck(proxyKey(timeline), timeline);
  }

  /** The shortest way to the origin that the set-up of another tunnel to the same host leaves, if this proxy reads inside. */
  wayElsewhere(timeline: Timeline): Millis | null {
    return this.#setUps.wayElsewhere(proxyKey(timeline), timeline);
  }

  /** The first 407 of this proxy with the same challenge, or its 401 to a CONNECT; not the answer of frame `except`. */
  proxyChallenge(timeline: Timeline, challenges: readonly Challenge[], except: number): OwnChallenge | null {
    const place = this.#proxyChallenges.get(`${proxyKey(timeline)} ${challengeKey(challenges)}`);
    return place === undefined || place.frame === except ? null : place;
  }

  /** An unrelated site for which the same challenge came. */
  challengeElsewhere(timeline: Timeline, challenges: readonly Challenge[], host: string): Elsewhere | null {
    return elsewhere(this.#challenges.get(`${proxyKey(timeline)} ${challengeKey(challenges)}`), host);
  }

  /**
   * Public sites, unrelated to `host` and to each other, for which the same challenge came with the same `Server`: none where
   * chance explains it. All servers of a Windows domain name one NTLM target; a realm is chosen for a site.
   */
  alikeElsewhere(timeline: Timeline, head: ResponseHead, host: string): readonly Place[] {
    const challenges = askedBy(head);
    if (challenges.every(({ realm }) => realm === null) || !isPublicSite(host)) return [];
    const places = this.#challenges.get(`${proxyKey(timeline)} ${challengeKey(challenges)}`) ?? [];
    const server = serverOf(head);
    const sites = new Set([siteOf(host)]);
    const alike = places.filter((place) => {
      const site = siteOf(place.host);
      if (place.server !== server || sites.has(site) || !isPublicSite(place.host)) return false;
      sites.add(site);
      return true;
    });
    return sites.size >= MIN_ALIKE ? alike : [];
  }

  /** An unrelated site for which the same page came. */
  pageElsewhere(timeline: Timeline, tag: string, host: string): Elsewhere | null {
    return elsewhere(this.#pages.get(`${proxyKey(timeline)} ${tag}`), host);
  }

  /** Ordinary answers of this host through the same proxy. */
  site(timeline: Timeline, host: string): SiteAnswers | null {
    return this.#sites.get(`${proxyKey(timeline)} ${host}`) ?? null;
  }
}

/** Refusals, errors and redirects may be the proxy's own (RFC 9110 §15): to a portal, to a login. */
function isOrdinary(status: number): boolean {
  return isSuccess(status) || status === 304 || status === 404;
}

/** The value of Server, or null. */
export function serverOf(head: ResponseHead): string | null {
  return fieldOf(head, "server");
}

/** The shape of a challenge: schemes, realms, parameter names, NTLM target. Equal shapes come from the same hand. */
function challengeKey(challenges: readonly Challenge[]): string {
  return challenges
    .map(({ scheme, realm, parameters, ntlm }) =>
      [scheme.toLowerCase(), realm ?? "", parameters.join(","), ntlm?.targetName ?? ""].join("|"),
    )
    .join(";");
}

function add(map: Map<string, Place[]>, key: string, place: Place): void {
  const list = map.get(key);
  if (list === undefined) {
    if (map.size < MAX_ENTRIES) map.set(key, [place]);
  } else if (list.length < MAX_PLACES && !list.some(({ host }) => host === place.host)) list.push(place);
}

/** Addresses and names of internal zones are not unrelated: a company has many devices of one make. */
function elsewhere(places: readonly Place[] | undefined, host: string): Elsewhere | null {
  const sites = new Set([siteOf(host)]);
  const isPublic = isPublicSite(host);
  const others = (places ?? []).filter((place) => {
    const site = siteOf(place.host);
    if (sites.has(site) || !(isPublic || isPublicSite(place.host))) return false;
    sites.add(site);
    return true;
  });
  return others[0] === undefined ? null : { ...others[0], many: sites.size >= MIN_ALIKE };
}
