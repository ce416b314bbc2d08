// What the transactions of one stage of a tunnel have in common: rules, user, status codes.
import type { Nanos } from "../bytes/index.ts";
import { isAuthentication, isDeauthentication, propertyOf } from "./rule-line.ts";
import type { LineNo, TraceRule, TraceTransaction, TraceUser } from "./types.ts";

/** Rules of a kind kept of one stage. */
const MAX_STAGE_RULES = 24;
/** A policy asks a rule for each site before one holds; the first ones show what they are like. */
const MAX_STAGE_MISSES = 8;
/** Different answers kept of one stage. */
const MAX_ANSWERS = 16;

/** An answer of the proxy; equal ones of a stage are counted together. */
export interface StageAnswer {
  readonly client: number;
  /** null where the trace does not say; 0: no server was asked. */
  readonly server: number | null;
  readonly exception: string | null;
  readonly exceptionLine: LineNo | null;
  /** Line of `client.response.code`, and of the transaction's first and last line. */
  readonly line: LineNo;
  readonly firstLine: LineNo;
  readonly lastLine: LineNo;
  readonly count: number;
}

/** One of the three stages. */
export interface StageFacts {
  readonly transactions: number;
  readonly firstLine: LineNo;
  readonly time: Nanos | null;
  /** "GET https://www.example.com/x" of the first transaction. */
  readonly request: string;
  readonly requestLine: LineNo;
  /** Whether any rule was traced: without, what matched is not known. */
  readonly rulesTraced: boolean;
  /** Matching rules about authentication, different ones only. */
  readonly authRules: readonly TraceRule[];
  /** Rules about authentication that were asked and did not hold. */
  readonly authMissed: readonly TraceRule[];
  readonly deauthRules: readonly TraceRule[];
  /** Some transaction had a rule that the trace cut with "...". */
  readonly cutRules: boolean;
  readonly authenticate: string | null;
  readonly mode: string | null;
  readonly force: string | null;
  /** The user of the last transaction that names one. */
  readonly user: TraceUser | null;
  /** The first transaction without a user, and the status of authentication there. */
  readonly unauthenticated: TraceUser | null;
  readonly authStatus: string | null;
  readonly answers: readonly StageAnswer[];
}

/** A stage with this transaction, too. */
export function withTransaction(stage: StageFacts | null, transaction: TraceTransaction): StageFacts {
  const { request, rules, ruleCounts, user } = transaction;
  const matching = rules.filter(({ outcome }) => outcome === "match");
  const auth = matching.filter(isAuthentication);
  const last = (name: string): string | null => {
    // Later layers overrule earlier ones (Content Policy Language, evaluation order of layers).
    for (const rule of auth.toReversed()) {
      const value = propertyOf(rule, name);
      if (value !== null) return value;
    }
    return null;
  };
  return {
    transactions: (stage?.transactions ?? 0) + 1,
    firstLine: stage?.firstLine ?? transaction.firstLine,
    time: stage?.time ?? transaction.time,
    request: stage?.request ?? requestText(transaction),
    requestLine: stage?.requestLine ?? request?.line ?? transaction.firstLine,
    rulesTraced: (stage?.rulesTraced ?? false) || ruleCounts.match + ruleCounts.miss > 0,
    authRules: different(stage?.authRules, auth),
    authMissed: different(
      stage?.authMissed,
      rules.filter((rule) => rule.outcome !== "match" && isAuthentication(rule)),
      MAX_STAGE_MISSES,
    ),
    deauthRules: different(stage?.deauthRules, matching.filter(isDeauthentication)),
    cutRules: (stage?.cutRules ?? false) || matching.some(({ cut }) => cut),
    authenticate: last("authenticate") ?? stage?.authenticate ?? null,
    mode: last("authenticate.mode") ?? stage?.mode ?? null,
    force: last("authenticate.force") ?? stage?.force ?? null,
    user: user !== null && user.name !== null ? user : (stage?.user ?? null),
    unauthenticated: stage?.unauthenticated ?? (user !== null && user.name === null ? user : null),
    authStatus: stage?.authStatus ?? transaction.authStatus ?? null,
    answers: withAnswer(stage?.answers ?? [], transaction),
  };
}

/** "GET https://www.example.com/x". */
export function requestText({ request }: TraceTransaction): string {
  if (request === null) return "";
  const host = request.host.includes(":") ? `[${request.host}]` : request.host;
  const port = request.port === null ? "" : `:${request.port}`;
  const method = request.method === null ? "" : `${request.method} `;
  return `${method}${request.scheme}://${host}${port}${request.path}`;
}

function different(
  before: readonly TraceRule[] = [],
  more: readonly TraceRule[],
  most = MAX_STAGE_RULES,
): readonly TraceRule[] {
  if (before.length >= most) return before;
  const fresh = more.filter((rule) => !before.some(({ text, layer }) => text === rule.text && layer === rule.layer));
  return fresh.length === 0 ? before : [...before, ...fresh].slice(0, most);
}

function withAnswer(answers: readonly StageAnswer[], transaction: TraceTransaction): readonly StageAnswer[] {
  const { clientStatus, serverStatus, exception, firstLine, lastLine } = transaction;
  if (clientStatus === null) return answers;
  const answer: StageAnswer = {
    client: clientStatus.value,
    server: serverStatus?.value ?? null,
    exception: exception?.value ?? null,
    exceptionLine: exception?.line ?? null,
    line: clientStatus.line,
    firstLine,
    lastLine,
    count: 1,
  };
  const same = answers.findIndex(
    ({ client, server, exception: id }) =>
      client === answer.client && server === answer.server && id === answer.exception,
  );
  if (same >= 0) return answers.with(same, { ...answers[same]!, count: answers[same]!.count + 1 });
  return answers.length < MAX_ANSWERS ? [...answers, answer] : answers;
}

/** Who sent a 401, as the trace tells it: `proxy` if no server was asked, `origin` if a server answered 401. */
export function senderOf401(answer: Pick<StageAnswer, "client" | "server" | "exception">): "proxy" | "origin" | null {
  if (answer.client !== 401) return null;
  if (answer.server === 0) return "proxy";
  if (answer.server === 401) return answer.exception === null ? "origin" : null;
  return answer.exception?.startsWith("authentication") === true ? "proxy" : null;
}
