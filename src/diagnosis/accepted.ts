// Which credentials a proxy let through: the very same ones were right there.
import { type Challenge, isSuccess } from "../http/index.ts";
import type { Timeline } from "../proxy/index.ts";
import { type AuthStep, authSteps, ntlmMessage } from "./auth-steps.ts";
import { proxyKey } from "./client.ts";
import type { AuthChain } from "./joins.ts";

/** When the same credentials were let through, by the frames of requests. */
export interface Accepted {
  readonly first: number;
  readonly last: number;
  /** The first that answered a 407, and what that had asked for: nobody is let through so with a wrong password. Null without one. */
  readonly answer: { readonly frame: number; readonly challenges: readonly Challenge[] } | null;
}

/** By proxy and credentials, to the byte. One-step schemes only: others never repeat theirs. */
export type AcceptedCredentials = ReadonlyMap<string, Accepted>;

/** What the proxies of these chains let through. */
export function acceptedIn(chains: Iterable<AuthChain>): AcceptedCredentials {
  const found = new Map<string, Accepted>();
  for (const { members, steps } of new Set(chains)) {
    const [member] = members;
    let challenges: readonly Challenge[] = [];
    for (const step of steps) {
      if (step.status === 407) challenges = step.challenges;
      const key = step.status === null || step.status >= 400 ? null : keyOf(member!, step);
      if (key === null) continue;
      const known = found.get(key);
      const answer = challenges.length === 0 ? null : { frame: step.frame, challenges };
      found.set(key, {
        first: Math.min(known?.first ?? step.frame, step.frame),
        last: Math.max(known?.last ?? step.frame, step.frame),
        answer:
          known?.answer != null && known.answer.frame < step.frame ? known.answer : (answer ?? known?.answer ?? null),
      });
    }
  }
  return found;
}

/** What is known of the step's credentials at its proxy; null where they were not let through. */
export function acceptedOf(timeline: Timeline, step: AuthStep, accepted: AcceptedCredentials): Accepted | null {
  const key = keyOf(timeline, step);
  return key === null ? null : (accepted.get(key) ?? null);
}

/** In answer to what the same credentials had been let through in front of the step; null where they had not. */
export function acceptedBefore(timeline: Timeline, step: AuthStep, accepted: AcceptedCredentials): Accepted["answer"] {
  const answer = acceptedOf(timeline, step, accepted)?.answer ?? null;
  return answer !== null && answer.frame < step.frame ? answer : null;
}

/** The first CONNECT of a connection that was let through with credentials; undefined without one. */
export function letThroughWith(timeline: Timeline): AuthStep | undefined {
  return authSteps(timeline).find(
    ({ connect, credentials, status }) => connect && credentials !== null && status !== null && isSuccess(status),
  );
}

/**
 * Whether the step's credentials answer what the proxy had asked for: in one of `steps`, those of its connection and of those that it
 * is joined with, or before that for the very same ones. Where it had not asked, it may let a request through and not look at them.
 */
export function wereAskedFor(
  timeline: Timeline,
  step: AuthStep,
  steps: readonly AuthStep[],
  accepted: AcceptedCredentials,
): boolean {
  // Such a message is made of the proxy's challenge ([MS-NLMP] section 3.1.5.1.2), wherever that is.
  if (ntlmMessage(step.credentials) === 3) return true;
  if (steps.some(({ status, frame }) => status === 407 && frame < step.frame)) return true;
  return acceptedBefore(timeline, step, accepted) !== null;
}

function keyOf(timeline: Timeline, { credentials }: AuthStep): string | null {
  if (credentials === null || !credentials.complete || credentials.step !== null) return null;
  return `${proxyKey(timeline)} ${credentials.tag}`;
}
