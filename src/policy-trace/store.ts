// What of traces and logs can be about a capture: they may tell of days and of all clients, and the capture of minutes and of one.
import { compare, type Nanos } from "../bytes/index.ts";
import type { Timeline } from "../proxy/index.ts";
import { MAX_DIFFERENCE_NS } from "./clock.ts";
import type { ProxyRecord } from "./records.ts";
import { Sites } from "./sites.ts";

/** Records kept of all traces and logs beside one capture, some 700 bytes each. */
const MAX_RECORDS = 100_000;

/** Collects the records that can be about a timeline, by client, host and day; of too many those nearest to the capture. */
export class RecordStore {
  /** In the order of their files. */
  records: ProxyRecord[] = [];
  readonly sites: Sites;
  /** By source: records that are about other clients, other hosts or another day. */
  readonly foreign: number[] = [];
  #dropped = 0;
  readonly #from: Nanos;
  readonly #to: Nanos;
  readonly #most: number;
  /** What is as far away as this has no room. */
  #nearerThan: Nanos = MAX_DIFFERENCE_NS;

  /** `timelines`: all that records may be joined to; `most`: how many records are kept. */
  constructor(timelines: readonly Timeline[], most = MAX_RECORDS) {
    this.sites = new Sites(timelines);
    this.#most = most;
    let [from, to] = [timelines[0]?.start ?? 0n, timelines[0]?.end ?? 0n];
    for (const { start, end } of timelines) {
      if (start < from) from = start;
      if (end > to) to = end;
    }
    this.#from = from;
    this.#to = to;
  }

  /** Records that could be about the capture and were not kept, since too many could. */
  get dropped(): number {
    return this.#dropped;
  }

  add(record: ProxyRecord | null): void {
    if (record === null) return;
    const away = this.#away(record);
    if (away > MAX_DIFFERENCE_NS || this.sites.of(record).length === 0)
      this.foreign[record.source] = (this.foreign[record.source] ?? 0) + 1;
    else if (away > this.#nearerThan) this.#dropped++;
    else {
      this.records.push(record);
      if (this.records.length > this.#most) this.#thin();
    }
  }

  /** Keeps the half that is nearest to the capture, or as many of them, where they are equally near, as came first. */
  #thin(): void {
    const half = this.#most >> 1;
    const distances = this.records.map((record) => this.#away(record)).sort(compare);
    const limit = distances[half - 1]!;
    let equal = half - distances.indexOf(limit);
    const kept = this.records.filter((record) => {
      const away = this.#away(record);
      return away < limit || (away === limit && equal-- > 0);
    });
    this.#dropped += this.records.length - kept.length;
    this.records = kept;
    this.#nearerThan = limit;
  }

  /** How long before the capture or behind it; 0 while it was recorded. */
  #away({ time }: ProxyRecord): Nanos {
    if (time < this.#from) return this.#from - time;
    return time > this.#to ? time - this.#to : 0n;
  }
}
