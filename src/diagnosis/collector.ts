// Keeps the timelines that a diagnosis needs, folds the rest into sums, and judges all of them at the end.
import { addTo, gather, grouped, type Nanos } from "../bytes/index.ts";
import { isChallenge } from "../http/index.ts";
import { type ExchangeFact, type ServerLeg, type Timeline, weightOfLeg, weightOfTimeline } from "../proxy/index.ts";
import { type AcceptedCredentials, acceptedIn } from "./accepted.ts";
import { type AuthStep, authSteps } from "./auth-steps.ts";
import { deciding, possible, surest } from "./certainty.ts";
import { keyOf } from "./challenges.ts";
import { atProxy } from "./client.ts";
import { AnswerRegister, type Evidence, type SenderContext } from "./evidence/index.ts";
import type { CaptureFacts, CaptureQuality, FoldedConnections, JudgedConnection, KeyFacts } from "./facts.ts";
import { Folding } from "./folding.ts";
import { HeadlessConnections } from "./headless.ts";
import { outOfStep } from "./in-step.ts";
import { isForAnInnerProxy } from "./inner-proxy.ts";
import { CertificateRegister, type Interception } from "./interception.ts";
import { type AuthChain, alone, authChains } from "./joins.ts";
import { type Extent, isBroken } from "./judgement.ts";
import { legsOf } from "./legs.ts";
import { lacksLegs } from "./missing-legs.ts";
import { OpenChallenges } from "./open-challenges.ts";
import { outsideAddresses } from "./outside.ts";
import { carriedBy, networkSignIn, type OwnAnswer, refusedUnasked } from "./own-answer.ts";
import { isError, ownError } from "./own-error.ts";
import { isRedirectAway, ownRedirect } from "./own-redirect.ts";
import type { Product } from "./products/index.ts";
import { ProxyRegister } from "./proxy-register.ts";
import { RULES } from "./rules/index.ts";
import { goesOnTo, type LegsByHandshake, legsByHandshake, unreadOnLeg } from "./same-handshake.ts";
import { asTheFurther, attribute, weigh } from "./sender.ts";
import { hasOwnSign, signsOf, TunnelsBeyond } from "./signs/index.ts";
import { NO_TRUST, type Trust } from "./trust.ts";
import { type Attribution, type Finding, VERDICTS, type Verdict } from "./types.ts";
import { judge } from "./verdicts.ts";
import { hostOfTimeline, targetOf } from "./wording.ts";

/** Server legs kept for comparison. */
const MAX_LEGS = 5_000;
/**
 * About how many bytes the timelines that are kept may take where it is not said, for each that is allowed, and at least. A long tunnel
 * takes some 30 KiB without keys; those that say most would take megabytes each.
 */
const BYTES_PER_CONNECTION = 48 * 1024;
const MIN_BYTES = 96 * 1024 * 1024;
/** About how many bytes the legs may take. */
const MAX_LEG_BYTES = 64 * 1024 * 1024;

export interface CollectorLimits {
  /** Timelines kept in full, fewer if they say too much. Of remarkable ones as many again, and of those that answer a challenge. */
  readonly connections: number;
  /** About how many bytes they may take. */
  readonly bytes?: number;
}

/** What the proxy's own records (policy trace, access log) say; see `Evidence`. */
export interface Told {
  exchange(timeline: Timeline, exchange: ExchangeFact): readonly Evidence[];
  /** Of the inside of a tunnel that cannot be read. */
  tunnel(timeline: Timeline): readonly Evidence[];
}

/** Not known before the capture's end. */
const NONE_ACCEPTED: AcceptedCredentials = new Map();
/** As of most connections, which nobody challenged. */
const NONE_ATTRIBUTED: ReadonlyMap<ExchangeFact, Attribution> = new Map();
/** The capture goes on. */
const NO_END: Extent = { captureEnd: null, holes: [] };

const NOTHING_TOLD: Told = { exchange: () => [], tunnel: () => [] };

