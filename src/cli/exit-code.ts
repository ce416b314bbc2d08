// Exit codes: 0 nothing wrong and all seen, 1 something wrong, 2 could not be checked, 3 nothing wrong seen but not all seen.
import type { Verdict } from "../diagnosis/index.ts";
import { exitCodeOf, type LazyReport } from "../report/index.ts";

/** For what could not be checked: usage, unreadable file, not a capture. */
export const NOT_CHECKED = 2;

/** The exit code of one report. `failOn`: the verdicts that give 1 instead of those that are wrong by themselves. */
export function exitCode(report: LazyReport, failOn: readonly Verdict[] | undefined): number {
  const verdicts = new Set<string>([report.verdict, ...Object.keys(report.totals.verdicts)]);
  const codes = [...verdicts].map((verdict) => codeOf(verdict as Verdict, failOn));
  return combined(codes);
}

function codeOf(verdict: Verdict, failOn: readonly Verdict[] | undefined): number {
  if (failOn?.includes(verdict)) return 1;
  const code = exitCodeOf(verdict);
  return failOn !== undefined && code === 1 ? 0 : code;
}

/** Of many: 2 if any could not be checked, else 1 if anything is wrong, else 3, else 0. */
export function combined(codes: readonly number[]): number {
  for (const code of [NOT_CHECKED, 1, 3]) if (codes.includes(code)) return code;
  return 0;
}
