// Sign: tunnels to unrelated sites begin with an answer of one size, give or take the length of the host's name.
import { isPublicSite, siteOf } from "../sites.ts";
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
  const small = tunnels.filter(({ turns, host }) => isSmall(turns[0]?.answer ?? null) && isPublicSite(host));
  const needed = Math.max(MIN_SITES, new Set(small.map(({ host }) => siteOf(host))).size * MIN_SHARE);
  const groups = new Map<string, TunnelRecords[]>();
  for (const tunnel of small) {
    const bytes = tunnel.turns[0]!.answer!.bytes;
    for (let namings = 0; namings <= MAX_NAMINGS; namings++) {
      const key = `${namings} ${bytes - namings * tunnel.host.length}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [tunnel]);
      else group.push(tunnel);
    }
  }
  const best = new Map<TunnelRecords, SameAnswer>();
  for (const group of groups.values()) {
    const sites = new Set(group.map(({ host }) => siteOf(host)));
    if (sites.size < needed) continue;
    const same: SameAnswer = {
      members: new Set(group),
      sites: sites.size,
      signOf: (tunnel) => sign(tunnel, group, sites),
    };
    for (const tunnel of group) if ((best.get(tunnel)?.sites ?? 0) < sites.size) best.set(tunnel, same);
  }
  return best;
}

function sign(tunnel: TunnelRecords, group: readonly TunnelRecords[], sites: ReadonlySet<string>): Sign {
  const answer = tunnel.turns[0]!.answer!;
  const own = siteOf(tunnel.host);
  const others = group.filter(({ host }) => siteOf(host) !== own).slice(0, MAX_CITED);
  const places = others.map(
    (other) => `${other.host} (stream ${other.timeline.stream}, frame ${other.turns[0]!.answer!.frame})`,
  );
  const named = places.join(", ");
  return {
    id: "same-answer",
    frame: answer.frame,
    time: answer.time,
    frames: [answer.frame],
    text: `the first answer of ${answer.bytes} bytes (frame ${answer.frame}) is as long, but for the host's name, as those of ${sites.size - 1} unrelated sites: ${named}`,
  };
}
