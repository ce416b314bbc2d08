// From the timelines of all connections to verdicts, findings and the senders of 401s.
export { Collector, type CollectorLimits, type Diagnosis } from "./collector.ts";
export { type Explanation, explanations } from "./explain.ts";
export type {
  CaptureFacts,
  CaptureQuality,
  FoldedConnections,
  JudgedConnection,
  KeyFacts,
  ProxyFacts,
} from "./facts.ts";
export { handshakeOutcome } from "./handshake.ts";
export { pageMarks } from "./products.ts";
export type * from "./types.ts";
export { VERDICTS } from "./types.ts";
export { count, endpointText, schemesText, targetOf, targetText } from "./wording.ts";