/** Everything that was concluded about a capture. */
export interface Diagnosis {
  readonly facts: CaptureFacts;
  /** Those of a rule stand together, the most certain first. */
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
  /** The connection that the verdict is told by; null where it is only counted, or is about the capture. */
  readonly deciding: JudgedConnection | null;
  /** Connections of which one sign only says their verdict. */
  readonly possible: ReadonlySet<JudgedConnection>;
  /** Connections per verdict, kept and folded ones. */
  readonly verdicts: ReadonlyMap<Verdict, number>;
  readonly tunnels: number;
}

/** Takes timelines as they close. */
export class Collector {
  readonly #limits: Required<CollectorLimits>;
  readonly #kept: Timeline[] = [];
  #keptBytes = 0;
  /** Made when the first connection is not kept. */
  #folding: Folding | null = null;
  readonly #headless = new HeadlessConnections();
  readonly #beyond = new TunnelsBeyond();
  /** By client, proxy and target, tunnels with a sign of their own: what came behind them belongs to it. */
  readonly #signRows = new Set<string>();
  /** Challenges of connections that are kept: what answers one of them is kept, too. */
  readonly #challenged = new OpenChallenges<{ readonly last: AuthStep }>();
  readonly #legs: ServerLeg[] = [];
  #legBytes = 0;
  readonly #legsByProxy = new Map<string, ServerLeg[]>();
  /** When the first leg began that was not kept. */
  #legsMissingFrom: Nanos | null = null;
  /** Known at the end. */
  #holes: CaptureQuality["holes"] = [];
  readonly #proxies = new ProxyRegister();
  readonly #answers = new AnswerRegister();
  readonly #certificates: CertificateRegister;
  #told = NOTHING_TOLD;
  /** Of each proxy's address the other one that it goes out by; known at the end. */
  #outside: ReadonlyMap<string, string> = new Map();
  /** Known at the end. */
  #legsByHandshake: LegsByHandshake = new Map();
  /** By the proxy's address, where it goes out by another one: those of both. */
  readonly #joinedLegs = new Map<string, readonly ServerLeg[]>();
  /** By the proxy's address; see in-step.ts. */
  readonly #outOfStep = new Map<string, ReadonlySet<ServerLeg>>();
  /** By the proxy's address: whether some of its legs are not in the capture. */
  readonly #lacking = new Map<string, boolean>();
  /** What was kept, by the proxy's address; known at the end. A scan of a network meets as many proxies as it has connections. */
  #keptByProxy: ReadonlyMap<string, readonly Timeline[]> = new Map();
  #tunnels = 0;

  constructor({ connections, bytes }: CollectorLimits, trust: Trust = NO_TRUST) {
    this.#limits = { connections, bytes: bytes ?? Math.max(MIN_BYTES, connections * BYTES_PER_CONNECTION) };
    this.#certificates = new CertificateRegister(trust);
  }

