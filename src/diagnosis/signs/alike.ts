// Whether a client was answered alike by the proxy wherever it went: a filter refuses some sites, a lost sign-in all.
import type { Timeline } from "../../proxy/index.ts";
import { siteOf } from "../sites.ts";
import { SAME_SIZE } from "./near-answer.ts";
import type { SameAnswer } from "./same-answer.ts";
import type { OwnAnswer, TunnelRecords, Turn } from "./types.ts";
import { isFar, type Way } from "./way.ts";

/** Unrelated sites at which the proxy has to have answered by itself. */
const MIN_SITES = 3;
/** And in this part of the tunnels: of the others the way is not known, or the proxy was slow. */
const MIN_SHARE = 1 / 2;
/** A tunnel that brought more than handshake and a few small answers was no challenge alone. */
const MUCH_BYTES = 20_000;
/** The shortest repeated request of HTTP/2: its fields by number (RFC 7541), and credentials. */
const MIN_REQUEST = 40;

/** What is known of the tunnels of one client at one proxy. */
export interface Likeness {
  readonly same: ReadonlyMap<TunnelRecords, SameAnswer>;
  readonly own: ReadonlyMap<TunnelRecords, readonly OwnAnswer[]>;
  wayOf(tunnel: TunnelRecords): Way | null;
  /** Some origin may have given this answer. */
  fromOrigin(tunnel: TunnelRecords, index: number): boolean;
}

/**
 * Every tunnel of a client began with one and the same answer, three unrelated sites or more had it from the proxy itself,
 * and nothing else came but the same again, or what an origin sent once the client had come back. `others`: tunnels of
 * this client of which the records tell nothing, since they were read, or joined late.
 */
export function allAlike(tunnels: readonly TunnelRecords[], others: readonly Timeline[], known: Likeness): boolean {
  const first = tunnels[0] === undefined ? undefined : known.same.get(tunnels[0]);
  if (first === undefined || others.some(({ tunnel }) => (tunnel?.serverBytes ?? 0) > MUCH_BYTES)) return false;
  const byProxy = tunnels.filter((tunnel) => known.own.get(tunnel)?.some(({ index }) => index === 0));
  if (new Set(byProxy.map(({ host }) => siteOf(host))).size < MIN_SITES) return false;
  if (byProxy.length < tunnels.length * MIN_SHARE) return false;
  return tunnels.every((tunnel) => first.members.has(tunnel) && saysOneThing(tunnel, known));
}

/** Whether all answers are of one size: nobody came back and was let through. */
export function isOneSize(turns: readonly Turn[]): boolean {
  const first = turns[0]?.answer?.bytes ?? 0;
  return turns.every(({ answer }) => answer === null || Math.abs(answer.bytes - first) <= SAME_SIZE);
}

/** Whatever was asked, a page and its icon, the proxy gave the same answer; until it let the client through. */
function saysOneThing(tunnel: TunnelRecords, known: Likeness): boolean {
  const { turns, cut } = tunnel;
  const first = turns[0]?.answer;
  if (first == null || cut) return false;
  const way = known.wayOf(tunnel);
  return turns.every(({ request, answer }, i) => {
    if (answer === null) return i === turns.length - 1;
    if (Math.abs(answer.bytes - first.bytes) <= SAME_SIZE && !known.fromOrigin(tunnel, i)) return true;
    return i > 0 && way !== null && request.bytes >= MIN_REQUEST && isFar(tunnel, { request, answer }, way);
  });
}
