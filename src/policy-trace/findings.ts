// What the stages of a tunnel in a trace tell: which rule is at one stage and not at the others, and what it did.
import { quoted } from "../bytes/index.ts";
import { isSuccess } from "../http/index.ts";
import { propertyOf } from "./rule-line.ts";
import { type StageAnswer, type StageFacts, senderOf401 } from "./stages.ts";
import type { TraceTunnel } from "./tunnels.ts";
import type { LineNo, TraceRule } from "./types.ts";

/** Ids of findings of this room, worst first. */
export const TRACE_FINDINGS = [
  "trace-401-after-connect",
  "trace-auth-rule-differs",
  "trace-force-auth",
  "trace-unauthenticated-stage",
] as const;

export type TraceFindingId = (typeof TRACE_FINDINGS)[number];

/** Names of the stages as a ProxySG writes them. */
export const STAGE_NAMES = { connect: "CONNECT tcp://", tls: "unknown ssl://", https: "GET https://" } as const;

export type StageName = keyof typeof STAGE_NAMES;

/** What differs between two stages. */
export interface Difference {
  readonly kind: "rule-only-at" | "mode" | "force" | "realm" | "deauthentication";
  readonly stage: StageName;
  /** Where it is otherwise; null if there is no such stage to compare with. */
  readonly against: StageName | null;
  readonly rule: TraceRule | null;
  /** Value at `stage` and at `against`, where a property differs. */
  readonly values: readonly [string, string] | null;
}

export interface TraceFinding {
  readonly id: TraceFindingId;
  readonly severity: "error" | "warning";
  readonly certainty: "certain" | "likely" | "possible";
  readonly lines: readonly LineNo[];
  /** One sentence or two. The host and user stand in them as the trace has them. */
  readonly detail: string;
  /** Each with its line. */
  readonly evidence: readonly { readonly line: LineNo; readonly text: string }[];
  /** What the administrator has to change in this case. */
  readonly change: string;
}

/** Length of a rule in a sentence; the evidence has it whole. */
const MAX_RULE_IN_SENTENCE = 160;

/** All findings of one tunnel, worst first. */
export function findingsOf(tunnel: TraceTunnel): readonly TraceFinding[] {
  const differences = differencesOf(tunnel);
  const answer = proxyAnswer(tunnel);
  return [
    ...answered401(tunnel, answer, differences),
    ...ruleDiffers(tunnel, answer, differences),
    ...forced(tunnel),
    ...unauthenticated(tunnel, differences),
  ];
}

/** The 401 that the proxy gave inside the tunnel. */
function proxyAnswer({ stages }: TraceTunnel): StageAnswer | null {
  return stages.https?.answers.find((answer) => senderOf401(answer) === "proxy") ?? null;
}

// --- what is at one stage and not at the others

/** What differs between the stages of a tunnel. */
export function differencesOf({ stages }: TraceTunnel): readonly Difference[] {
  const { connect, tls, https } = stages;
  const found: Difference[] = [];
  if (https !== null) {
    const before = (
      [
        ["connect", connect],
        ["tls", tls],
      ] as const
    ).flatMap(([name, stage]) => (stage === null || !stage.rulesTraced ? [] : [{ name, stage }]));
    for (const { name, stage } of before) {
      if (name === "tls" && before.length > 1) continue;
      found.push(...between("https", https, name, stage));
    }
    // A rule that is at neither of the two stages before, or whose stages are not in the trace: told by its conditions.
    if (before.length === 0 && https.rulesTraced) {
      for (const rule of https.authRules) {
        if (isOnlyInside(rule)) found.push({ kind: "rule-only-at", stage: "https", against: null, rule, values: null });
      }
    }
    for (const [name, stage] of [
      ["tls", tls],
      ["https", https],
    ] as const) {
      for (const rule of stage?.deauthRules ?? [])
        found.push({ kind: "deauthentication", stage: name, against: null, rule, values: null });
    }
  }
  return found;
}

