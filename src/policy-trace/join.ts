// Joins what a proxy wrote down to the tunnels of a capture: by client, port where it is given, host, and time within the clocks' difference.
import type { Nanos } from "../bytes/index.ts";
import type { ExchangeFact, Timeline } from "../proxy/index.ts";
import { type ClockDifference, type ClockPair, clockDifference } from "./clock.ts";
import { maskFits } from "./masks.ts";
import { byOrder } from "./order.ts";
import type { ProxyRecord } from "./records.ts";
import type { Sites } from "./sites.ts";
import type { RecordStore } from "./store.ts";

/** Between the time of a record, which has whole seconds, and that of what it is about, once the clocks are compared. */
const TOLERANCE_NS = 2_500_000_000n;

/** One piece of what the records say, in the form in which diagnosis takes evidence. */
export interface ToldEvidence {
  readonly says: "proxy" | "origin";
  readonly weight: "certain" | "likely";
  readonly source: string;
  readonly text: string;
}

/** A file of records. */
export interface RecordSource {
  /** For sentences: its name without folders. */
  readonly name: string;
  readonly kind: "policy-trace" | "access-log";
}

/** What was joined to one timeline. */
export interface Joined {
  /** Records that can be about no other tunnel. */
  readonly own: readonly ProxyRecord[];
  /** Records that may be about this one or another. */
  readonly shared: readonly ProxyRecord[];
  /** Timelines that share. */
  readonly rivals: number;
  /** The records know tunnels of this client and host that the capture does not have. */
  readonly strangers: boolean;
}

const NOTHING: Joined = { own: [], shared: [], rivals: 0, strangers: false };

export interface SourceJoin {
  readonly clock: ClockDifference | null;
  readonly records: number;
  /** Records joined to one tunnel, to one of several, and to none. */
  readonly joined: number;
  readonly ambiguous: number;
  readonly unmatched: number;
}

/** All records joined to all timelines. */
export class RecordJoin {
  readonly sources: readonly SourceJoin[];
  readonly #names: readonly RecordSource[];
  readonly #joined: ReadonlyMap<Timeline, Joined>;
  readonly #clocks: readonly (ClockDifference | null)[];

