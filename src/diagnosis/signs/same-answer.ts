// Sign: tunnels to unrelated sites begin with an answer of one size, give or take the length of the host's name.
import { addTo } from "../../bytes/index.ts";
import { isPublicSite, siteOf } from "../sites.ts";
import { count } from "../wording.ts";
import type { Sign, TunnelRecords } from "./types.ts";
import { isSmall } from "./way.ts";

/** Two sites may share a maker; of three unrelated ones the same size is a common hand. */
const MIN_SITES = 3;
/** Of many sites some agree by chance: it has to be this part of all. */
const MIN_SHARE = 1 / 4;
/** How often a page names the host. */
const MAX_NAMINGS = 4;
/** Frames that are cited. */
const MAX_CITED = 5;

/** Tunnels with the same first answer. */
export interface SameAnswer {
  readonly members: ReadonlySet<TunnelRecords>;
  readonly sites: number;
  signOf(tunnel: TunnelRecords): Sign;
}

/** For each of `tunnels` (all of one proxy, none answered from afar) the largest group that it belongs to. */
export function sameAnswers(tunnels: readonly TunnelRecords[]): ReadonlyMap<TunnelRecords, SameAnswer> {
  const sites = new Map<string, string>();
  const site = (host: string): string => {
    const known = sites.get(host) ?? siteOf(host);
    sites.set(host, known);
    return known;
  };
  const small = tunnels.filter(({ turns, host }) => isSmall(turns[0]?.answer ?? null) && isPublicSite(host));
  const all = new Set<string>();
  for (const { host } of small) all.add(site(host));
  if (all.size < MIN_SITES) return NONE;
  const needed = Math.max(MIN_SITES, all.size * MIN_SHARE);
  const groups = new Map<string, TunnelRecords[]>();
  for (const tunnel of small) {
    const bytes = tunnel.turns[0]!.answer!.bytes;
    for (let namings = 0; namings <= MAX_NAMINGS; namings++) {
      addTo(groups, `${namings} ${bytes - namings * tunnel.host.length}`, tunnel);
    }
  }
  const best = new Map<TunnelRecords, SameAnswer>();
  for (const group of groups.values()) {
    // One tunnel of each site stands for it.
    const bySite = new Map(group.map((tunnel) => [site(tunnel.host), tunnel]));
    if (bySite.size < needed) continue;
    const same: SameAnswer = {
      members: new Set(group),
      sites: bySite.size,
      signOf: (tunnel) => sign(tunnel, site(tunnel.host), bySite),
    };
    for (const tunnel of group) if ((best.get(tunnel)?.sites ?? 0) < bySite.size) best.set(tunnel, same);
  }
  return best;
}

const NONE: ReadonlyMap<TunnelRecords, SameAnswer> = new Map();

function sign(tunnel: TunnelRecords, own: string, bySite: ReadonlyMap<string, TunnelRecords>): Sign {
  const answer = tunnel.turns[0]!.answer!;
  const places: string[] = [];
  for (const [site, { host, timeline, turns }] of bySite) {
    if (places.length >= MAX_CITED) break;
    if (site !== own) places.push(`${host} (stream ${timeline.stream}, frame ${turns[0]!.answer!.frame})`);
  }
  return {
    id: "same-answer",
    frame: answer.frame,
    time: answer.time,
    frames: [answer.frame],
    text: `the first answer of ${answer.bytes} bytes (frame ${answer.frame}) is as long, but for the host's name, as those of ${count(bySite.size - 1, "unrelated site")}: ${places.join(", ")}`,
  };
}