function between(name: StageName, stage: StageFacts, otherName: StageName, other: StageFacts): Difference[] {
  const found: Difference[] = [];
  for (const rule of stage.authRules) {
    if (!other.authRules.some((candidate) => sameRule(candidate, rule)))
      found.push({ kind: "rule-only-at", stage: name, against: otherName, rule, values: null });
  }
  for (const rule of other.authRules) {
    if (!stage.authRules.some((candidate) => sameRule(candidate, rule)))
      found.push({ kind: "rule-only-at", stage: otherName, against: name, rule, values: null });
  }
  const compare = (kind: "mode" | "force" | "realm", here: string | null, there: string | null): void => {
    if (here !== null && there !== null && here !== there) {
      const rule = stage.authRules.find((candidate) => propertyOf(candidate, PROPERTY[kind]) === here) ?? null;
      found.push({ kind, stage: name, against: otherName, rule, values: [here, there] });
    }
  };
  compare("mode", stage.mode, other.mode);
  compare("force", stage.force, other.force);
  compare("realm", stage.authenticate, other.authenticate);
  return found;
}

const PROPERTY = { mode: "authenticate.mode", force: "authenticate.force", realm: "authenticate" } as const;

/** The same text, or one of them cut where the other goes on. */
function sameRule(a: TraceRule, b: TraceRule): boolean {
  if (a.text === b.text) return true;
  const [short, long] = a.text.length < b.text.length ? [a, b] : [b, a];
  return short.cut && long.text.startsWith(short.text.replace(/\s*(\.\.\.|…)$/, ""));
}

/** Conditions that hold only for a decrypted request. */
function isOnlyInside({ conditions }: TraceRule): boolean {
  return conditions.some(
    ({ name, value }) =>
      (/^(client\.protocol|url\.scheme)$/.test(name) && value === "https") || /^url\.(path|query)/.test(name),
  );
}

// --- findings

function answered401(
  tunnel: TraceTunnel,
  answer: StageAnswer | null,
  differences: readonly Difference[],
): readonly TraceFinding[] {
  const { connect, tls, https } = tunnel.stages;
  if (answer === null || https === null) return [];
  const opened = connect?.answers.find(({ client }) => isSuccess(client)) ?? null;
  // Without the stages before, a 401 on https:// could also be that of a reverse proxy, for which it is right.
  const explicit = connect !== null || tls !== null || /explicit/i.test(tunnel.service ?? "");
  const culprit = culpritOf(differences);
  const after = connect === null && tls === null ? "" : ", after CONNECT";
  const why =
    culprit?.rule == null
      ? `No rule about authentication in the trace differs between the stages${https.cutRules ? ", but some rules were cut" : ""}.`
      : culprit.kind === "deauthentication"
        ? `The rule \`${short(culprit.rule)}\` logs the user out at ${STAGE_NAMES[culprit.stage]}.`
        : culprit.stage === "https"
          ? culprit.against === null
            ? `The rule \`${short(culprit.rule)}\` holds only for decrypted requests and not for a CONNECT, by its own conditions; the proxy could only answer 401.`
            : `The rule \`${short(culprit.rule)}\` ${culprit.kind === "rule-only-at" ? "matches only at" : "is at"} GET https://${after}; the proxy could only answer 401.`
          : `The rule \`${short(culprit.rule)}\` matches at ${STAGE_NAMES[culprit.stage]} and not at GET https://; what was known of the user there does not count here.`;
  return [
    {
      id: "trace-401-after-connect",
      severity: "error",
      certainty: explicit ? "certain" : "likely",
      lines: lines(answer.line, connect?.requestLine, tls?.requestLine, https.requestLine, culprit?.rule?.line),
      detail: `${https.request} was answered 401 by the proxy${opened === null ? "" : `, after its CONNECT was answered ${opened.client}`}. ${why}`,
      evidence: [
        ...(opened === null
          ? []
          : [{ line: opened.line, text: `client.response.code: ${opened.client} at CONNECT tcp://` }]),
        {
          line: answer.line,
          text: `client.response.code: 401, server.response.code: ${answer.server ?? "not in the trace"}: no server was asked`,
        },
        ...(answer.exception === null
          ? []
          : [{ line: answer.exceptionLine ?? answer.firstLine, text: `EXCEPTION(${answer.exception})` }]),
        ...(culprit?.rule == null ? [] : [matchAt(culprit.stage, culprit.rule)]),
      ],
      change: changeFor(culprit),
    },
  ];
}

