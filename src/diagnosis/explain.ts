// The words of every verdict and finding, for `pcapcheck explain`.
import { RULES } from "./rules/index.ts";
import type { Advice, FindingId, Severity } from "./types.ts";

/** A verdict or finding in plain words. */
export interface Explanation {
  readonly id: FindingId;
  readonly title: string;
  readonly severity: Severity;
  readonly meaning: string;
  readonly looksLike: string;
  /** What the client says (>), what comes back (<), what happens; line by line. */
  readonly example: readonly string[];
  readonly evidence: string;
  readonly advice: Advice;
  readonly references: readonly string[];
}

/** All of them: verdicts worst first, then the rules of their own. */
export function explanations(): readonly Explanation[] {
  return RULES.map(({ id, title, severity, meaning, looksLike, example, evidence, advice, references }) => ({
    id,
    title,
    severity,
    meaning,
    looksLike,
    example,
    evidence,
    advice,
    references,
  }));
}
