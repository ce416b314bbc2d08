// A challenge by the proxy, and what may be the answer to it on a later connection.
import type { Nanos } from "../bytes/index.ts";
import type { Credentials } from "../http/index.ts";
import type { Timeline } from "../proxy/index.ts";
import type { AuthStep } from "./auth-steps.ts";
import { atProxy } from "./client.ts";

/** How long after the challenge: browsers come back at once, people need time to type a password into the dialog. */
export const MAX_DELAY_NS = 120n * 1_000_000_000n;

/** What is to know of a challenge, or of the last one of several: when it came, and for whom. */
export interface Challenged extends Pick<AuthStep, "responseTime" | "responseFrame" | "agent"> {
  readonly credentials: Pick<Credentials, "user"> | null;
}

/** Whether credentials may be the answer to a challenge of the same key: soon enough behind it, of nobody else and of no other program. */
export function answers(challenge: Challenged, answer: AuthStep): boolean {
  // Behind one address there may be many people: who was refused is not answered for by somebody else.
  const users = [challenge.credentials?.user, answer.credentials?.user];
  if (users[0] != null && users[1] != null && users[0] !== users[1]) return false;
  if (isOtherProgram(challenge.agent, answer.agent)) return false;
  return isSoonBehind(challenge, answer.frame, answer.time);
}

/** Whether two programs that call themselves so are different ones: by the first product's name, since its version may say more in one place. */
function isOtherProgram(one: string | null, other: string | null): boolean {
  if (one === null || other === null || one === other) return false;
  return productOf(one) !== productOf(other);
}

/** RFC 9110 §10.1.5: the first product of a User-Agent, without its version; lower case. */
function productOf(agent: string): string {
  return (/^[^\s/(]+/.exec(agent)?.[0] ?? agent).toLowerCase();
}

/** Whether a request came behind a challenge while that was not given up. */
export function isSoonBehind({ responseFrame, responseTime }: Challenged, frame: number, time: Nanos): boolean {
  return responseTime !== null && frame >= (responseFrame ?? 0) && time - responseTime <= MAX_DELAY_NS;
}

/** Same client, proxy and target. */
export function keyOf(timeline: Timeline, step: AuthStep): string {
  return `${atProxy(timeline)} ${step.connect} ${step.target}`;
}
