// What a rule is: facts in, findings out, and the words that explain it.
import type { CaptureFacts, JudgedConnection } from "./facts.ts";
import type { Advice, Finding, FindingId, Severity } from "./types.ts";
import { displayFilter } from "./wording.ts";

/** One finding or verdict. `find` reads facts and never bytes. */
export interface Rule {
  readonly id: FindingId;
  readonly severity: Severity;
  readonly title: string;
  /** What it means, for somebody who never heard of it. */
  readonly meaning: string;
  /** What it looks like in a capture. */
  readonly looksLike: string;
  /** A case in a few lines: what the client says (>), what comes back (<), what happens. */
  readonly example: readonly string[];
  /** What is cited as evidence. */
  readonly evidence: string;
  readonly advice: Advice;
  /** RFC sections, articles by title. */
  readonly references: readonly string[];
  find(capture: CaptureFacts): readonly Finding[];
}

/** The words of a rule, without what finds. */
export type RuleText = Omit<Rule, "find">;

/** Fields of a finding that differ from case to case. */
export interface FindingCase {
  readonly detail: string;
  readonly frames: readonly number[];
  readonly evidence?: readonly string[];
  readonly certainty?: Finding["certainty"];
  readonly title?: string;
  readonly advice?: Advice;
}

/** A rule that gives one finding for each connection with its verdict. */
export function verdictRule(
  text: RuleText,
  describe: (connection: JudgedConnection, capture: CaptureFacts) => FindingCase,
): Rule {
  return {
    ...text,
    find: (capture) =>
      capture.connections
        .filter((connection) => connection.verdict === text.id)
        .map((connection) => finding(text, connection.timeline.stream, describe(connection, capture))),
  };
}

/** A finding in the words of its rule. */
export function finding(text: RuleText, stream: number | null, found: FindingCase): Finding {
  const frames = found.frames.length < 2 ? found.frames : [...new Set(found.frames)].sort((a, b) => a - b);
  return {
    id: text.id,
    severity: text.severity,
    certainty: found.certainty ?? null,
    stream,
    frames,
    title: found.title ?? text.title,
    detail: found.detail,
    evidence: found.evidence ?? [],
    advice: found.advice ?? text.advice,
    displayFilter: displayFilter(stream, frames),
  };
}