function ruleDiffers(
  tunnel: TraceTunnel,
  answer: StageAnswer | null,
  differences: readonly Difference[],
): readonly TraceFinding[] {
  const told = differences.filter(({ kind }) => kind !== "deauthentication");
  const culprit = culpritOf(told);
  if (culprit === null) return [];
  return [
    {
      id: "trace-auth-rule-differs",
      severity: answer === null ? "warning" : "error",
      certainty:
        tunnel.ambiguous || told.some(({ rule, against }) => rule?.cut === true || against === null)
          ? "likely"
          : "certain",
      lines: lines(...told.map(({ rule }) => rule?.line)),
      detail: told.slice(0, MAX_TOLD).map(sentence).join(" "),
      evidence: rulesOf(told),
      change: changeFor(culprit),
    },
  ];
}

/** The rules of differences, each once. */
function rulesOf(differences: readonly Difference[]): TraceFinding["evidence"] {
  const found = new Map<LineNo, { line: LineNo; text: string }>();
  for (const { rule, stage } of differences) {
    if (rule !== null) found.set(rule.line, matchAt(stage, rule));
  }
  return [...found.values()];
}

function matchAt(stage: StageName, { line, text }: TraceRule): { line: LineNo; text: string } {
  return { line, text: `MATCH at ${STAGE_NAMES[stage]}: ${text}` };
}

/** Differences told in one finding. */
const MAX_TOLD = 4;

function forced({ stages }: TraceTunnel): readonly TraceFinding[] {
  const rules = (["tls", "https"] as const).flatMap((name) =>
    (stages[name]?.authRules ?? [])
      .filter((rule) => propertyOf(rule, "authenticate.force") === "yes")
      .map((rule) => ({ name, rule })),
  );
  const first = rules[0];
  if (first === undefined) return [];
  return [
    {
      id: "trace-force-auth",
      severity: "warning",
      certainty: "certain",
      lines: lines(...rules.map(({ rule }) => rule.line)),
      detail: `The rule \`${short(first.rule)}\` forces authentication at ${STAGE_NAMES[first.name]}, where the proxy cannot ask with 407 any more.`,
      evidence: rules.map(({ name, rule }) => matchAt(name, rule)),
      change: "Take authenticate.force(yes) off this rule, or limit the rule to CONNECT (http.method=CONNECT).",
    },
  ];
}

