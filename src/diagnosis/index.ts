// From the timelines of all connections to verdicts, findings and the senders of 401s.

export { deciding } from "./certainty.ts";
export { clientOf } from "./client.ts";
export { Collector, type CollectorLimits, type Diagnosis, type Told } from "./collector.ts";
export { type Explanation, explanations } from "./explain.ts";
export type { CaptureFacts, Hole, JudgedConnection, KeyFacts } from "./facts.ts";
export { SEVERAL } from "./folding.ts";
export { handshakeOutcome } from "./handshake.ts";
export { pageMarks, productWords } from "./products/index.ts";
export { siteOf } from "./sites.ts";
export type { ChainEnd, Trust } from "./trust.ts";
export type * from "./types.ts";
export { FINDINGS, VERDICTS } from "./types.ts";
export { asksNothing, isIdle } from "./unasked.ts";
export { isLeftWithout, isUnreached } from "./unreached.ts";
export { count, displayFilter, endpointText, schemesText } from "./wording.ts";
