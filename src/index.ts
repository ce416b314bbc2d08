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
  JournalError,
  mergeJournals,
  type ProxyAddress,
} from "./audit/index.ts";
export { type Explanation, explanations, VERDICTS, type Verdict } from "./diagnosis/index.ts";
export type * from "./report/index.ts";
export { auditSchema, reportSchema } from "./report/index.ts";
