// What is kept of a policy trace and of an access log: transactions as typed data, each with its lines.
import type { Nanos } from "../bytes/index.ts";

/** Number of a line in its file, from 1. */
export type LineNo = number;

/** What the proxy wrote in front of a rule: it held, it did not hold, it could not be asked for this kind of transaction. */
export type RuleOutcome = "match" | "miss" | "n/a";

/** `url.scheme=https`; value null for a word of its own, as `ALLOW`. */
export interface RuleCondition {
  readonly name: string;
  readonly value: string | null;
}

/** `authenticate.mode(proxy-ip)`. */
export interface RuleProperty {
  readonly name: string;
  readonly value: string;
}

/** One rule of a layer, as the trace tells it. */
export interface TraceRule {
  readonly outcome: RuleOutcome;
  readonly line: LineNo;
  /** `<Proxy>` or `<Admin "label">` without the brackets; null where the trace names none. */
  readonly layer: string | null;
  /** The rule with single spaces: equal rules have equal texts. */
  readonly text: string;
  readonly conditions: readonly RuleCondition[];
  readonly properties: readonly RuleProperty[];
  /** The proxy ended the line with "...": there may be more to the rule. */
  readonly cut: boolean;
}

export interface TraceConnection {
  readonly service: string | null;
  /** As written, masked or not. */
  readonly clientAddress: string | null;
  readonly clientPort: number | null;
  readonly proxyPort: number | null;
}

/** Where in the life of a tunnel a transaction stands; `forward` is a request outside of tunnels. */
export type TraceStage = "connect" | "tls" | "https" | "forward" | "other";

export interface TraceRequest {
  readonly line: LineNo;
  readonly stage: TraceStage;
  /** "CONNECT", "GET"; "unknown" as written; null where there is none. */
  readonly method: string | null;
  readonly scheme: string;
  /** Lower case, without brackets and port. */
  readonly host: string;
  readonly port: number | null;
  /** Without user information, query and fragment. */
  readonly path: string;
}

/** A value with the line on which it stands. */
export interface Told<T> {
  readonly value: T;
  readonly line: LineNo;
}

export interface TraceUser {
  readonly line: LineNo;
  /** null: unauthenticated. */
  readonly name: string | null;
  readonly realm: string | null;
}

/** One transaction of a policy trace. */
export interface TraceTransaction {
  readonly firstLine: LineNo;
  readonly lastLine: LineNo;
  /** Between `start transaction` and `stop transaction`; false: pasted without them. */
  readonly bracketed: boolean;
  /** A `start transaction` or the end of the file came before its `stop transaction`. */
  readonly cut: boolean;
  /** Rules that matched, and all that are about authentication; the first `MAX_RULES`. */
  readonly rules: readonly TraceRule[];
  /** All rules by outcome, kept or not. */
  readonly ruleCounts: Readonly<Record<RuleOutcome, number>>;
  readonly connection: TraceConnection | null;
  readonly time: Nanos | null;
  readonly request: TraceRequest | null;
  readonly user: TraceUser | null;
  /** "none", "need_credentials", ... */
  readonly authStatus: string | null;
  /** Lower case: "authentication_failed", "policy_denied", ... */
  readonly exception: Told<string> | null;
  readonly serverStatus: Told<number> | null;
  readonly clientStatus: Told<number> | null;
}

/** One line of an access log. */
export interface LogEntry {
  readonly line: LineNo;
  /** When it began: the time of the line less the time taken. */
  readonly time: Nanos | null;
  readonly clientAddress: string | null;
  readonly clientPort: number | null;
  readonly method: string | null;
  readonly scheme: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly path: string | null;
  /** What the client was sent. */
  readonly status: number | null;
  /** What the server had sent (rs-status, sr-status...); 0 or null: nothing is known. */
  readonly serverStatus: number | null;
  readonly exception: string | null;
  readonly filterResult: string | null;
  readonly action: string | null;
  /** The server or proxy that was asked (s-supplier-ip, r-ip, s-supplier-name); null where the log has none. */
  readonly supplier: string | null;
}

/** Oddities of a trace or log, counted by id. */
export const TRACE_NOTES = {
  "trace-line-too-long": "lines longer than 64 KiB were cut",
  "trace-transaction-cut": "transactions that were begun and not ended",
  "trace-transaction-unopened": "ends of transactions that were not begun",
  "trace-incomplete": "transactions without a request line: they cannot be placed",
  "trace-unordered":
    "lines that are not where a proxy writes them: the trace was cut or reordered, what follows from it may be wrong",
  "trace-time-unreadable": "times that could not be read",
  "trace-tunnel-ambiguous":
    "transactions that could belong to several tunnels at once: they were given to the oldest that fits",
  "trace-evicted": "tunnels that were closed because too many were open at once",
  "trace-not-kept": "tunnels that were only counted",
  "log-no-fields": "lines before any #Fields line: they cannot be read",
  "log-field-count": "lines with more or fewer fields than #Fields says",
} as const;

export type TraceNoteId = keyof typeof TRACE_NOTES;

export type TraceNoteSink = (id: TraceNoteId, line: LineNo) => void;