  add(timeline: Timeline): void {
    if (timeline.tunnel !== null) this.#tunnels++;
    this.#proxies.add(timeline);
    this.#answers.learn(timeline);
    this.#certificates.learn(timeline);
    this.#headless.learn(timeline);
    const steps = authSteps(timeline);
    const isKept = this.#keepFirst(timeline, steps);
    if (isKept && this.#folding === null) return;
    this.#folding ??= this.#beginFolding();
    this.#folding.learn(timeline, steps[0]);
    if (isKept) return;
    // Its legs may not be over yet: what they do not show is no evidence before the end of the capture.
    const attributions = this.#attributions(timeline, this.#interception(timeline, []), []);
    const { verdict } = judge(timeline, {
      chain: alone(timeline, steps),
      accepted: NONE_ACCEPTED,
      attributions,
      ownAnswer: null,
      ...NO_END,
      signs: null,
      told: weigh([]),
    });
    const waits = steps.at(-1)?.status === 407;
    const remarkable = VERDICTS.indexOf(verdict) < VERDICTS.indexOf("incomplete") && !waits;
    if (remarkable ? this.#keep(timeline, 2) : this.#keepSign(timeline)) return;
    this.#folding.add(timeline, verdict, steps);
    this.#beyond.add(timeline);
  }

  #beginFolding(): Folding {
    const folding = new Folding();
    for (const timeline of this.#kept) folding.learn(timeline, authSteps(timeline)[0]);
    return folding;
  }

  /** Keeps a tunnel of which a suspicion may be made, and the next ones to the same target. */
  #keepSign(timeline: Timeline): boolean {
    const hasSign = hasOwnSign(timeline, this.#beyond);
    if (!hasSign && this.#signRows.size === 0) return false;
    const row = `${atProxy(timeline)} ${targetOf(timeline)}`;
    if ((!hasSign && !this.#signRows.has(row)) || !this.#keep(timeline, 1.5)) return false;
    this.#signRows.add(row);
    return true;
  }

  /** Keeps one of the first; and what answers a challenge of one that is kept, which else nobody seems to have answered. */
  #keepFirst(timeline: Timeline, steps: readonly AuthStep[]): boolean {
    const [first] = steps;
    const answers =
      first !== undefined &&
      first.credentials !== null &&
      !this.#challenged.isEmpty &&
      this.#challenged.take(keyOf(timeline, first), first) !== null;
    if (!this.#keep(timeline, answers ? 3 : 1)) return false;
    const last = steps.at(-1);
    if (last?.status === 407) this.#challenged.add(keyOf(timeline, last), { last });
    return true;
  }

  /** Keeps a timeline if there is room for it, up to so many times the limit; a quarter of the bytes is left for others than the first. */
  #keep(timeline: Timeline, times: 1 | 1.5 | 2 | 3): boolean {
    const { connections, bytes: room } = this.#limits;
    if (this.#kept.length >= times * connections) return false;
    const bytes = this.#keptBytes + weightOfTimeline(timeline);
    if (bytes > (times > 1 ? 1 : 0.75) * room) return false;
    this.#keptBytes = bytes;
    this.#kept.push(timeline);
    return true;
  }

  addLeg(leg: ServerLeg): void {
    const weight = weightOfLeg(leg);
    if (this.#legs.length >= MAX_LEGS || this.#legBytes + weight > MAX_LEG_BYTES) {
      if (this.#legsMissingFrom === null || leg.start < this.#legsMissingFrom) this.#legsMissingFrom = leg.start;
      return;
    }
    this.#legs.push(leg);
    this.#legBytes += weight;
    addTo(this.#legsByProxy, leg.proxy.ip, leg);
  }

  /** The timelines that are kept, in order of their streams. */
  timelines(): readonly Timeline[] {
    return this.#kept.sort((a, b) => a.stream - b.stream || a.firstFrame - b.firstFrame);
  }

  /** Judges everything; the collector is not used any more. `told`: what the proxy's own records say of `timelines()`. */
  finish(quality: CaptureQuality, keys: KeyFacts, told = NOTHING_TOLD): Diagnosis {
    this.#told = told;
    const timelines = this.timelines();
    const extent = { captureEnd: quality.end, holes: quality.holes };
    const chains = authChains(timelines, this.#headless);
    const accepted = acceptedIn(chains.values());
    const connections = this.#judgeAll(timelines, chains, accepted, extent);
    const folded = this.#folding?.finish(this.#headless, extent) ?? [];
    const facts: CaptureFacts = {
      connections,
      accepted,
      folded,
      proxies: this.#proxies.finish(connections),
      legs: this.#legs,
      quality,
      keys,
    };
    const verdicts = countVerdicts(connections, folded);
    const found = RULES.map((rule) => rule.find(facts));
    const findings = gather(found, surest);
    const verdict = worstOf(verdicts, quality.holes.length > 0);
    return {
      facts,
      findings,
      verdict,
      deciding: deciding(verdict, findings, connections, ({ timeline }) => timeline.stream),
      possible: possible(found, connections),
      verdicts,
      tunnels: this.#tunnels,
    };
  }

  #judgeAll(
    timelines: readonly Timeline[],
    chains: ReadonlyMap<Timeline, AuthChain>,
    accepted: AcceptedCredentials,
    extent: Extent,
  ): JudgedConnection[] {
    this.#holes = extent.holes;
    this.#outside = outsideAddresses(this.#legs, timelines);
    this.#legsByHandshake = legsByHandshake(this.#legs);
    this.#keptByProxy = grouped(timelines, ({ proxy }) => proxy.ip);
    const interceptions = new Map(
      timelines.map((timeline) => [timeline, this.#interception(timeline, this.#legsOf(timeline))]),
    );
    const further = goesOnTo(timelines);
    const signs = signsOf(timelines, {
      ruledOut: (timeline) => further.has(timeline) || interceptions.get(timeline)?.state === "no",
      legs: (timeline) => (this.#oddLegs(timeline).size > 0 ? [] : this.#legsOf(timeline)),
      beyond: this.#beyond,
    });
    const attributed = (timeline: Timeline) =>
      this.#attributions(timeline, interceptions.get(timeline)!, this.#legsInStep(timeline));
    return timelines.map((timeline) => {
      const chain = chains.get(timeline)!;
      const interception = interceptions.get(timeline)!;
      const far = further.get(timeline) ?? null;
      const own = attributed(timeline);
      const attributions = far === null ? own : asTheFurther(timeline, own, far, attributed(far));
      // Where the proxy cannot have looked inside, what its records seem to say is about another tunnel.
      const told = weigh(interception.state === "no" ? [] : this.#told.tunnel(timeline));
      const ownAnswer = this.#ownAnswer(timeline, interception, chain.steps, accepted);
      const place = chain.members.indexOf(timeline);
      return {
        timeline,
        ...judge(timeline, {
          chain,
          accepted,
          attributions,
          ownAnswer,
          ...extent,
          signs: signs.get(timeline) ?? null,
          told,
        }),
        attributions,
        told,
        interception,
        ownAnswer,
        goesOnTo: far,
        signs: signs.get(timeline)?.signs ?? [],
        continuedBy: chain.members[place + 1] ?? null,
        continues: chain.members[place - 1] ?? null,
        steps: chain.steps,
        refusals: chain.refusals,
      };
    });
  }

  #interception(timeline: Timeline, legs: readonly ServerLeg[]): Interception {
    return unreadOnLeg(timeline, this.#legsByHandshake) ?? this.#certificates.of(timeline, legs);
  }

  /** Legs of the timeline's proxy; none where some were not kept or not captured, since "on none of them" has to mean all. */
  #legsOf({ proxy, start, end }: Timeline): readonly ServerLeg[] {
    if (isBroken(start, end, this.#holes)) return [];
    if (this.#legsMissingFrom !== null && end >= this.#legsMissingFrom) return [];
    return this.#keptLegs(proxy.ip);
  }

  /** The same; none where what those to the timeline's host carried, or all if there is none, does not fit into what clients waited for. */
  #legsInStep(timeline: Timeline): readonly ServerLeg[] {
    const legs = this.#legsOf(timeline);
    const odd = this.#oddLegs(timeline);
    if (odd.size === 0) return legs;
    const near = legsOf(legs, timeline, null);
    const host = timeline.tunnel === null ? null : hostOfTimeline(timeline);
    const toHost = host === null ? [] : legsOf(near, timeline, { host, port: null });
    return (toHost.length > 0 ? toHost : near).some((leg) => odd.has(leg)) ? [] : legs;
  }

  /** Legs of the proxy at this address, by its own address and by its other one. */
  #keptLegs(ip: string): readonly ServerLeg[] {
    const own = this.#legsByProxy.get(ip) ?? [];
    const outside = this.#outside.get(ip);
    if (outside === undefined || outside === ip) return own;
    let both = this.#joinedLegs.get(ip);
    if (both === undefined) {
      both = [...own, ...(this.#legsByProxy.get(outside) ?? [])];
      this.#joinedLegs.set(ip, both);
    }
    return both;
  }

  #lacksLegs(ip: string): boolean {
    const known = this.#lacking.get(ip);
    if (known !== undefined) return known;
    const found = lacksLegs(this.#keptLegs(ip), this.#keptByProxy.get(ip) ?? []);
    this.#lacking.set(ip, found);
    return found;
  }

  #oddLegs(timeline: Timeline): ReadonlySet<ServerLeg> {
    const { ip } = timeline.proxy;
    let odd = this.#outOfStep.get(ip);
    if (odd === undefined) {
      odd = outOfStep(this.#keptLegs(ip), this.#keptByProxy.get(ip) ?? []);
      this.#outOfStep.set(ip, odd);
    }
    return odd;
  }

  #attributions(
    timeline: Timeline,
    interception: Interception,
    legs: readonly ServerLeg[],
  ): ReadonlyMap<ExchangeFact, Attribution> {
    let found: Map<ExchangeFact, Attribution> | null = null;
    const ask = (exchange: ExchangeFact, inTunnel: boolean): void => {
      if (!isChallenge(exchange.response)) return;
      // Outside of tunnels a 407 is what a proxy is to ask with; only that it came from behind, as legs show, is worth telling.
      const isUsual = exchange.response.status === 407 && !inTunnel;
      if (isUsual && legs.length === 0) return;
      if (inTunnel && timeline.tunnel !== null && isForAnInnerProxy(exchange, timeline.tunnel)) return;
      const attribution = attribute(exchange, this.#around(exchange, timeline, inTunnel, interception, legs));
      if (isUsual && attribution.sentBy !== "origin") return;
      found ??= new Map();
      found.set(exchange, attribution);
    };
    for (const exchange of timeline.tunnel?.exchanges ?? []) ask(exchange, true);
    for (const exchange of timeline.forwards) ask(exchange, false);
    return found ?? NONE_ATTRIBUTED;
  }

  /** What was answered in place of the site: the first 511, refusal for want of credentials, or redirect or error that is the proxy's own. */
  #ownAnswer(
    timeline: Timeline,
    interception: Interception,
    steps: readonly AuthStep[],
    accepted: AcceptedCredentials,
  ): OwnAnswer | null {
    const exchanges = carriedBy(timeline);
    const named = networkSignIn(exchanges) ?? refusedUnasked(timeline, interception, steps, accepted);
    if (named !== null) return named;
    const { tunnel } = timeline;
    for (const exchange of exchanges) {
      const told = isRedirectAway(exchange) ? ownRedirect : isError(exchange) ? ownError : null;
      if (told === null || (tunnel !== null && isForAnInnerProxy(exchange, tunnel))) continue;
      const around = this.#around(exchange, timeline, tunnel !== null, interception, this.#legsInStep(timeline));
      const own = told(exchange, around);
      if (own !== null) return own;
    }
    return null;
  }

  /** What is known around an exchange. */
  #around(
    exchange: ExchangeFact,
    timeline: Timeline,
    inTunnel: boolean,
    interception: Interception,
    legs: readonly ServerLeg[],
  ): SenderContext {
    return {
      timeline,
      inTunnel,
      interception,
      legs,
      beside: this.#keptByProxy.get(timeline.proxy.ip) ?? [],
      lacksLegs: () => this.#lacksLegs(timeline.proxy.ip),
      answers: this.#answers,
      isKnownAs: (product: Product) => this.#proxies.isKnownAs(timeline, product),
      told: this.#told.exchange(timeline, exchange),
    };
  }
}

/** Of a capture without a connection, or of which files are missing, it is not known that nothing is wrong. */
function worstOf(verdicts: ReadonlyMap<Verdict, number>, hasHoles: boolean): Verdict {
  return VERDICTS.find((verdict) => verdicts.has(verdict) || (hasHoles && verdict === "incomplete")) ?? "incomplete";
}

function countVerdicts(
  connections: readonly JudgedConnection[],
  folded: readonly FoldedConnections[],
): ReadonlyMap<Verdict, number> {
  const counts = new Map<Verdict, number>();
  for (const { verdict } of connections) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  for (const { verdict, count } of folded) counts.set(verdict, (counts.get(verdict) ?? 0) + count);
  return counts;
}
