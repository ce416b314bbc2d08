// What a verdict means for scripts: exit codes, and which ones count as wrong or unseen (the table of verdicts, REPORT).
import type { FindingId, Verdict } from "../diagnosis/index.ts";

/** Exit code of each verdict: 1 something is wrong, 3 not all could be seen, 0 nothing wrong. */
const EXIT_CODES: Readonly<Record<Verdict, 0 | 1 | 3>> = {
  "tunnel-401-proxy": 1,
  "tunnel-407": 1,
  "connect-401": 1,
  "forward-401-proxy": 1,
  "tunnel-401-unattributed": 1,
  "tunnel-401-suspected": 3,
  "auth-loop": 1,
  "auth-no-scheme": 1,
  "auth-abandoned": 1,
  "tunnel-refused": 1,
  "no-response": 1,
  "tls-failed": 1,
  incomplete: 3,
  encrypted: 3,
  "not-tls": 0,
  "tunnel-401-origin": 0,
  "forward-401-origin": 0,
  "auth-ok": 0,
  ok: 0,
};

/** What a capture with this worst verdict gives: 0 nothing wrong, 1 something wrong, 3 not all could be seen. */
export function exitCodeOf(verdict: Verdict): 0 | 1 | 3 {
  return EXIT_CODES[verdict];
}

/** Whether something is wrong. */
export function isWrong(verdict: Verdict): boolean {
  return EXIT_CODES[verdict] === 1;
}

/** Whether nothing wrong was seen, and not all could be seen. */
export function isUnseen(verdict: Verdict): boolean {
  return EXIT_CODES[verdict] === 3;
}

/** The same in a word. */
export function classOf(verdict: Verdict): "wrong" | "unseen" | "fine" {
  return isWrong(verdict) ? "wrong" : isUnseen(verdict) ? "unseen" : "fine";
}

/** Nothing is wrong then, but somebody was asked for a password: whoever saw that is told by whom. */
const SITES_OWN: readonly Verdict[] = ["tunnel-401-origin", "forward-401-origin"];

/** Whether the sentence of a connection with this verdict is worth leading with, also where there are others. */
export function isSitesOwn(verdict: Verdict): boolean {
  return SITES_OWN.includes(verdict);
}

/** Verdicts that have a finding only where the network or the proxy itself answered in place of the site. */
const IN_ORDER: readonly FindingId[] = ["ok", "auth-ok", "not-tls"];

/** The first finding of a capture in which nothing is wrong that tells of more than that; null without one. */
export function toldBeside<F extends { readonly id: string }>(findings: readonly F[]): F | null {
  return findings.find(({ id }) => IN_ORDER.some((verdict) => verdict === id)) ?? null;
}
