// Adds up rows of an audit: per verdict, finding, proxy, host and client; worst first, within bounds.
import { compare } from "../bytes/index.ts";
import { VERDICTS, type Verdict } from "../diagnosis/index.ts";
import {
  type AuditChanges,
  type AuditProblem,
  type AuditReport,
  type AuditRow,
  type AuditTally,
  exitCodeOf,
  isUnseen,
  isWrong,
} from "../report/index.ts";
import { identityOf } from "./row-identity.ts";
import { VERSION } from "./version.ts";

/** Names told apart in each table, and problems: an audit of a large network names its worst, not its millions. */
const MAX_NAMES = 20_000;
/** Rows kept of those that are wrong or could not be checked. */
const MAX_ROWS = 1_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Takes rows one by one. */
export class AuditSummary {
  readonly #verdicts = new Table();
  readonly #findings = new Table();
  readonly #proxies = new Table();
  readonly #hosts = new Table();
  readonly #clients = new Table();
  /** `shown`: when that began which is where to look. */
  readonly #problems = new Map<string, Mutable<AuditProblem> & { shown: string | null }>();
  readonly #rows: AuditRow[] = [];
  readonly #keepAll: boolean;
  #checked = 0;
  #failed = 0;
  #connections = 0;
  /** Of a capture files are missing, whatever its connections say. */
  #hasHoles = false;
  #droppedProblems = 0;
  readonly #unseen = new Unseen();

  constructor(keepAllRows: boolean) {
    this.#keepAll = keepAllRows;
  }

  get wrong(): number {
    return this.#problems.size;
  }

  add(row: AuditRow): void {
    if (row.verdict === null) this.#failed++;
    else this.#checked++;
    this.#connections += row.connections;
    this.#hasHoles ||= row.connections > 0 && row.verdict === "incomplete" && row.verdicts.incomplete === undefined;
    this.#unseen.add(row);
    const capture = this.#checked + this.#failed;
    for (const verdict of Object.keys(row.verdicts) as Verdict[])
      this.#verdicts.add(verdict, capture, verdict, row.verdicts[verdict] ?? 0, row.start);
    for (const id of Object.keys(row.findings) as (keyof AuditRow["findings"])[])
      this.#findings.add(id, capture, null, row.findings[id] ?? 0, row.start);
    for (const group of row.groups) {
      this.#proxies.add(group.proxy, capture, group.verdict, group.count, group.since ?? row.start);
      this.#clients.add(group.client, capture, group.verdict, group.count, group.since ?? row.start);
      if (group.host !== null)
        this.#hosts.add(group.host, capture, group.verdict, group.count, group.since ?? row.start);
      if (isWrong(group.verdict)) this.#addProblem(row, group);
    }
    this.#keep(row);
  }

