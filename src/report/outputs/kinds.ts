// Findings by kind: what is told once, from its first case.
import type { Report, ReportConnection, ReportFinding } from "../types.ts";

/** What is about the capture and not about the proxy; told behind the connections. */
export const ABOUT_SIGHT: ReadonlySet<string> = new Set(["keys-missing", "incomplete", "encrypted", "capture-quality"]);

/** Findings of one id together, in the order of the first of each. */
export function byKind(findings: readonly ReportFinding[]): (readonly ReportFinding[])[] {
  const kinds = new Map<string, ReportFinding[]>();
  for (const finding of findings) {
    const list = kinds.get(finding.id);
    if (list === undefined) kinds.set(finding.id, [finding]);
    else list.push(finding);
  }
  return [...kinds.values()];
}

/** The connection that a finding is about; null if it is about the capture, or its connection was only counted. */
export function connectionOf(report: Report, { stream }: ReportFinding): ReportConnection | null {
  return stream === null ? null : (report.connections.find((connection) => connection.stream === stream) ?? null);
}
