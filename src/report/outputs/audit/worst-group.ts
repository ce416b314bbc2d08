// Which of a capture's groups of like connections its verdict is told by.
import type { AuditGroup, AuditRow } from "../../audit-types.ts";

/** The first group with the verdict of the capture; one of which more than one sign says it before the others. */
export function worstGroup({ groups, verdict }: AuditRow): AuditGroup | undefined {
  const worst = groups.filter((group) => group.verdict === verdict);
  return worst.find(({ count, possible }) => possible < count) ?? worst[0];
}
