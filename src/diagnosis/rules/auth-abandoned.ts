// Asked, and never answered.
import { quoted } from "../../bytes/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { type AcceptedCredentials, acceptedBefore } from "../accepted.ts";
import {
  type AuthStep,
  areOfAnotherScheme,
  brokenOff,
  isAstray,
  isHalfway,
  isLeftAlone,
  isNtlmInNegotiate,
  isRefusal,
  otherThanAsked,
} from "../auth-steps.ts";
import { askedOnBehalf } from "../further-proxy.ts";
import { isPatient } from "../judgement.ts";
import { verdictRule } from "../rule.ts";
import type { Advice } from "../types.ts";
import { schemesText } from "../wording.ts";
import { answerPlace, cited, connectFrames, exchangeFrames } from "./frames.ts";
import { orFromBehind } from "./from-behind.ts";
import { KERBEROS_ADVICE } from "./kerberos-advice.ts";
import { KNOWN_ADVICE, OTHERS_ADVICE, OTHERS_TITLE } from "./known-credentials.ts";
import { FOREIGN_TITLE, SCHEME_ADVICE } from "./scheme-advice.ts";

/** Credentials came once and were refused: other words than where none came at all. */
const REFUSED_TITLE = "The proxy refused the credentials, and the client did not come back with others";
const REFUSED_ADVICE = {
  helpdesk: "Ask the user to sign in again with the right password, and check that the account is not locked.",
  proxyAdmin:
    "Look for this user in the authentication log: wrong password, locked or expired account, a realm that does not know the user.",
};

/** The first message of a handshake came and got no answer: no password was looked at, and it was not the client that stopped. */
const LEFT_ALONE_TITLE = "The proxy did not go on with the handshake that the client began";
const LEFT_ALONE_ADVICE = {
  helpdesk:
    "The password is not the problem: it was not looked at. Give both frame numbers to the administrator of the proxy.",
  proxyAdmin:
    "Look for an authentication helper or a domain controller that does not answer, and for a balancer that spreads one connection over several proxies, each of which begins anew.",
};
const NO_TICKET_ADVICE = {
  helpdesk:
    "The password is not the problem: the program has no Kerberos ticket for the proxy and sends NTLM in its place. Check that the computer reaches its domain, that the user is signed in to it, that the settings name the proxy by its full name and not by its address, and that the clock is right.",
  proxyAdmin:
    "It seems that the proxy offers Negotiate and takes only Kerberos in it, or that what checks NTLM for it does not answer. Check that the service principal name HTTP/ with the proxy's full name is registered, once; where clients without tickets are to be let in, let it take NTLM, too (Squid: negotiate_wrapper_auth).",
};

/** Credentials came on another connection than the one whose challenge they answer: no password is right there. */
const ASTRAY_TITLE = "The NTLM handshake went on on another connection than it began on, and was refused";
const ASTRAY_ADVICE = {
  helpdesk: "The password is not the problem. Give the frame numbers to the administrator of the proxy.",
  proxyAdmin: "Keep connections alive through the handshake: pcapcheck explain ntlm-broken-connection.",
};

/** It is a proxy that was asked, in the middle of serving somebody. */
const BETWEEN_ADVICE = {
  helpdesk:
    "The user can do nothing about it, whatever the program shows: it is the nearer proxy that has to sign in to this one. Give this report to the administrator of the proxies.",
  proxyAdmin:
    "Let the nearer proxy sign in to this one, with a scheme that this one offers (Squid: login= of cache_peer; mitmproxy: upstream_auth; Cntlm: the account in its file), or ask nothing of its address here.",
};

/** A handshake of several messages that began and has no end: the client did come back. */
const HALFWAY_TITLE = "The proxy asked for credentials, and the client's handshake was not finished";
const HALFWAY_ADVICE = {
  helpdesk:
    "The program began to sign in, got the proxy's challenge, and did not answer it: look for the reason in what the program itself says, name it and its version in the ticket, and see whether another program of the same user is let in. If a password prompt was cancelled, ask the user.",
  proxyAdmin:
    "The proxy did its part as far as the capture goes. If only this program fails, exempt it, or offer it another scheme; if all do, look at what the challenge asks for (a domain, a version of NTLM) that clients may not do.",
};

