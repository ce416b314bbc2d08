// The authentication at the proxy as a list of steps: what was asked, what was sent, what was refused.
import type { Nanos } from "../bytes/index.ts";
import type { Challenge, Credentials, RequestHead } from "../http/index.ts";
import type { ConnectFact, Timeline, Unanswered } from "../proxy/index.ts";

/** One request to the proxy, a CONNECT or a forwarded one, and how it was answered as far as authentication goes. */
export interface AuthStep {
  /** Wireshark's tcp.stream: steps of several connections may stand in one list. */
  readonly stream: number;
  /** Nothing of its connection is missing: what came in front of the step is known. */
  readonly whole: boolean;
  readonly frame: number;
  readonly time: Nanos;
  readonly target: string;
  readonly connect: boolean;
  readonly credentials: Credentials | null;
  /** What the client calls itself; null where it does not, or where its head is cut. */
  readonly agent: string | null;
  readonly status: number | null;
  readonly responseFrame: number | null;
  readonly responseTime: Nanos | null;
  readonly challenges: readonly Challenge[];
  /** The response's head is cut: fields may be missing. */
  readonly cut: boolean;
  readonly unanswered: Unanswered | null;
}

/** Whose steps were asked for last, and what they are: nearly all that is to know of a connection begins with them. */
let lastAsked: Timeline | null = null;
let lastSteps: readonly AuthStep[] = [];

/** The steps of one connection, which is over, in order. */
export function authSteps(timeline: Timeline): readonly AuthStep[] {
  if (timeline !== lastAsked) {
    lastSteps = stepsOf(timeline);
    lastAsked = timeline;
  }
  return lastSteps;
}

/** The CONNECT that the client itself ended in the middle of its head, by closing the connection: nobody could answer it. Null without one. */
export function brokenOff({ connects, fromClient, gaps, clientEnd }: Timeline): ConnectFact | null {
  const last = connects.at(-1);
  if (last === undefined || !last.request.cut || last.response !== null) return null;
  // Bytes that are missing in front of it are none of its own.
  const before = gaps.filter(({ from, where }) => from === "client" && where.frame <= last.request.where.firstFrame);
  return fromClient.gaps === before.length && (clientEnd === "fin" || clientEnd === "reset") ? last : null;
}

function stepsOf(timeline: Timeline): readonly AuthStep[] {
  const broken = brokenOff(timeline);
  const connects = broken === null ? timeline.connects : timeline.connects.slice(0, -1);
  const whole = !timeline.lateStart && timeline.gaps.length === 0;
  const steps: AuthStep[] = connects.map((connect) => ({
    stream: timeline.stream,
    whole,
    frame: connect.request.where.frame,
    time: connect.request.where.time,
    target: connect.target.text.toLowerCase(),
    connect: true,
    credentials: connect.request.proxyAuthorization,
    agent: agentOf(connect.request),
    status: connect.response?.status ?? null,
    responseFrame: connect.response?.where.frame ?? null,
    responseTime: connect.response?.where.time ?? null,
    challenges: connect.response?.proxyChallenges ?? [],
    cut: connect.response?.cut === true,
    unanswered: connect.unanswered,
  }));
  for (const exchange of timeline.forwards) {
    const head = exchange.request ?? exchange.response;
    if (head === null) continue;
    steps.push({
      stream: timeline.stream,
      whole,
      frame: head.where.frame,
      time: head.where.time,
      target: (exchange.url ?? "").toLowerCase(),
      connect: false,
      credentials: exchange.request?.proxyAuthorization ?? null,
      agent: exchange.request === null ? null : agentOf(exchange.request),
      status: exchange.response?.status ?? null,
      responseFrame: exchange.response?.where.frame ?? null,
      responseTime: exchange.response?.where.time ?? null,
      challenges: exchange.response?.proxyChallenges ?? [],
      cut: exchange.response?.cut === true,
      unanswered: exchange.unanswered,
    });
  }
  return steps.length < 2 ? steps : steps.sort((a, b) => a.frame - b.frame);
}

function agentOf({ userAgent, cut }: RequestHead): string | null {
  return cut ? null : userAgent;
}

/** Whether a step's complete credentials were refused: intermediate legs of NTLM and Negotiate are no refusals. */
export function isRefusal(step: AuthStep): boolean {
  return step.status === 407 && step.credentials !== null && step.credentials.complete;
}

/**
 * What the step's credentials were answered with, where that asks for others than were asked for before: another realm, or none of
 * the schemes; null where it does not. Whoever asks now has not refused them, but wants others, as a further proxy behind this one
 * does (RFC 9110 §11.5: credentials are for a realm). A proxy that only leaves out what failed still offers some of the rest.
 * `known`: what the same credentials had been let through for elsewhere; browsers send them unasked from then on.
 */