function unauthenticated(tunnel: TraceTunnel, differences: readonly Difference[]): readonly TraceFinding[] {
  const { connect, tls, https } = tunnel.stages;
  const missing = https?.unauthenticated ?? null;
  if (https === null || missing === null || https.user !== null) return [];
  const known = connect?.user ?? tls?.user ?? null;
  const wanted = https.authRules.length > 0 && https.authenticate !== "no";
  if (known === null && !(wanted && connect !== null)) return [];
  const logout = differences.find(({ kind }) => kind === "deauthentication");
  const before =
    known === null
      ? `No user was authenticated at CONNECT tcp://${connect?.authRules.length === 0 && connect.rulesTraced ? ", where no rule about authentication matched" : ""}`
      : `The user was authenticated at ${connect?.user === known ? "CONNECT tcp://" : "unknown ssl://"}${known.realm === null ? "" : ` (realm ${quoted(known.realm)})`}`;
  return [
    {
      id: "trace-unauthenticated-stage",
      severity: "warning",
      certainty: tunnel.ambiguous ? "likely" : "certain",
      lines: lines(known?.line, missing.line, logout?.rule?.line),
      detail: `${before}${known === null ? "; at GET https:// a user is wanted, and there is none" : ", and is unauthenticated at GET https://"}${logout?.rule == null ? "" : `, behind the rule \`${short(logout.rule)}\`, which logs the user out`}.`,
      evidence: [
        ...(known === null ? [] : [{ line: known.line, text: "user: known" }]),
        {
          line: missing.line,
          text: `user: unauthenticated${https.authStatus === null ? "" : `, authentication status ${https.authStatus}`}`,
        },
      ],
      change:
        known === null
          ? "Authenticate at CONNECT tcp:// with the rule that asks at GET https://."
          : "Use the same realm and the same authenticate.mode at all stages, so that what is known of the client's connection or address is found again.",
    },
  ];
}

// --- words

/** The difference to blame: a rule that is only inside comes first. */
function culpritOf(differences: readonly Difference[]): Difference | null {
  return (
    differences.find(({ kind, stage }) => kind === "rule-only-at" && stage === "https") ??
    differences.find(({ kind }) => kind === "deauthentication") ??
    differences.find(({ kind }) => kind !== "rule-only-at") ??
    differences[0] ??
    null
  );
}

const KIND_WORDS = { mode: "authenticate.mode", force: "authenticate.force", realm: "the realm" } as const;

function sentence(difference: Difference): string {
  const { kind, stage, against, rule, values } = difference;
  if (kind === "rule-only-at" && rule !== null) {
    if (against === null)
      return `The rule \`${short(rule)}\` holds only for decrypted requests and not for a CONNECT, by its own conditions; the other stages are not in the trace.`;
    return `The rule \`${short(rule)}\` matches at ${STAGE_NAMES[stage]} and not at ${STAGE_NAMES[against]}.`;
  }
  if (kind === "deauthentication" || kind === "rule-only-at" || values === null || against === null) return "";
  const [here, there] = kind === "realm" ? [quoted(values[0]), quoted(values[1])] : values;
  return `At ${STAGE_NAMES[stage]} ${KIND_WORDS[kind]} is ${here}, at ${STAGE_NAMES[against]} it is ${there}.`;
}

function changeFor(culprit: Difference | null): string {
  if (culprit === null)
    return "Trace with trace.rules(all), so that the rules of all stages are shown, and compare those about authentication.";
  switch (culprit.kind) {
    case "rule-only-at":
      return culprit.stage === "https"
        ? "Make this rule match at CONNECT tcp://, too (without url.scheme=https and conditions on the path, with the port or the host instead), or take the request out of it: authentication has to happen at CONNECT."
        : "Make this rule match at GET https://, too, with the same realm and mode.";
    case "mode":
      return "Use one authenticate.mode for the site at all stages; for an explicit proxy that is proxy or proxy-ip at CONNECT and the same at GET https://.";
    case "force":
      return "Use the same authenticate.force at all stages; no is right where a client was let through at CONNECT.";
    case "realm":
      return "Authenticate against the same realm at all stages: a user who is known in one realm is unknown in another.";
    case "deauthentication":
      return "Take the log_out from this rule, or limit it to requests outside of tunnels.";
  }
}

function short({ text: rule }: TraceRule): string {
  const text = rule.replaceAll("`", "'");
  return text.length > MAX_RULE_IN_SENTENCE ? `${text.slice(0, MAX_RULE_IN_SENTENCE)}...` : text;
}

function lines(...numbers: readonly (number | undefined)[]): readonly LineNo[] {
  return [...new Set(numbers.filter((line) => line !== undefined))].sort((a, b) => a - b);
}
