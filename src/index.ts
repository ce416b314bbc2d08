// The library: a capture in, a report out.
export {
  type AuditFiles,
  type AuditOptions,
  type AuditProgress,
  auditCaptures,
  type ByteSource,
  type CancelSignal,
  type CaptureFiles,
  type CaptureSource,
  type CheckFailure,
  type CheckOptions,
  type CheckResult,
  checkCapture,
  checkTrace,
  createRedactor,
  type FileSource,
  type FileUrl,
  JournalError,
  mergeJournals,
  NamedFileError,
  type ProxyAddress,
  type TraceOptions,
  type WebBlob,
  type WebStream,
} from "./audit/index.ts";
export {
  type Advice,
  type Certainty,
  type Explanation,
  explanations,
  FINDINGS,
  type FindingId,
  type Sender,
  type Severity,
  VERDICTS,
  type Verdict,
} from "./diagnosis/index.ts";
export { type TraceExplanation, type TraceFindingId, traceExplanations } from "./policy-trace/index.ts";
export type * from "./report/audit-types.ts";
export {
  auditSchema,
  type RedactKind,
  type Redactor,
  reportSchema,
  type Schema,
  traceSchema,
} from "./report/index.ts";
export type * from "./report/trace-types.ts";
export type * from "./report/types.ts";
export type { Aead, AeadName, Cbc, CbcName, HashName, RsaKey, TlsPlatform } from "./tls-decrypt/index.ts";
