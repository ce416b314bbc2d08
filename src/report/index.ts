// From facts to plain data, and from plain data to its dresses.

export { auditSchema } from "./audit-schema.ts";
export type * from "./audit-types.ts";
export { buildReport, type CaptureDescription, totalsOf } from "./build.ts";
export { terminalText } from "./escape.ts";
export { type LazyAuditReport, type LazyReport, type Lines, madeOf, wholeReport } from "./lazy.ts";
export { noteText } from "./note-text.ts";
export type { AuditDocument } from "./outputs/audit/document.ts";
export { AUDIT_FORMATS, type AuditFormat, type AuditFormatName } from "./outputs/audit/formats.ts";
export type { OutputDocument } from "./outputs/document.ts";
export { FORMATS, type FormatName, loadLadder } from "./outputs/formats.ts";
export { paint, safe, type TerminalStyle, wrap } from "./outputs/style.ts";
export { TRACE_FORMATS } from "./outputs/trace/formats.ts";
export type { PolicyFacts, PolicySource } from "./policy.ts";
export { loadRedactor } from "./redact/load.ts";
export { REDACT_KINDS, type RedactKind } from "./redact/pseudonyms.ts";
export type { Redactor } from "./redact/redact.ts";
export { reportSchema } from "./schema.ts";
export type { Schema } from "./schema-parts.ts";
export { timestamp } from "./time.ts";
export type { ReportDigests } from "./tls.ts";
export { buildTraceReport } from "./trace-build.ts";
export { traceSchema } from "./trace-schema.ts";
export type * from "./trace-types.ts";
export type * from "./types.ts";
export { exitCodeOf, isSitesOwn, isUnseen, isWrong, toldBeside } from "./verdicts.ts";
