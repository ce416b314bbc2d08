// The proxy's own account: policy traces and access logs, their tunnels, and what they tell of a capture's tunnels.
export { TRACE_FINDINGS, type TraceFindingId } from "./findings.ts";
export { TraceReader } from "./read.ts";
export type { StageFacts } from "./stages.ts";
export { type JudgedTunnel, type TraceFacts, TraceSummary } from "./summary.ts";
export { type TraceExplanation, traceExplanations } from "./texts.ts";
export type * from "./types.ts";
export { TRACE_NOTES } from "./types.ts";
