// Findings by kind: what is told once, from its first case.
import { grouped } from "../../bytes/index.ts";
import type { Report, ReportConnection, ReportFinding } from "../types.ts";

/** What is about the capture and not about the proxy; told behind the connections. */
export const ABOUT_SIGHT: ReadonlySet<string> = new Set(["keys-missing", "incomplete", "encrypted", "capture-quality"]);

/** Findings of one id and title together, in the order of the first of each: under another title stands another story, with other advice. */
export function byKind<Finding extends { readonly id: string; readonly title: string }>(
  findings: readonly Finding[],
): (readonly Finding[])[] {
  return [...grouped(findings, ({ id, title }) => `${id} ${title}`).values()];
}

/** The connection that a finding is about; null if it is about the capture, or its connection was only counted. */
export function connectionOf(report: Report, { stream }: ReportFinding): ReportConnection | null {
  return stream === null ? null : (report.connections.find((connection) => connection.stream === stream) ?? null);
}
