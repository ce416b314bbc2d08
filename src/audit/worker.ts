// What a worker of an audit does: a few captures, one after the other.

import type { AuditRow } from "../report/index.ts";
import { checkTask } from "./audit-row.ts";
import { KeyLogFolders } from "./key-logs-beside.ts";
import type { WorkerTask } from "./runner.ts";

const folders = new KeyLogFolders();

/** Called by the pool; gives the rows in the order of the tasks. */
export async function work({ tasks, check }: WorkerTask): Promise<readonly (AuditRow | null)[]> {
  const rows: (AuditRow | null)[] = [];
  for (const task of tasks) rows.push(await checkTask(task, check, folders));
  return rows;
}
