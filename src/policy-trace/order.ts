// Tells records of one client and host apart by their order, where several tunnels fit: seconds are too coarse for a browser.
import { addTo, compare } from "../bytes/index.ts";
import type { ConnectFact, Timeline } from "../proxy/index.ts";
import type { ProxyRecord } from "./records.ts";

/** CONNECTs of one client and host that are compared; more at a time are left ambiguous. */
const MAX_GROUP = 2_000;

export interface OrderContext {
  /** Timelines with client and host of a record. */
  of(record: ProxyRecord): readonly Timeline[];
  /** Whether a record can be about a CONNECT of the capture. */
  fits(record: ProxyRecord, connect: ConnectFact): boolean;
}

/**
 * The timelines of records that their order tells. It tells something only where a file has exactly the CONNECTs that the
 * capture has, one fitting the other in turn; and what came inside only where one tunnel was over before the next began.
 */
export function byOrder(records: readonly ProxyRecord[], context: OrderContext): ReadonlyMap<ProxyRecord, Timeline> {
  const groups = new Map<string, ProxyRecord[]>();
  for (const record of records) {
    if (record.clientPort !== null || record.stage === "forward" || record.stage === "other") continue;
    addTo(groups, `${record.client ?? ""} ${record.host}`, record);
  }
  const found = new Map<ProxyRecord, Timeline>();
  for (const group of groups.values()) orderGroup(group, context, found);
  return found;
}

function orderGroup(group: readonly ProxyRecord[], context: OrderContext, found: Map<ProxyRecord, Timeline>): void {
  const timelines = context.of(group[0]!);
  const connects = timelines
    .flatMap((timeline) =>
      timeline.connects.map((connect) => ({ timeline, connect, time: connect.request.where.time })),
    )
    .sort((a, b) => compare(a.time, b.time));
  const asked = group.filter(({ stage }) => stage === "connect");
  if (asked.length !== connects.length || asked.length < 2 || asked.length > MAX_GROUP) return;
  const inTurn = asked.every((record, i) => {
    const { connect } = connects[i]!;
    const status = connect.response?.status ?? null;
    return context.fits(record, connect) && (record.status === null || status === null || record.status === status);
  });
  if (!inTurn || !oneAfterAnother(timelines)) return;
  let place = -1;
  for (const record of group) {
    if (record.stage === "connect") place++;
    const at = connects[place];
    if (at !== undefined) found.set(record, at.timeline);
  }
}

function oneAfterAnother(timelines: readonly Timeline[]): boolean {
  const sorted = [...timelines].sort((a, b) => compare(a.start, b.start));
  return sorted.every((timeline, i) => i === 0 || sorted[i - 1]!.end <= timeline.start);
}
