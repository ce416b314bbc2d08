// How the proxy's own records were joined to the connections of a capture, in words.
import type { ReportPolicy, ReportPolicySource } from "../types.ts";
import { counted } from "./style.ts";

/** What is said of one trace or log: how far its clock is, what was made of its records, and what was odd about it. */
export interface SourceTexts {
  readonly label: "Trace" | "Log";
  readonly facts: string;
  readonly notes: readonly string[];
}

/** Of each file its texts. */
export function sourceTexts({ sources }: ReportPolicy): readonly SourceTexts[] {
  return sources.map((source) => ({
    label: source.kind === "policy-trace" ? "Trace" : "Log",
    facts: factsOf(source),
    notes: source.notes.map(
      ({ text, count, line }) => `${text} (${count === 1 ? "once" : `${count} times`}, first at line ${line})`,
    ),
  }));
}

/** That not all records were looked at; null if they were. */
export function droppedText({ dropped }: ReportPolicy): string | null {
  return dropped > 0 ? `${counted(dropped, "record")} more were not looked at` : null;
}

function factsOf(source: ReportPolicySource): string {
  const { path, records, clockDifferenceMs, clockCertain, clockMatches, joined, ambiguous, unmatched } = source;
  const clock =
    clockDifferenceMs === null
      ? "nothing in it meets this capture"
      : `its clock is ${differenceText(clockDifferenceMs)} (${counted(clockMatches, "CONNECT")} meet${clockMatches === 1 ? "s" : ""}${clockCertain ? "" : "; they may be of other minutes, so nothing is certain"})`;
  return `${path}: ${clock}; of ${counted(records, "record")} ${joined} belong to one connection, ${ambiguous} to one of several, ${unmatched} to none`;
}

function differenceText(ms: number): string {
  if (Math.abs(ms) < 1_500) return "that of the capture";
  return `${(Math.abs(ms) / 1000).toFixed(1)} s ${ms > 0 ? "ahead" : "behind"}`;
}
