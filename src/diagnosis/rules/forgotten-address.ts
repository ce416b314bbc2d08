// A proxy that knows users by their address for a while (an IP surrogate), and has forgotten one: it asks a program that cannot answer.
import { gather } from "../../bytes/index.ts";
import { isSuccess } from "../../http/index.ts";
import type { ConnectFact, Timeline } from "../../proxy/index.ts";
import { type AcceptedCredentials, letThroughWith, wereAskedFor } from "../accepted.ts";
import { atProxy, clientText } from "../client.ts";
import type { CaptureFacts, JudgedConnection } from "../facts.ts";
import type { FindingCase } from "../rule.ts";

const TITLE = "The proxy asked for credentials where it had let the same program through without any";
const ADVICE = {
  helpdesk:
    "Let the user open a page in the browser, which signs in to the proxy, and try the program again: as long as the proxy knows the user by the computer's address, programs that cannot sign in are let through.",
  proxyAdmin:
    "See how long this proxy knows a user by the address (IP surrogate; with Squid the ttl of the external ACL or session helper). Programs that do not answer a 407 depend on it: exempt them by their destination, or let it last longer.",
};

/** Each connection that was asked and left, where the same program had been let through to the same target by the user's address. */
export function forgottenAddresses({
  connections,
  accepted,
}: CaptureFacts): readonly (readonly [JudgedConnection, FindingCase])[] {
  const left = connections.filter(
    ({ verdict, steps }) => verdict === "auth-abandoned" && steps.every(({ credentials }) => credentials === null),
  );
  if (left.length === 0) return [];
  const signedIn = signedInAt(connections, accepted);
  const bare = letThroughBare(connections, signedIn);
  return gather(left, (connection) => {
    const { timeline } = connection;
    const asked = timeline.connects.find(({ response }) => response?.status === 407);
    if (asked?.response == null) return [];
    const passed = bare.get(programKey(timeline, asked));
    const since = signedIn.get(atProxy(timeline));
    const { frame } = asked.request.where;
    if (passed === undefined || since === undefined || passed > frame) return [];
    const who = `this client (${clientText(timeline)})`;
    const after = since.wasAsked
      ? `${who} had signed in (frame ${since.frame})`
      : `${who} had been let through with credentials, which answered no 407 in this capture (frame ${since.frame})`;
    const detail = `CONNECT ${asked.target.text} was let through without credentials (frame ${passed}) after ${after}, and the same program was asked for credentials later (frame ${asked.response.where.frame}): the proxy seems to know the user by the address, and to have forgotten it in between.`;
    const frames = [since.frame, passed, frame, asked.response.where.frame];
    return [
      [
        connection,
        { title: TITLE, advice: ADVICE, detail, frames, certainty: since.wasAsked ? "likely" : "possible" },
      ] as const,
    ];
  });
}

/** A CONNECT that was let through with credentials: its frame, and whether the proxy had asked for them. */
interface SignIn {
  readonly frame: number;
  readonly wasAsked: boolean;
}

/** By client and proxy: the first CONNECT that was let through with credentials that the proxy had asked for, or else with any. */
function signedInAt(
  connections: readonly JudgedConnection[],
  accepted: AcceptedCredentials,
): ReadonlyMap<string, SignIn> {
  const found = new Map<string, SignIn>();
  for (const { timeline, steps } of connections) {
    const step = letThroughWith(timeline);
    if (step === undefined) continue;
    const key = atProxy(timeline);
    const known = found.get(key);
    const one = { frame: step.frame, wasAsked: wereAskedFor(timeline, step, steps, accepted) };
    const isBetter = known === undefined || (one.wasAsked === known.wasAsked ? one.frame < known.frame : one.wasAsked);
    if (isBetter) found.set(key, one);
  }
  return found;
}

/** By client, proxy, target and program: frame of the first CONNECT that was let through without credentials behind the sign-in. */
function letThroughBare(
  connections: readonly JudgedConnection[],
  signedIn: ReadonlyMap<string, SignIn>,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { timeline } of connections) {
    const since = signedIn.get(atProxy(timeline));
    if (since === undefined) continue;
    for (const connect of timeline.connects) {
      const { frame } = connect.request.where;
      if (!isOpened(connect) || connect.request.proxyAuthorization !== null || frame < since.frame) continue;
      const key = programKey(timeline, connect);
      found.set(key, Math.min(found.get(key) ?? Infinity, frame));
    }
  }
  return found;
}

function isOpened({ response }: ConnectFact): boolean {
  return response !== null && isSuccess(response.status);
}

/** Rules may exempt a program as well as a target. */
function programKey(timeline: Timeline, { target, request }: ConnectFact): string {
  return `${atProxy(timeline)} ${target.text.toLowerCase()} ${request.userAgent ?? ""}`;
}
