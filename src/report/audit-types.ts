// The report of an audit over many captures: plain data under contract names, as `Report` is for one capture.
import type { FindingId, Verdict } from "../diagnosis/index.ts";
import type { TraceFindingId } from "../policy-trace/index.ts";
import type { Timestamp } from "./types.ts";

/** Connections of one capture that are alike. */
export interface AuditGroup {
  /** "10.0.0.2:8080". */
  readonly proxy: string;
  /** Whom a PROXY header names where a balancer passes connections on, else who connects. */
  readonly client: string;
  /** Host of the tunnel or request; null where it was not seen. */
  readonly host: string | null;
  readonly verdict: Verdict;
  readonly count: number;
  /** So many of them have one sign only for the verdict; of those that were only counted it is not known. */
  readonly possible: number;
  /** Start of the first of them; null where it is not known. */
  readonly since: Timestamp | null;
  /** Of the first of them, or of the first of which more than one sign says it. */
  readonly stream: number;
  readonly frame: number;
}

/** Why a capture was not checked to its end: the audit was told how long, or how much memory, one may take. */
export type GivenUp =
  | { readonly limit: "time"; readonly limitMs: number }
  /** limitMiB: null where none was set, and the worker took what Node grants by itself. */
  | { readonly limit: "memory"; readonly limitMiB: number | null };

/** One capture of an audit: a line of the journal. */
export interface AuditRow {
  /** As found: below the path that was given. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** SHA-256 of the file in hexadecimal, where that was asked for. */
  readonly hash: string | null;
  /** null: it could not be checked, and `message` says why. */
  readonly verdict: Verdict | null;
  readonly exitCode: 0 | 1 | 2 | 3;
  readonly message: string | null;
  /** The limit that ended it; null if none did. */
  readonly givenUp: GivenUp | null;
  readonly start: Timestamp | null;
  readonly end: Timestamp | null;
  readonly packets: number;
  readonly connections: number;
  readonly tunnels: number;
  readonly wrong: number;
  readonly unseen: number;
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  readonly findings: Readonly<Partial<Record<FindingId | TraceFindingId, number>>>;
  readonly groups: readonly AuditGroup[];
  /** Connections in no group, since there were too many of them. */
  readonly ungrouped: number;
  /** One sentence: the worst that was seen. */
  readonly text: string;
}

/** How often something was seen, over all captures. */
export interface AuditTally {
  readonly name: string;
  readonly connections: number;
  readonly wrong: number;
  readonly unseen: number;
  readonly captures: number;
  /** First time it was seen; null where it is not known. */
  readonly since: Timestamp | null;
  readonly worst: Verdict | null;
}

/** Something wrong that can be recognised again in another audit. */
export interface AuditProblem {
  readonly verdict: Verdict;
  readonly proxy: string;
  readonly client: string;
  readonly host: string | null;
  readonly connections: number;
  /** So many of them have one sign only for the verdict. */
  readonly possible: number;
  readonly since: Timestamp | null;
  /** Where to look: the first capture that shows it, or shows it by more than one sign. */
  readonly path: string;
  readonly stream: number;
  readonly frame: number;
}

/** What is wrong, held against an earlier audit. */
export interface AuditChanges {
  /** The journal that was compared with. */
  readonly journal: string;
  readonly new: readonly AuditProblem[];
  /** Not among those of then, where not all was seen that may have shown them: whether they are new is not known. */
  readonly perhapsNew: readonly AuditProblem[];
  readonly gone: readonly AuditProblem[];
  readonly still: readonly AuditProblem[];
  /** Not among those of now, where not all was seen that may show them: whether they are gone is not known. */
  readonly unclear: readonly AuditProblem[];
}

/** The report of many captures. */
export interface AuditReport {
  readonly schemaVersion: 1;
  readonly kind: "audit";
  readonly tool: { readonly name: "pcapcheck"; readonly version: string };
  readonly captures: {
    readonly total: number;
    readonly checked: number;
    readonly failed: number;
    /** Files in folders that are no captures. */
    readonly skipped: number;
    /** Ended before all of them were done. */
    readonly interrupted: boolean;
  };
  readonly connections: number;
  /** The worst of all captures; null if none could be checked. */
  readonly verdict: Verdict | null;
  readonly exitCode: 0 | 1 | 2 | 3;
  /** Worst first. */
  readonly verdicts: readonly AuditTally[];
  readonly findings: readonly AuditTally[];
  readonly proxies: readonly AuditTally[];
  readonly hosts: readonly AuditTally[];
  readonly clients: readonly AuditTally[];
  /** What is wrong, worst first. */
  readonly problems: readonly AuditProblem[];
  /** Entries of the tables above that were too many to be told apart. */
  readonly dropped: number;
  readonly changes: AuditChanges | null;
  /** Captures: all of them where they were asked for, else those that are wrong or could not be checked, worst first. */
  readonly rows: readonly AuditRow[];
}