  finish(around: {
    readonly skipped: number;
    readonly interrupted: boolean;
    /** Other parts have captures: then one without any is no mistake. */
    readonly elsewhere: boolean;
    readonly earlier: { readonly journal: string; readonly rows: Iterable<AuditRow> } | null;
  }): AuditReport {
    const problems = [...this.#problems.values()].sort(byWorst).map(({ shown: _, ...problem }) => problem);
    const seen =
      VERDICTS.find((verdict) => this.#verdicts.has(verdict) || (this.#hasHoles && verdict === "incomplete")) ?? null;
    const verdict = seen ?? (this.#checked > 0 ? "incomplete" : null);
    const worstCode = [...this.#verdicts.names()].map((name) => exitCodeOf(name as Verdict));
    const notAll = around.interrupted || around.elsewhere || this.#droppedProblems > 0;
    const unseen = this.#hasHoles || (this.#checked > 0 && seen === null);
    return {
      schemaVersion: 1,
      kind: "audit",
      tool: { name: "pcapcheck", version: VERSION },
      captures: {
        total: this.#checked + this.#failed,
        checked: this.#checked,
        failed: this.#failed,
        skipped: around.skipped,
        interrupted: around.interrupted,
      },
      connections: this.#connections,
      verdict,
      exitCode:
        this.#failed > 0 || around.interrupted || (this.#checked === 0 && !around.elsewhere)
          ? 2
          : worstCode.includes(1)
            ? 1
            : unseen || worstCode.includes(3)
              ? 3
              : 0,
      verdicts: this.#verdicts.sorted(),
      findings: this.#findings.sorted(),
      proxies: this.#proxies.sorted(),
      hosts: this.#hosts.sorted(),
      clients: this.#clients.sorted(),
      problems,
      dropped: this.#droppedProblems + this.#hosts.dropped + this.#clients.dropped + this.#proxies.dropped,
      changes:
        around.earlier === null
          ? null
          : changes(problems, around.earlier, (problem) => notAll || this.#unseen.mayHide(problem)),
      rows: this.#keepAll ? this.#rows : this.#rows.sort(byWorstRow).slice(0, MAX_ROWS),
    };
  }

  #addProblem(row: AuditRow, group: AuditRow["groups"][number]): void {
    const problem = problemOf(row, group);
    const key = keyOf(problem);
    const known = this.#problems.get(key);
    if (known === undefined) {
      if (this.#problems.size < MAX_NAMES) this.#problems.set(key, { ...problem, shown: problem.since });
      else this.#droppedProblems++;
      return;
    }
    // Where to look is where it is surest, and there the first.
    const [is, was] = [sure(problem) > 0, sure(known) > 0];
    if (is === was ? isEarlier(problem.since, known.shown) : is) {
      const { path, stream, frame, since: shown } = problem;
      Object.assign(known, { path, stream, frame, shown });
    }
    if (isEarlier(problem.since, known.since)) known.since = problem.since;
    known.connections += problem.connections;
    known.possible += problem.possible;
  }

  #keep(row: AuditRow): void {
    if (!this.#keepAll && row.exitCode !== 1 && row.exitCode !== 2) return;
    this.#rows.push(row);
    // Twice as many as are shown, so that sorting them out is seldom.
    if (!this.#keepAll && this.#rows.length > 2 * MAX_ROWS) this.#rows.sort(byWorstRow).length = MAX_ROWS;
  }
}

/** What an audit did not see: there a problem of an earlier one may still be, or one of a later one have been already. */
class Unseen {
  /** Captures that could not be checked, by their identities. */
  readonly #captures = new Set<string>();
  /** Between whom connections were that could not be seen. */
  readonly #ways = new Set<string>();
  /** There is more than is kept, or than rows tell apart. */
  #more = false;

  add({ path, verdict, groups, ungrouped }: AuditRow): void {
    this.#more ||= ungrouped > 0;
    if (verdict === null) this.#keep(this.#captures, identityOf(path));
    for (const group of groups) if (isUnseen(group.verdict)) this.#keep(this.#ways, wayOf(group));
  }

  /** There is more than was given to `add`. */
  addMore(): void {
    this.#more = true;
  }

  mayHide(problem: AuditProblem): boolean {
    return this.#more || this.#captures.has(identityOf(problem.path)) || this.#ways.has(wayOf(problem));
  }

  #keep(known: Set<string>, name: string): void {
    if (known.size < MAX_NAMES) known.add(name);
    else if (!known.has(name)) this.#more = true;
  }
}

/** Between whom a connection was. */
function wayOf({ proxy, client, host }: Pick<AuditProblem, "proxy" | "client" | "host">): string {
  return [proxy, client, host].join(" ");
}

/** Names with their sums. */
class Table {
  dropped = 0;
  /** `last`: the number of the capture that was counted last. A name must not keep that capture's row alive. */
  readonly #rows = new Map<string, Mutable<AuditTally> & { last: number }>();

  has(name: string): boolean {
    return this.#rows.has(name);
  }

  names(): IterableIterator<string> {
    return this.#rows.keys();
  }

  add(name: string, capture: number, verdict: Verdict | null, count: number, since: string | null): void {
    let entry = this.#rows.get(name);
    if (entry === undefined) {
      if (this.#rows.size >= MAX_NAMES) {
        this.dropped++;
        return;
      }
      entry = { name, connections: 0, wrong: 0, unseen: 0, captures: 0, since: null, worst: null, last: 0 };
      this.#rows.set(name, entry);
    }
    entry.connections += count;
    if (verdict !== null && isWrong(verdict)) entry.wrong += count;
    if (verdict !== null && isUnseen(verdict)) entry.unseen += count;
    if (entry.last !== capture) entry.captures++;
    entry.last = capture;
    if (isEarlier(since, entry.since)) entry.since = since;
    if (verdict !== null && (entry.worst === null || rank(verdict) < rank(entry.worst))) entry.worst = verdict;
  }

  sorted(): AuditTally[] {
    return [...this.#rows.values()]
      .sort(
        (a, b) =>
          rank(a.worst) - rank(b.worst) ||
          b.wrong - a.wrong ||
          b.connections - a.connections ||
          compare(a.name, b.name),
      )
      .map(({ last: _, ...tally }) => tally);
  }
}

/** `mayBeHidden`: whether an earlier problem that is none of `problems` may be in what was not seen. */
function changes(
  problems: readonly AuditProblem[],
  earlier: { journal: string; rows: Iterable<AuditRow> },
  mayBeHidden: (problem: AuditProblem) => boolean,
): AuditChanges {
  const before = new Map<string, AuditProblem>();
  const unseenThen = new Unseen();
  for (const row of earlier.rows) {
    unseenThen.add(row);
    for (const group of row.groups) {
      if (!isWrong(group.verdict)) continue;
      const problem = problemOf(row, group);
      const known = before.get(keyOf(problem));
      if (known === undefined) {
        if (before.size < MAX_NAMES) before.set(keyOf(problem), problem);
        else unseenThen.addMore();
      } else before.set(keyOf(problem), sumOf(known, problem));
    }
  }
  const now = new Set(problems.map(keyOf));
  const absent = [...before.values()].filter((problem) => !now.has(keyOf(problem))).sort(byWorst);
  const fresh = problems.filter((problem) => !before.has(keyOf(problem)));
  return {
    journal: earlier.journal,
    new: fresh.filter((problem) => !unseenThen.mayHide(problem)),
    perhapsNew: fresh.filter((problem) => unseenThen.mayHide(problem)),
    gone: absent.filter((problem) => !mayBeHidden(problem)),
    still: problems.filter((problem) => before.has(keyOf(problem))),
    unclear: absent.filter(mayBeHidden),
  };
}

function problemOf(row: AuditRow, group: AuditRow["groups"][number]): AuditProblem {
  return {
    verdict: group.verdict,
    proxy: group.proxy,
    client: group.client,
    host: group.host,
    connections: group.count,
    possible: group.possible,
    since: group.since ?? row.start,
    path: row.path,
    stream: group.stream,
    frame: group.frame,
  };
}

function sumOf(a: AuditProblem, b: AuditProblem): AuditProblem {
  return { ...a, connections: a.connections + b.connections, possible: a.possible + b.possible };
}

/** The same verdict for the same client, proxy and host is the same problem, in whatever capture. */
function keyOf(problem: AuditProblem): string {
  return `${problem.verdict} ${wayOf(problem)}`;
}

function byWorst(a: AuditProblem, b: AuditProblem): number {
  return (
    rank(a.verdict) - rank(b.verdict) ||
    sure(b) - sure(a) ||
    b.connections - a.connections ||
    compare(keyOf(a), keyOf(b))
  );
}

/** Of how many of its connections more than one sign says it. */
function sure({ connections, possible }: AuditProblem): number {
  return connections - possible;
}

function byWorstRow(a: AuditRow, b: AuditRow): number {
  return rank(a.verdict) - rank(b.verdict) || b.wrong - a.wrong || compare(a.path, b.path);
}

function rank(verdict: Verdict | null): number {
  return verdict === null ? VERDICTS.length : VERDICTS.indexOf(verdict);
}

function isEarlier(a: string | null, b: string | null): boolean {
  return a !== null && (b === null || a < b);
}