export function otherThanAsked(
  step: AuthStep,
  steps: readonly AuthStep[],
  known: readonly Challenge[],
): "realm" | "schemes" | null {
  const sent = step.credentials;
  if (sent === null || !isRefusal(step)) return null;
  const before = steps.findLast(({ status, frame }) => status === 407 && frame < step.frame)?.challenges ?? known;
  const [asked, asks] = [before, step.challenges].map((challenges) =>
    challenges.find(({ scheme }) => isSameScheme(scheme, sent.scheme)),
  );
  if (asked === undefined) return null;
  if (asks !== undefined)
    return asked.realm !== null && asks.realm !== null && asked.realm !== asks.realm ? "realm" : null;
  const isAllNew = step.challenges.every(({ scheme }) => before.every((one) => !isSameScheme(one.scheme, scheme)));
  return isAllNew && step.challenges.length > 0 ? "schemes" : null;
}

/**
 * Whether all of these steps were refused, and sent credentials of schemes that none of `steps`, theirs among them, was asked for: the
 * proxy did not look at them. Not where nobody knows all that was offered.
 */
export function areOfAnotherScheme(refused: readonly AuthStep[], steps: readonly AuthStep[]): boolean {
  const sent = new Set(refused.map(({ credentials }) => credentials?.scheme.toLowerCase() ?? "unknown"));
  if (sent.size === 0 || sent.has("unknown")) return false;
  if (!refused.every(({ status, cut, challenges }) => status === 407 && !cut && challenges.length > 0)) return false;
  return !steps.some(({ challenges }) => challenges.some(({ scheme }) => sent.has(scheme.toLowerCase())));
}

/** RFC 9110 §11.1: whatever case they are written in. */
function isSameScheme(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** The 407 that names no scheme: of this connection, or else of one that it is joined with. */
export function bareStep(steps: readonly AuthStep[], { stream }: Pick<Timeline, "stream">): AuthStep | undefined {
  const bare = steps.filter(({ status, challenges }) => status === 407 && challenges.length === 0);
  return bare.find((step) => step.stream === stream) ?? bare[0];
}

/** Whether a step was one leg of a handshake, which is not over with it: the 407 to it is no refusal, and no end either. */
export function isHalfway({ status, credentials }: AuthStep): boolean {
  return status === 407 && credentials !== null && credentials.step !== null && !credentials.complete;
}

/** The number of the NTLM message that the credentials are, alone or inside Negotiate; null if they are none of a client's. */
export function ntlmMessage(credentials: Credentials | null): 1 | 3 | null {
  const match = /type ([13])/.exec(credentials?.step ?? "");
  return match === null ? null : match[1] === "1" ? 1 : 3;
}

/** Whether a step is answered with the proxy's NTLM challenge: a 407 with a type 2 message. */
export function isNtlmChallenge({ status, challenges }: AuthStep): boolean {
  return (
    status === 407 &&
    challenges.some(
      ({ ntlm, negotiate }) => ntlm?.type === 2 || (negotiate?.kind === "ntlm" && negotiate.message.type === 2),
    )
  );
}

/**
 * Whether a step answers an NTLM challenge of another connection, and none of its own: NTLM authenticates a connection (RFC 4559 §6),
 * so that is refused whatever the password.
 */
export function isAstray(step: AuthStep, steps: readonly AuthStep[]): boolean {
  if (ntlmMessage(step.credentials) !== 3 || !step.whole) return false;
  const challenges = steps.filter((one) => one.frame < step.frame && isNtlmChallenge(one));
  return challenges.length > 0 && challenges.every(({ stream }) => stream !== step.stream);
}

/**
 * Whether the first message of a handshake got no message in answer, but the bare scheme once more: whoever asks so does not go on with it
 * (RFC 4559 §5), as a proxy that offers Negotiate and knows nothing but Kerberos in it. One that does not offer the scheme never asked for it.
 */
export function isLeftAlone(step: AuthStep): boolean {
  if (!isHalfway(step) || step.cut) return false;
  const sent = step.credentials?.scheme ?? "";
  const again = step.challenges.filter(({ scheme }) => isSameScheme(scheme, sent));
  return again.length > 0 && again.every(({ ntlm, negotiate }) => ntlm === null && negotiate === null);
}

/** Whether a client without a Kerberos ticket sends NTLM in its place, inside Negotiate. */
export function isNtlmInNegotiate(credentials: Credentials | null): boolean {
  return credentials?.scheme.toLowerCase() === "negotiate" && ntlmMessage(credentials) !== null;
}
