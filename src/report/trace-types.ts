// The report of a policy trace: plain data that survives JSON, beside the report of a capture (schemaVersion 1).
import type { Advice, Certainty } from "../diagnosis/index.ts";
import type { TraceFindingId } from "../policy-trace/index.ts";
import type { Timestamp } from "./types.ts";

/** The worst finding; `incomplete`: nothing wrong was seen, but the trace could not be read as a whole. */
export type TraceVerdict = TraceFindingId | "incomplete" | "ok";

/** A rule of the policy as the trace has it. */
export interface TraceReportRule {
  readonly line: number;
  readonly layer: string | null;
  readonly text: string;
}

/** What the client got. */
export interface TraceReportAnswer {
  readonly line: number;
  /** client.response.code. */
  readonly status: number;
  /** server.response.code; 0: no server was asked; null: not in the trace. */
  readonly serverStatus: number | null;
  readonly exception: string | null;
  readonly count: number;
}

/** One of the three stages of a tunnel. */
export interface TraceReportStage {
  readonly line: number;
  readonly time: Timestamp | null;
  /** The first request of the stage. */
  readonly method: string | null;
  readonly url: string;
  readonly transactions: number;
  /** Rules about authentication that matched, and those that log the user out. */
  readonly rules: readonly TraceReportRule[];
  readonly logouts: readonly TraceReportRule[];
  /** Rules about authentication that were asked and did not hold. */
  readonly missed: readonly TraceReportRule[];
  readonly rulesTraced: boolean;
  readonly realm: string | null;
  readonly mode: string | null;
  readonly force: string | null;
  /** null: unauthenticated, or not in the trace: `authenticated` tells which. */
  readonly user: string | null;
  readonly authenticated: boolean | null;
  readonly status: string | null;
  readonly answers: readonly TraceReportAnswer[];
}

/** A tunnel; null is what the trace does not have. Lines count from 1. */
export interface TraceReportTunnel {
  /** Its place in this list. */
  readonly tunnel: number;
  /** As the trace has it, masked or not. */
  readonly client: string | null;
  readonly clientPort: number | null;
  readonly target: string;
  /** The registrable domain: tunnels of one site stand together. */
  readonly site: string;
  readonly service: string | null;
  readonly start: Timestamp | null;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly ambiguous: boolean;
  readonly verdict: TraceVerdict;
  readonly stages: {
    readonly connect: TraceReportStage | null;
    readonly tls: TraceReportStage | null;
    readonly https: TraceReportStage | null;
  };
}

/** What was found in a tunnel; `tunnel` is its place in `tunnels`. */
export interface TraceReportFinding {
  readonly id: TraceFindingId;
  readonly severity: "error" | "warning";
  readonly certainty: Certainty;
  readonly tunnel: number;
  readonly lines: readonly number[];
  readonly title: string;
  readonly detail: string;
  readonly evidence: readonly string[];
  readonly advice: Advice;
}

/** Oddities of one id, summed up. */
export interface TraceReportWarning {
  readonly id: string;
  readonly text: string;
  readonly count: number;
  /** The first line that it is about. */
  readonly line: number;
}

/** The report of one policy trace. */
export interface TraceReport {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: "pcapcheck"; readonly version: string };
  readonly trace: {
    readonly path: string;
    readonly bytes: number;
    readonly lines: number;
    readonly transactions: number;
    /** Requests outside of tunnels, and transactions of other kinds. */
    readonly forwards: number;
    readonly others: number;
    readonly start: Timestamp | null;
    readonly end: Timestamp | null;
    readonly warnings: readonly TraceReportWarning[];
  };
  readonly verdict: TraceVerdict;
  readonly exitCode: 0 | 1 | 3;
  readonly totals: {
    readonly tunnels: number;
    /** Tunnels with a 401 by the proxy. */
    readonly wrong: number;
    /** Tunnels by finding, listed or only counted. */
    readonly findings: Readonly<Record<string, number>>;
  };
  /** Those with findings first, those of one site together. */
  readonly tunnels: readonly TraceReportTunnel[];
  readonly findings: readonly TraceReportFinding[];
}
