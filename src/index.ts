// The library: a capture in, a report out.
export {
  type AuditOptions,
  type AuditProgress,
  auditCaptures,
  type CaptureFiles,
  type CaptureSource,
  type CheckFailure,
  type CheckOptions,
  type CheckResult,
  checkCapture,
  checkTrace,
  JournalError,
  mergeJournals,
  NamedFileError,
  type ProxyAddress,
  type TraceOptions,
} from "./audit/index.ts";
export { type Explanation, explanations, VERDICTS, type Verdict } from "./diagnosis/index.ts";
export { type TraceExplanation, traceExplanations } from "./policy-trace/index.ts";
export type * from "./report/index.ts";
export { auditSchema, reportSchema, traceSchema } from "./report/index.ts";
export type { TlsPlatform } from "./tls-decrypt/index.ts";
