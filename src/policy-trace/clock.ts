// How far the clock of a proxy's records is from that of the capture: the difference at which most CONNECTs meet.
import { compare, type Nanos } from "../bytes/index.ts";

const SECOND = 1_000_000_000n;
/** Records have whole seconds, and are begun a little before or after the capture shows it. */
const WINDOW_NS = 2n * SECOND;
/** A difference this small is what clocks that are set have. */
const SET_NS = 3n * SECOND;
/** Between the connections that one visit to a host makes there is less. */
const PAUSE_NS = 10n * SECOND;
/** A wrong zone is up to 14 hours; what is further away is another day. */
export const MAX_DIFFERENCE_NS = 26n * 3_600n * SECOND;
/** Pairs looked at; of more the nearest. */
const MAX_PAIRS = 200_000;

/** Something in the capture that may be what a record is about. */
export interface ClockPair {
  readonly record: number;
  readonly event: number;
  /** Time of the record less that in the capture. */
  readonly difference: bigint;
  /** When the event was, by the capture's clock. */
  readonly time: Nanos;
  /** The record names the client's port: it is hardly about another connection. */
  readonly placed: boolean;
  readonly host: string;
}

export interface ClockDifference {
  /** Record less capture. */
  readonly difference: bigint;
  /** Events of the capture that meet a record at this difference. */
  readonly matches: number;
  /** The records surely are those of the capture's minutes: no other difference does as well, and more than one visit to one host tells this one. */
  readonly certain: boolean;
}

/** The difference; null where nothing meets. */
export function clockDifference(pairs: Iterable<ClockPair>): ClockDifference | null {
  let near: ClockPair[] = [];
  for (const pair of pairs) {
    if (absolute(pair.difference) > MAX_DIFFERENCE_NS) continue;
    near.push(pair);
    if (near.length >= 2 * MAX_PAIRS) near = nearest(near);
  }
  if (near.length > MAX_PAIRS) near = nearest(near);
  near.sort((a, b) => compare(a.difference, b.difference));
  const places = windows(near);
  let best: Place | null = null;
  for (const place of places) if (best === null || better(place, best)) best = place;
  if (best === null) return null;
  const { first, last, matches } = best;
  const middle = (near[first]!.difference + near[last]!.difference) / 2n;
  const isSet = absolute(middle) <= SET_NS;
  // What a client asks for again and again meets itself at many differences, and nearly as often.
  const enough = isSet ? matches : matches / 2;
  const rival = places.some(
    (place) => place.matches >= enough && absolute(near[place.first]!.difference - middle) > 2n * WINDOW_NS,
  );
  return { difference: middle, matches, certain: !rival && (isSet || isTold(near.slice(first, last + 1))) };
}

/**
 * Whether pairs tell a difference that clocks which are set do not have. That one host was asked an hour before is no such sign:
 * there have to be several hosts, a pause between connections, or a client's port.
 */
function isTold(pairs: readonly ClockPair[]): boolean {
  let [from, to] = [pairs[0]!.time, pairs[0]!.time];
  for (const { time, placed, host } of pairs) {
    if (placed || host !== pairs[0]!.host) return true;
    if (time < from) from = time;
    if (time > to) to = time;
  }
  return to - from > PAUSE_NS;
}

/** A log of a day meets a host that is asked for all day at any difference. */
function nearest(pairs: ClockPair[]): ClockPair[] {
  return pairs.sort((a, b) => compare(absolute(a.difference), absolute(b.difference))).slice(0, MAX_PAIRS);
}

interface Place {
  readonly first: number;
  readonly last: number;
  readonly matches: number;
  readonly away: bigint;
}

/** The more matches the better; of as many, clocks that are set before others. */
function better(a: Place, b: Place): boolean {
  if (a.matches !== b.matches) return a.matches > b.matches;
  return a.away < b.away && (b.away > SET_NS || a.last - a.first >= b.last - b.first);
}

/** For each pair the window that begins with it, and how many events and records meet in it: each counts once. */
function windows(pairs: readonly ClockPair[]): Place[] {
  const places: Place[] = [];
  const events = new Map<number, number>();
  const records = new Map<number, number>();
  let last = -1;
  for (let first = 0; first < pairs.length; first++) {
    while (last + 1 < pairs.length && pairs[last + 1]!.difference - pairs[first]!.difference <= WINDOW_NS) {
      last++;
      count(events, pairs[last]!.event, 1);
      count(records, pairs[last]!.record, 1);
    }
    const middle = (pairs[first]!.difference + pairs[last]!.difference) / 2n;
    places.push({ first, last, matches: Math.min(events.size, records.size), away: absolute(middle) });
    count(events, pairs[first]!.event, -1);
    count(records, pairs[first]!.record, -1);
  }
  return places;
}

function count(counts: Map<number, number>, key: number, by: 1 | -1): void {
  const value = (counts.get(key) ?? 0) + by;
  if (value === 0) counts.delete(key);
  else counts.set(key, value);
}

function absolute(value: bigint): Nanos {
  return value < 0n ? -value : value;
}