export const authAbandoned = verdictRule(
  {
    id: "auth-abandoned",
    severity: "warning",
    title: "The proxy asked for credentials, and the client never came back with any",
    meaning:
      "The 407 was in order, but no request with accepted credentials followed, neither on this connection nor on a later one of the same client to the same target. Programs that know nothing of the user's sign-in (updaters, agents, command-line tools) stop here.",
    looksLike: "407, then the connection is closed, and nothing with Proxy-Authorization that succeeds follows.",
    example: [
      "> CONNECT update.example.com:443, User-Agent: Updater/3.1",
      "< 407, Proxy-Authenticate: Negotiate, NTLM",
      "the client closes the connection and does not come back",
    ],
    evidence: "The frames of the 407s, and the schemes that they offer.",
    advice: {
      helpdesk:
        "Find out which program it was (the User-Agent field helps) and whether it can sign in to a proxy at all. If a browser shows a password prompt that was cancelled, ask the user.",
      proxyAdmin:
        "If the program cannot authenticate, exempt it by its destination (url.domain=) or by its user agent (request.header.User-Agent=) with authenticate(no); if it can, offer a scheme that it supports.",
    },
    references: ["RFC 9110 §15.5.8 (407)", "RFC 9110 §11.7.2 (Proxy-Authorization)"],
  },
  (connection, capture) => {
    const { timeline, summary, steps } = connection;
    const { quality } = capture;
    const answered = timeline.connects.findLast(({ response }) => response !== null) ?? timeline.forwards.at(-1);
    const last = answered?.response;
    const behalf = answered?.request == null ? null : askedOnBehalf(timeline, answered.request, capture);
    const agent = timeline.connects.at(-1)?.request.userAgent ?? timeline.forwards.at(-1)?.request?.userAgent ?? null;
    const own = {
      detail: `${summary}${agent === null ? "" : ` The client calls itself ${quoted(agent)}.`}${behalf === null ? "" : ` The client seems to be a proxy: ${behalf}.`}`,
      frames: [...connectFrames(timeline), ...exchangeFrames(timeline.forwards)],
      evidence: cited(steps.filter(({ status }) => status === 407)).map(
        (step) => `${answerPlace(step, timeline.stream)}: 407 with ${schemesText(step.challenges)}`,
      ),
      // A browser that lost its connection is back in a moment, which a capture may not reach.
      certainty:
        last == null || isPatient(last.where.time, { captureEnd: quality.end, holes: quality.holes })
          ? "certain"
          : "likely",
      ...otherWords(timeline, steps, capture.accepted),
      ...(behalf === null ? {} : { advice: BETWEEN_ADVICE }),
    } as const;
    return orFromBehind(own, last?.where.frame ?? null, connection, capture);
  },
);

function otherWords(
  timeline: Timeline,
  steps: readonly AuthStep[],
  accepted: AcceptedCredentials,
): { title?: string; advice?: Advice } {
  // As the summary has it: what was sent last counts.
  const sent = steps.findLast((step) => step.credentials !== null);
  if (sent === undefined) return {};
  const before = acceptedBefore(timeline, sent, accepted);
  if (before === null && areOfAnotherScheme([sent], steps)) return { title: FOREIGN_TITLE, advice: SCHEME_ADVICE };
  // A client that left in the middle of its next request did go on.
  if (isLeftAlone(sent) && brokenOff(timeline) === null) {
    const advice = isNtlmInNegotiate(sent.credentials) ? NO_TICKET_ADVICE : LEFT_ALONE_ADVICE;
    return { title: LEFT_ALONE_TITLE, advice };
  }
  if (isHalfway(sent)) return { title: HALFWAY_TITLE, advice: HALFWAY_ADVICE };
  if (otherThanAsked(sent, steps, before?.challenges ?? []) !== null)
    return { title: OTHERS_TITLE, advice: OTHERS_ADVICE };
  if (isAstray(sent, steps)) return { title: ASTRAY_TITLE, advice: ASTRAY_ADVICE };
  if (!isRefusal(sent)) return {};
  if (before !== null) return { title: REFUSED_TITLE, advice: KNOWN_ADVICE };
  return { title: REFUSED_TITLE, advice: sent.credentials?.step === "kerberos" ? KERBEROS_ADVICE : REFUSED_ADVICE };
}
