// What a network or the proxy itself answers in place of the site, other than by asking for credentials: a page to sign in on, a refusal, an error.
import type { ExchangeFact, Timeline } from "../proxy/index.ts";
import { type AcceptedCredentials, wereAskedFor } from "./accepted.ts";
import { type AuthStep, authSteps } from "./auth-steps.ts";
import type { Interception } from "./interception.ts";
import type { Attribution } from "./types.ts";
import { answerText } from "./wording.ts";

/** RFC 6585 §6: sent by networks that want a sign-in first, and by no site. */
export const NETWORK_AUTHENTICATION_REQUIRED = 511;

/** An answer that is not the site's. */
export interface OwnAnswer extends Pick<Attribution, "certainty" | "evidence"> {
  /** `network`: 511; `unasked`: refused in a tunnel for want of credentials, `unadmitted`: in spite of those on the CONNECT; `redirect`: to another host, `error`: 4xx or 5xx, by the proxy itself. */
  readonly kind: "network" | "unasked" | "unadmitted" | "redirect" | "error";
  /** In words, without the full stop. */
  readonly text: string;
  readonly exchange: ExchangeFact;
}

/** What a connection carried: the inside of its tunnel, or forwarded requests where there is no tunnel. */
export function carriedBy({ tunnel, forwards }: Timeline): readonly ExchangeFact[] {
  return tunnel?.exchanges ?? forwards;
}

/** The first 511 among these; null without one. */
export function networkSignIn(exchanges: readonly ExchangeFact[]): OwnAnswer | null {
  const exchange = exchanges.find(({ response }) => response?.status === NETWORK_AUTHENTICATION_REQUIRED);
  if (exchange?.response == null) return null;
  const text = `${answerText(exchange, exchange.response)}: the network wants the user to sign in first`;
  return { kind: "network", text, exchange, certainty: "likely", evidence: [] };
}

/** Squid source: ClientHttpRequest::accessCheckDone. It goes with 407, and inside of a tunnel that is read with 403: there it cannot ask. */
const WANTS_CREDENTIALS = /^ERR_CACHE_ACCESS_DENIED\b/;

/** The first refusal inside a tunnel with the page by which a Squid asks for credentials elsewhere; null without one, and where this proxy cannot have written it. */
export function refusedUnasked(
  timeline: Timeline,
  interception: Interception,
  steps: readonly AuthStep[],
  accepted: AcceptedCredentials,
): OwnAnswer | null {
  if (interception.state === "no") return null;
  for (const exchange of timeline.tunnel?.exchanges ?? []) {
    const { response } = exchange;
    if (response?.status !== 403) continue;
    const field = response.fields.find(({ name, value }) => name === "x-squid-error" && WANTS_CREDENTIALS.test(value));
    if (field === undefined) continue;
    const signedIn = signedInAt(timeline, steps, accepted);
    const [why, what] =
      signedIn === null
        ? ["for want of credentials", "them"]
        : [`in spite of the credentials on the CONNECT (frame ${signedIn})`, "others"];
    const text = `${answerText(exchange, response)} ${why}: "X-Squid-Error: ERR_CACHE_ACCESS_DENIED" names the page with which a Squid asks for ${what} by 407, which it cannot do inside a tunnel`;
    return { kind: signedIn === null ? "unasked" : "unadmitted", text, exchange, certainty: "likely", evidence: [] };
  }
  return null;
}

/**
 * The frame of the credentials with which the tunnel was opened, if they were let through in answer to a 407, there or on an
 * earlier connection: requests inside inherit their user.
 */
function signedInAt(timeline: Timeline, steps: readonly AuthStep[], accepted: AcceptedCredentials): number | null {
  const step = authSteps(timeline).findLast(({ connect }) => connect);
  if (step === undefined || step.credentials === null) return null;
  return wereAskedFor(timeline, step, steps, accepted) ? step.frame : null;
}
