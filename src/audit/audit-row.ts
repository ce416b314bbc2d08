// One capture of an audit: checked, and reduced to what a summary needs.
import type { AuditGroup, AuditRow, Report, ReportConnection } from "../report/index.ts";
import { exitCodeOf } from "../report/index.ts";
import { checkCapture } from "./check-capture.ts";
import type { CheckOptions } from "./types.ts";

/** Groups of one capture that are told apart: a journal line stays below 100 kB. */
const MAX_GROUPS = 300;

/** A capture to check: one file, or the files of one rotated set. */
export interface AuditTask {
  readonly path: string;
  /** Files that are read as one stream; alone or several. */
  readonly files: readonly string[];
  readonly size: number;
  readonly modified: number;
  readonly hash: string | null;
  /** It was found in a folder, not named: what is no capture there is passed over. */
  readonly found: boolean;
}

/** Checks the capture of `task`. Never rejects for what it holds; null for what is no capture and was not named. */
export async function checkTask(task: AuditTask, options: CheckOptions): Promise<AuditRow | null> {
  const result = await checkCapture(task.files.length === 1 ? task.files[0]! : { files: task.files }, {
    ...options,
    name: task.path,
  });
  if (!("kind" in result)) return rowOf(task, result);
  return task.found && result.notACapture === true ? null : failedRow(task, result.message);
}

/** The row of a capture that could not be checked. */
export function failedRow({ path, size, modified, hash }: AuditTask, message: string): AuditRow {
  return {
    path,
    size,
    modified,
    hash,
    verdict: null,
    exitCode: 2,
    message,
    start: null,
    end: null,
    packets: 0,
    connections: 0,
    tunnels: 0,
    wrong: 0,
    unseen: 0,
    verdicts: {},
    findings: {},
    groups: [],
    ungrouped: 0,
    text: message,
  };
}

function rowOf({ path, size, modified, hash }: AuditTask, report: Report): AuditRow {
  const { groups, ungrouped } = groupsOf(report);
  const worst = report.connections.find(({ verdict }) => verdict === report.verdict);
  const { capture, totals } = report;
  return {
    path,
    size,
    modified,
    hash,
    verdict: report.verdict,
    exitCode: report.exitCode,
    message: null,
    start: capture.start,
    end: capture.end,
    packets: capture.packets,
    connections: totals.connections,
    tunnels: totals.tunnels,
    wrong: totals.wrong,
    unseen: totals.unseen,
    verdicts: totals.verdicts,
    findings: countFindings(report),
    groups,
    ungrouped,
    text: worst?.summary ?? report.findings[0]?.detail ?? "No connection to a proxy was found.",
  };
}

/** Verdicts have counts of their own; here the findings that are no verdicts. */
function countFindings(report: Report): AuditRow["findings"] {
  const counts: { -readonly [Id in keyof AuditRow["findings"]]: number } = {};
  for (const { id } of report.findings) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}

function groupsOf(report: Report): { groups: AuditGroup[]; ungrouped: number } {
  const groups = new Map<string, { -readonly [K in keyof AuditGroup]: AuditGroup[K] }>();
  let ungrouped = 0;
  const add = (group: AuditGroup): void => {
    const key = [group.verdict, group.proxy, group.client, group.host].join(" ");
    const known = groups.get(key);
    if (known !== undefined) known.count += group.count;
    else if (groups.size < MAX_GROUPS) groups.set(key, { ...group });
    else ungrouped += group.count;
  };
  // What is wrong comes first, so that a limit never drops it in favour of what is not.
  const byWeight = [...report.connections].sort((a, b) => exitRank(a) - exitRank(b));
  for (const connection of byWeight) {
    add({
      proxy: endpoint(connection.proxy),
      client: connection.client.ip,
      host: hostOf(connection),
      verdict: connection.verdict,
      count: 1,
      since: connection.start,
      stream: connection.stream,
      frame: connection.firstFrame,
    });
  }
  for (const { verdict, client, proxy, target, count, firstStream, firstFrame } of report.folded) {
    const host = target === null ? null : withoutPort(target);
    add({ proxy, client, host, verdict, count, since: null, stream: firstStream, frame: firstFrame });
  }
  return { groups: [...groups.values()], ungrouped };
}

function exitRank({ verdict }: ReportConnection): number {
  return [1, 3, 0].indexOf(exitCodeOf(verdict));
}

function hostOf({ tunnel, connects, forwards }: ReportConnection): string | null {
  const target = tunnel?.target || connects.at(-1)?.target || null;
  if (target !== null) return withoutPort(target);
  const url = forwards.find((exchange) => exchange.url !== null)?.url ?? null;
  return url === null ? null : withoutPort(url.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").replace(/\/.*$/s, ""));
}

function withoutPort(target: string): string {
  return target
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
}

function endpoint({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
