// All of a trace in bounded memory: tunnels with what was found are kept before calm ones, the rest is counted.
import type { Nanos } from "../bytes/index.ts";
import { findingsOf, TRACE_FINDINGS, type TraceFinding, type TraceFindingId } from "./findings.ts";
import { type TraceTunnel, TunnelGrouping } from "./tunnels.ts";
import type { LineNo, TraceNoteId, TraceNoteSink, TraceTransaction } from "./types.ts";

/** Tunnels kept with findings, and calm ones; a reader looks at a dozen, a program at all that are wrong. */
const MAX_REMARKABLE = 500;
const MAX_CALM = 200;

export interface JudgedTunnel {
  readonly tunnel: TraceTunnel;
  readonly findings: readonly TraceFinding[];
}

export interface TraceNote {
  readonly id: TraceNoteId;
  readonly count: number;
  readonly firstLine: LineNo;
}

/** What a trace tells. */
export interface TraceFacts {
  readonly transactions: number;
  /** Requests outside of tunnels, and what is no request. */
  readonly forwards: number;
  readonly others: number;
  readonly tunnels: readonly JudgedTunnel[];
  readonly tunnelCount: number;
  /** Tunnels by finding, kept or not. */
  readonly findingCounts: Readonly<Record<TraceFindingId, number>>;
  readonly notes: readonly TraceNote[];
  readonly start: Nanos | null;
  readonly end: Nanos | null;
}

/** Takes the transactions of one or more traces. */
export class TraceSummary {
  readonly note: TraceNoteSink;
  readonly #grouping: TunnelGrouping;
  readonly #remarkable: JudgedTunnel[] = [];
  readonly #calm: JudgedTunnel[] = [];
  readonly #notes = new Map<TraceNoteId, { count: number; firstLine: LineNo }>();
  readonly #counts = Object.fromEntries(TRACE_FINDINGS.map((id) => [id, 0])) as Record<TraceFindingId, number>;
  #transactions = 0;
  #forwards = 0;
  #others = 0;
  #tunnels = 0;
  #start: Nanos | null = null;
  #end: Nanos | null = null;

  constructor() {
    this.note = (id, line) => {
      const known = this.#notes.get(id);
      if (known === undefined) this.#notes.set(id, { count: 1, firstLine: line });
      else known.count++;
    };
    this.#grouping = new TunnelGrouping({ note: this.note, tunnel: (tunnel) => this.#judge(tunnel) });
  }

  transaction(transaction: TraceTransaction): void {
    this.#transactions++;
    const { time, request } = transaction;
    if (time !== null) {
      if (this.#start === null || time < this.#start) this.#start = time;
      if (this.#end === null || time > this.#end) this.#end = time;
    }
    if (request?.stage === "forward") this.#forwards++;
    else if (request === null || request.stage === "other") this.#others++;
    this.#grouping.add(transaction);
  }

  finish(): TraceFacts {
    this.#grouping.end();
    return {
      transactions: this.#transactions,
      forwards: this.#forwards,
      others: this.#others,
      tunnels: [...this.#remarkable, ...this.#calm],
      tunnelCount: this.#tunnels,
      findingCounts: this.#counts,
      notes: [...this.#notes].map(([id, note]) => ({ id, ...note })),
      start: this.#start,
      end: this.#end,
    };
  }

  #judge(tunnel: TraceTunnel): void {
    this.#tunnels++;
    const findings = findingsOf(tunnel);
    for (const { id } of findings) this.#counts[id]++;
    const list = findings.length > 0 ? this.#remarkable : this.#calm;
    if (list.length < (findings.length > 0 ? MAX_REMARKABLE : MAX_CALM)) list.push({ tunnel, findings });
    else this.note("trace-not-kept", tunnel.firstLine);
  }
}
