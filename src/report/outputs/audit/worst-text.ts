// The worst verdict of an audit in a word or two.
import type { AuditReport } from "../../audit-types.ts";

/** The verdict, or words where there is none. */
export function worstText({ verdict, exitCode }: AuditReport): string {
  if (verdict !== null) return verdict;
  return exitCode === 0 ? "no capture is in this part" : "nothing could be checked";
}