  constructor({ records, sites, foreign }: RecordStore, names: readonly RecordSource[]) {
    this.#names = names;
    const bySource = names.map((_, i) => records.filter(({ source }) => source === i));
    this.#clocks = bySource.map((own) => clockDifference(pairsOf(own, sites)));
    const parts = new Parts();
    this.sources = bySource.map((own, i) => {
      const { clock, ...counts } = joinSource(own, this.#clocks[i] ?? null, sites, parts);
      const others = foreign[i] ?? 0;
      return { clock, ...counts, records: counts.records + others, unmatched: counts.unmatched + others };
    });
    this.#joined = parts.finish();
  }

  /** What was joined to a timeline. */
  of(timeline: Timeline): Joined {
    return this.#joined.get(timeline) ?? NOTHING;
  }

  /** What the records say of the inside of a tunnel that cannot be read. */
  tunnel(timeline: Timeline): readonly ToldEvidence[] {
    const { own, shared, rivals, strangers } = this.of(timeline);
    const inside = own.filter(({ stage }) => stage === "https");
    const maybe = shared.filter(({ stage }) => stage === "https");
    const told = inside.filter(({ says, clientPort }) => says !== null && (!strangers || clientPort !== null));
    // The site's own login beside it is in order; one 401 by the proxy is not.
    const guilty = told.filter(({ says }) => says === "proxy");
    const known = guilty.length > 0 ? guilty : told;
    if (known.length > 0) return known.slice(0, MAX_EVIDENCE).map((record) => this.#evidence(record, "", own));
    // Whichever of them are about this tunnel, they say the same; and there are enough for every tunnel that shares them.
    const all = [...inside, ...maybe];
    const [first] = all;
    if (first === undefined || first.says === null || !all.every(({ says }) => says === first.says)) return [];
    if (strangers || maybe.length + inside.length < rivals) return [];
    return all
      .slice(0, MAX_EVIDENCE)
      .map((record) => this.#evidence(record, `one of ${all.length} that say the same: `, [...own, ...shared]));
  }

  /** What the records say of one answer. */
  exchange(timeline: Timeline, exchange: ExchangeFact): readonly ToldEvidence[] {
    const { own, shared } = this.of(timeline);
    const status = exchange.response?.status;
    if (status === undefined || exchange.url === null || exchange.request === null) return [];
    const path = pathOf(exchange.url);
    const time = exchange.request.where.time;
    const about = [...own, ...shared].filter((record) => {
      const clock = this.#clocks[record.source];
      if (clock == null || (record.stage !== "https" && record.stage !== "forward")) return false;
      return record.status === status && samePath(record.path, path) && near(record.time - clock.difference, time);
    });
    const [first] = about;
    if (first === undefined || first.says === null || !about.every(({ says }) => says === first.says)) return [];
    return about.slice(0, MAX_EVIDENCE).map((record) => this.#evidence(record, "", [...own, ...shared]));
  }

  /** Certain only where the clocks are, and the tunnel is told by its client's port or by its CONNECT in the same file. */
  #evidence(record: ProxyRecord, before: string, around: readonly ProxyRecord[]): ToldEvidence {
    const source = this.#names[record.source]!;
    const clock = this.#clocks[record.source] ?? null;
    const placed =
      record.clientPort !== null ||
      record.stage === "forward" ||
      around.some(({ stage, source: from }) => stage === "connect" && from === record.source);
    return {
      says: record.says ?? "proxy",
      weight: clock?.certain === true && placed ? record.weight : "likely",
      source: source.kind,
      text: `${before}${source.name}:${record.decisive}: ${record.text}`,
    };
  }
}

/** What was joined to each timeline so far. */
class Parts {
  readonly #parts = new Map<Timeline, Part>();

  of(timeline: Timeline): Part {
    let part = this.#parts.get(timeline);
    if (part === undefined) {
      part = { own: [], shared: [], rivals: new Set(), strangers: false };
      this.#parts.set(timeline, part);
    }
    return part;
  }

  finish(): ReadonlyMap<Timeline, Joined> {
    const joined = new Map<Timeline, Joined>();
    for (const [timeline, { own, shared, rivals, strangers }] of this.#parts)
      joined.set(timeline, { own, shared, rivals: rivals.size, strangers });
    return joined;
  }
}

interface Part {
  readonly own: ProxyRecord[];
  readonly shared: ProxyRecord[];
  readonly rivals: Set<Timeline>;
  strangers: boolean;
}

/** Joins the records of one file; `clock` null: nothing tells how far the clocks differ, and nothing is joined. */
function joinSource(
  own: readonly ProxyRecord[],
  clock: ClockDifference | null,
  sites: Sites,
  parts: Parts,
): SourceJoin {
  const counts = { joined: 0, ambiguous: 0, unmatched: 0 };
  if (clock === null) return { clock, records: own.length, ...counts, unmatched: own.length };
  const usedConnects = new Map<Timeline, number>();
  const ordered = byOrder(own, {
    of: (record) => sites.of(record),
    fits: (record, { request }) => near(record.time - clock.difference, request.where.time),
  });
  for (const record of own) {
    const time = record.time - clock.difference;
    const told = ordered.get(record);
    const fitting = told === undefined ? sites.of(record).filter((timeline) => fits(record, time, timeline)) : [told];
    const [only] = fitting;
    if (only === undefined) {
      counts.unmatched++;
      continue;
    }
    if (fitting.length === 1) {
      counts.joined++;
      parts.of(only).own.push(record);
      if (record.stage === "connect" && record.clientPort === null) {
        const used = (usedConnects.get(only) ?? 0) + 1;
        usedConnects.set(only, used);
        if (used > only.connects.length) parts.of(only).strangers = true;
      }
      continue;
    }
    counts.ambiguous++;
    for (const timeline of fitting) {
      const part = parts.of(timeline);
      part.shared.push(record);
      for (const rival of fitting) part.rivals.add(rival);
    }
  }
  markStrangers(own, clock, sites, parts);
  return { clock, records: own.length, ...counts };
}

/** A CONNECT that the capture does not have, while a tunnel of the same client and host was open. */
function markStrangers(own: readonly ProxyRecord[], clock: ClockDifference, sites: Sites, parts: Parts): void {
  for (const record of own) {
    if (record.stage !== "connect" || record.clientPort !== null) continue;
    const time = record.time - clock.difference;
    const all = sites.of(record);
    if (all.some((timeline) => fits(record, time, timeline))) continue;
    for (const timeline of all) {
      if (time >= timeline.start - TOLERANCE_NS && time <= timeline.end + TOLERANCE_NS)
        parts.of(timeline).strangers = true;
    }
  }
}

/** Records cited for one answer. */
const MAX_EVIDENCE = 4;

function pathOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? "";
}

/** Without a path in the log, any; a bare host is the root. */
function samePath(a: string, b: string): boolean {
  return a === "" || a === b || (a === "/" && b === "");
}

/** Pairs of records and what they may be about: CONNECTs, or the first thing in tunnels where no CONNECT was written down. */
function* pairsOf(records: readonly ProxyRecord[], sites: Sites): Generator<ClockPair> {
  const withConnects = records.some(({ stage }) => stage === "connect");
  const numbers = new Map<object, number>();
  const numberOf = (thing: object): number => {
    const known = numbers.get(thing) ?? numbers.size;
    numbers.set(thing, known);
    return known;
  };
  for (const [record, entry] of records.entries()) {
    if (entry.stage === "other" || (withConnects && entry.stage !== "connect")) continue;
    const { host, clientPort } = entry;
    const placed = clientPort !== null;
    for (const timeline of sites.of(entry)) {
      if (entry.stage === "connect") {
        for (const connect of timeline.connects) {
          if (connect.target.host !== entry.host && !maskFits(entry.host, connect.target.host)) continue;
          const { time } = connect.request.where;
          yield { record, event: numberOf(connect), difference: entry.time - time, time, placed, host };
        }
      } else {
        const time = timeline.tunnel?.firstClient?.time ?? timeline.start;
        yield { record, event: numberOf(timeline), difference: entry.time - time, time, placed, host };
      }
    }
  }
}

/** Whether the record, at `time` of the capture's clock, can be about something of this timeline. */
function fits(record: ProxyRecord, time: Nanos, timeline: Timeline): boolean {
  switch (record.stage) {
    case "connect":
      return timeline.connects.some(
        ({ target, request }) =>
          (record.port === null || target.port === null || record.port === target.port) &&
          near(time, request.where.time),
      );
    case "tls":
    case "https": {
      const { tunnel } = timeline;
      if (tunnel === null) return false;
      if (record.stage === "https" && tunnel.inside === "full" && record.status !== null)
        return tunnel.exchanges.some((exchange) => matches(record, time, exchange));
      const from = tunnel.opened?.time ?? timeline.start;
      return time >= from - TOLERANCE_NS && time <= timeline.end + TOLERANCE_NS;
    }
    case "forward":
      return timeline.forwards.some((exchange) => matches(record, time, exchange));
    case "other":
      return false;
  }
}

function matches(record: ProxyRecord, time: Nanos, { url, request, response }: ExchangeFact): boolean {
  if (url === null || request === null || !samePath(record.path, pathOf(url))) return false;
  if (response !== null && record.status !== null && response.status !== record.status) return false;
  return near(time, request.where.time);
}

function near(a: Nanos, b: Nanos): boolean {
  return a - b <= TOLERANCE_NS && b - a <= TOLERANCE_NS;
}
