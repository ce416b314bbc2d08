// The proxy's own account: policy traces and access logs, their tunnels, and what they tell of a capture's tunnels.
export { AccessLogReader } from "./access-log.ts";
export { TRACE_FINDINGS, type TraceFindingId } from "./findings.ts";
export { RecordJoin } from "./join.ts";
export { TraceReader } from "./read.ts";
export { type ProxyRecord, recordOfEntry, recordOfTransaction } from "./records.ts";
export type { StageFacts } from "./stages.ts";
export { RecordStore } from "./store.ts";
export { type JudgedTunnel, type TraceFacts, type TraceNote, TraceSummary } from "./summary.ts";
export { type TraceExplanation, traceExplanations } from "./texts.ts";
export type * from "./types.ts";
export { TRACE_NOTES } from "./types.ts";
