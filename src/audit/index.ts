// Captures in, reports out: the floor where files and platform are.

export { type AuditOptions, type AuditProgress, auditCaptures, mergeJournals } from "./audit.ts";
export type { ByteSource, CancelSignal, WebBlob, WebStream } from "./byte-source.ts";
export { checkCapture, checkLazily } from "./check-capture.ts";
export { checkTrace, type TraceOptions } from "./check-trace.ts";
export { isFile, lookAt, readSmall, realPath } from "./files.ts";
export { isPattern, namesOf } from "./globs.ts";
export type { CaptureSource, FileUrl } from "./input.ts";
export { ipAddress } from "./ip-address.ts";
export type { CaptureFiles } from "./joined-files.ts";
export { JournalError } from "./journal-lines.ts";
export { keylessLogs, NamedFileError } from "./named-files.ts";
export { holdPipes, isPipeFailure } from "./pipes.ts";
export { codeOf, ownFailure, readFailure } from "./read-failure.ts";
export { createRedactor, LEAST_KEY_BYTES } from "./redactor.ts";
export { reservedName } from "./reserved-names.ts";
export { rotatedSets } from "./rotation.ts";
export type * from "./types.ts";
export { VERSION } from "./version.ts";
export { writeFailure } from "./write-failure.ts";
