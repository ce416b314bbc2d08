// One capture of an audit: checked, and reduced to what a summary needs.
import { clientOf, type Diagnosis, endpointText, isLeftWithout, type JudgedConnection } from "../diagnosis/index.ts";
import type { AuditGroup, AuditRow } from "../report/index.ts";
import { exitCodeOf, isSitesOwn, timestamp, toldBeside, totalsOf } from "../report/index.ts";
import { type Examined, type ExamineOptions, examine } from "./examine.ts";
import type { KeyLogFolders } from "./key-logs-beside.ts";
import { ownFailure } from "./read-failure.ts";

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
  /** Stamp of the keys that are there for it, see `KeyStamps`. */
  readonly keys: string | null;
  /** It was found in a folder, not named: what is no capture there is passed over. */
  readonly found: boolean;
}

/** Checks the capture of `task`. Never rejects; null for what is no capture and was not named. */
export async function checkTask(
  task: AuditTask,
  options: ExamineOptions,
  folders: KeyLogFolders,
): Promise<AuditRow | null> {
  const source = task.files.length === 1 ? task.files[0]! : { files: task.files };
  try {
    const result = await examine(source, options, (capture) => folders.beside(capture));
    if (!("kind" in result)) return rowOf(task, result);
    return task.found && result.notACapture === true ? null : failedRow(task, result.message);
  } catch (error) {
    return failedRow(task, ownFailure(error));
  }
}

/** The row of a capture that could not be checked. */
export function failedRow(
  { path, size, modified, hash }: AuditTask,
  message: string,
  givenUp: AuditRow["givenUp"] = null,
): AuditRow {
  return {
    path,
    size,
    modified,
    hash,
    verdict: null,
    exitCode: 2,
    message,
    givenUp,
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

function rowOf({ path, size, modified, hash }: AuditTask, { capture, diagnosis }: Examined): AuditRow {
  const { verdict, findings, deciding, facts } = diagnosis;
  const { connections, tunnels, wrong, unseen, verdicts } = totalsOf(diagnosis);
  const { groups, ungrouped } = groupsOf(diagnosis);
  // Where no connection is what is not whole, the capture is: it has none, or files of it are missing.
  const ofCapture =
    verdict === "incomplete" && verdicts.incomplete === undefined
      ? findings.find(({ id }) => id === "capture-quality")
      : undefined;
  const isFine = exitCodeOf(verdict) === 0 && !isSitesOwn(verdict);
  const told = isFine ? toldBeside(findings) : null;
  const without = isFine ? facts.connections.find(({ timeline }) => isLeftWithout(timeline)) : undefined;
  return {
    path,
    size,
    modified,
    hash,
    verdict,
    exitCode: exitCodeOf(verdict),
    message: null,
    givenUp: null,
    start: capture.start === null ? null : timestamp(capture.start),
    end: capture.end === null ? null : timestamp(capture.end),
    packets: capture.packets,
    connections,
    tunnels,
    wrong,
    unseen,
    verdicts,
    findings: countFindings(findings),
    groups,
    ungrouped,
    text:
      told?.detail ??
      without?.summary ??
      deciding?.summary ??
      (ofCapture ?? findings[0])?.detail ??
      "No connection to a proxy was found.",
  };
}

/** How often each was found, those that go with a verdict too. */
function countFindings(findings: Diagnosis["findings"]): AuditRow["findings"] {
  const counts: { -readonly [Id in keyof AuditRow["findings"]]: number } = {};
  for (const { id } of findings) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}

const RANKS = [1, 3, 0];

type Group = { -readonly [K in keyof AuditGroup]: AuditGroup[K] };

function groupsOf({ facts, possible }: Diagnosis): { groups: AuditGroup[]; ungrouped: number } {
  const groups = new Map<string, Group>();
  let ungrouped = 0;
  /** Counts one more, or `count`, and whether it is only possible; `make` is asked for the first of its group. */
  const add = (key: string, count: number, doubtful: 0 | 1, make: () => Group): void => {
    const known = groups.get(key);
    if (known !== undefined) {
      // Where to look is where it is surest.
      if (doubtful === 0 && known.possible === known.count) {
        const { stream, frame } = make();
        Object.assign(known, { stream, frame });
      }
      known.count += count;
      known.possible += doubtful;
    } else if (groups.size < MAX_GROUPS) groups.set(key, make());
    else ungrouped += count;
  };
  // What is wrong comes first, so that a limit never drops it in favour of what is not.
  for (const rank of RANKS) {
    for (const connection of facts.connections) {
      const { timeline, verdict } = connection;
      if (exitCodeOf(verdict) !== rank) continue;
      const proxy = endpointText(timeline.proxy);
      const client = clientOf(timeline);
      const host = hostOf(timeline);
      const doubtful = possible.has(connection) ? 1 : 0;
      add(`${verdict} ${proxy} ${client} ${host ?? ""}`, 1, doubtful, () => ({
        proxy,
        client,
        host,
        verdict,
        count: 1,
        possible: doubtful,
        since: timestamp(timeline.start),
        stream: timeline.stream,
        frame: timeline.firstFrame,
      }));
    }
  }
  for (const { verdict, client, proxy, target, count, firstStream: stream, firstFrame: frame } of facts.folded) {
    const host = target === null ? null : withoutPort(target);
    const group = { proxy, client, host, verdict, count, possible: 0, since: null, stream, frame };
    add(`${verdict} ${proxy} ${client} ${host ?? ""}`, count, 0, () => group);
  }
  return { groups: [...groups.values()], ungrouped };
}

function hostOf({ tunnel, connects, forwards }: JudgedConnection["timeline"]): string | null {
  const target = tunnel?.target.text || connects.at(-1)?.target.text || null;
  if (target !== null) return withoutPort(target);
  const url = forwards.find((exchange) => exchange.url !== null)?.url ?? null;
  return url === null ? null : withoutPort(url.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").replace(/\/.*$/s, ""));
}

function withoutPort(target: string): string {
  const colon = target.lastIndexOf(":");
  const host = colon >= 0 && /^\d*$/.test(target.slice(colon + 1)) ? target.slice(0, colon) : target;
  return (host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host).toLowerCase();
}
