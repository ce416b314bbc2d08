// The words of every verdict and finding, for `pcapcheck explain`.
import type { RuleText } from "./rule.ts";
import { RULES } from "./rules/index.ts";

/** A verdict or finding in plain words. */
export type Explanation = RuleText;

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
