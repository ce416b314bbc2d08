// What a worker of an audit does: one capture at a time.

import type { AuditRow } from "../report/index.ts";
import { checkTask } from "./audit-row.ts";
import type { WorkerTask } from "./runner.ts";

/** Called by the pool. */
export function work({ task, check }: WorkerTask): Promise<AuditRow | null> {
  return checkTask(task, check);
}
