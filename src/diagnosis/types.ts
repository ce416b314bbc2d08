// What diagnosis gives: a verdict per connection, findings with evidence, the sender of each 401.
import type { FrameNo } from "../bytes/index.ts";
import type { Timeline } from "../proxy/index.ts";

/** Verdicts of a connection, worst first. */
export const VERDICTS = [
  "tunnel-401-proxy",
  "tunnel-407",
  "connect-401",
  "forward-401-proxy",
  "tunnel-401-unattributed",
  "tunnel-401-suspected",
  "auth-loop",
  "auth-no-scheme",
  "auth-abandoned",
  "tunnel-refused",
  "no-response",
  "tls-failed",
  "incomplete",
  "encrypted",
  "not-tls",
  "tunnel-401-origin",
  "forward-401-origin",
  "auth-ok",
  "ok",
] as const;

export type Verdict = (typeof VERDICTS)[number];

/** Ids of findings: the verdicts that are worth one, and rules of their own. */
export const FINDINGS = [
  ...VERDICTS,
  "mixed-auth-context",
  "challenge-after-success",
  "ntlm-broken-connection",
  "scheme-mismatch",
  "untrusted-interception",
  "basic-in-clear",
  "capture-quality",
  "keys-missing",
] as const;

export type FindingId = (typeof FINDINGS)[number];

/** How bad it is: something is wrong, may be, or is told by the way. */
export type Severity = "error" | "warning" | "info";
/** `certain`: it cannot be otherwise; `likely`: two independent signs; `possible`: one. */
export type Certainty = "certain" | "likely" | "possible";
/** Who sent an answer: the proxy, or the origin behind it. */
export type Sender = "proxy" | "origin" | "unknown";

/** Who sent a response, how certain that is and why, in words with frames. */
export interface Attribution {
  readonly sentBy: Sender;
  readonly certainty: Certainty | null;
  readonly evidence: readonly string[];
  /** The connection to the further proxy that it is about, to which this one's proxy passes the tunnel unread. */
  readonly further?: Timeline;
}

/** Whether an answer is that of the connection's own proxy, and of no further one. */
export function isOwn(attribution: Attribution | undefined): boolean {
  return attribution?.sentBy === "proxy" && attribution.further === undefined;
}

/** What to do, for the two people who can do something. */
export interface Advice {
  readonly helpdesk: string;
  readonly proxyAdmin: string;
}

/** What a rule found in one connection or in all, in words with frames. */
export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  readonly certainty: Certainty | null;
  /** null where it is about the whole capture. */
  readonly stream: number | null;
  readonly frames: readonly FrameNo[];
  readonly title: string;
  readonly detail: string;
  readonly evidence: readonly string[];
  readonly advice: Advice;
  readonly displayFilter: string | null;
}
