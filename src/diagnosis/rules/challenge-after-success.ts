// Authenticated, and asked again: the proxy lost what it already knew.
import { isChallenge } from "../../http/index.ts";
import { type AcceptedCredentials, acceptedOf } from "../accepted.ts";
import { authSteps, otherThanAsked } from "../auth-steps.ts";
import type { JudgedConnection } from "../facts.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import { type Finding, isOwn } from "../types.ts";
import { requestText } from "../wording.ts";
import { forgottenAddresses } from "./forgotten-address.ts";
import { KNOWN_ADVICE, OTHERS_ADVICE } from "./known-credentials.ts";

const TEXT: RuleText = {
  id: "challenge-after-success",
  severity: "warning",
  title: "The proxy asked again although it had accepted credentials",
  meaning:
    "The client sent credentials and the proxy let it through; then, on the same connection or for the same credentials, the proxy asked once more. The authentication is forgotten between two stages, or a second rule wants another one. A proxy that knows users by their address for a while asks again, too, once that while is over.",
  looksLike:
    "CONNECT with Proxy-Authorization answered 2xx, then a 401 or 407 by the proxy inside that tunnel; or a 407 to credentials that were accepted before.",
  example: [
    "> CONNECT news.example.com:443, Proxy-Authorization: Basic",
    "< 200: accepted",
    "> GET https://news.example.com/ (in the tunnel)",
    "< 401 by the proxy, WWW-Authenticate: Basic with the same realm",
  ],
  evidence: "The frame of the accepted credentials, and the frame of the later challenge.",
  advice: {
    helpdesk:
      "The user is signed in: another password will not help. Give both frame numbers to the administrator of the proxy.",
    proxyAdmin:
      "Compare the rules that match at CONNECT tcp:// and at GET https:// for this client: two authenticate(...) realms, authenticate.force(yes), another authenticate.mode(...) or a surrogate (cookie, IP) that expires between them. With IP surrogates check that both stages see the same client address.",
  },
  references: [
    "RFC 9110 §11.7.2 (Proxy-Authorization)",
    "RFC 9110 §15.5.8 (407)",
    "Content Policy Language Reference (Broadcom): authenticate( ), authenticate.mode( ), authenticate.force( )",
  ],
};

/** Where one sign only says that it was the proxy that asked again. */
const DOUBTED = "The proxy accepted credentials, and may have asked again inside the tunnel";

/** What is no longer accepted may have become wrong meanwhile; nobody had asked for it where it was let through. */
const REFUSED = {
  title: "The proxy refused credentials that it had accepted before",
  advice: {
    helpdesk:
      "Ask whether the password was changed lately: it, or the account, may have expired or been locked while this was recorded, and the program goes on with the old one. If it was not, give both frame numbers to the administrator of the proxy.",
    proxyAdmin:
      "Look into the log of authentications at the time of the refusal: an expired password, a locked account, a directory server that did not answer, or a second authenticate(...) realm that does not know this user.",
  },
};
/** It was asked for and right, and may not be enough for this target. */
const REFUSED_KNOWN = { title: REFUSED.title, advice: KNOWN_ADVICE };
/** Not refused, then. */
const OTHERS = {
  title: "The proxy had accepted the credentials, and then others were asked for",
  advice: OTHERS_ADVICE,
};
/** Accepted before and behind: they were right all the time. */
const REFUSED_ONCE = {
  title: "The proxy refused credentials that it accepts otherwise",
  advice: {
    helpdesk:
      "The password is right: the proxy accepted it before and afterwards. Give the frame numbers to the administrator of the proxy.",
    proxyAdmin:
      "Look into the log of authentications at the time of the refusal: a directory server that did not answer in time, one of several that lags behind, or a rule with another authenticate(...) realm for this target.",
  },
};

export const challengeAfterSuccess: Rule = {
  ...TEXT,
  find(capture) {
    const findings: Finding[] = [];
    for (const connection of capture.connections) {
      const inside = challengedInside(connection);
      if (inside !== null) findings.push(inside);
      const again = refusedAgain(connection, capture.accepted);
      if (again !== null) findings.push(again);
    }
    for (const [{ timeline }, found] of forgottenAddresses(capture))
      findings.push(finding(TEXT, timeline.stream, found));
    return findings;
  },
};

/** Accepted on the CONNECT, asked again inside its tunnel. */
function challengedInside(connection: JudgedConnection) {
  const { timeline, attributions } = connection;
  const opening = timeline.connects.find(
    ({ request, response }) => request.proxyAuthorization !== null && response !== null && response.status < 300,
  );
  if (opening?.response == null) return null;
  const challenge = timeline.tunnel?.exchanges.find(
    (exchange) => isChallenge(exchange.response) && isOwn(attributions.get(exchange)),
  );
  if (challenge?.response == null) return null;
  const { request, response } = opening;
  const certainty = attributions.get(challenge)?.certainty ?? null;
  const detail = `The credentials on the CONNECT (${request.proxyAuthorization?.scheme}, frame ${request.where.frame}) were accepted (frame ${response.where.frame}), and then ${requestText(challenge)} was asked for credentials again (${challenge.response.status}, frame ${challenge.response.where.frame})${certainty === "possible" ? ", possibly by the proxy" : ""}.`;
  const frames = [request.where.frame, response.where.frame, challenge.response.where.frame];
  const advice = {
    ...TEXT.advice,
    helpdesk:
      "The user is signed in at the proxy, and the later challenge may be the site's own. Open the site without the proxy: if it asks for a password there, too, it is the site's. Give both frame numbers to the administrator of the proxy.",
  };
  return finding(TEXT, timeline.stream, {
    detail,
    frames,
    certainty,
    ...(certainty === "possible" ? { advice, title: DOUBTED } : {}),
    evidence: attributions.get(challenge)?.evidence ?? [],
  });
}

/** The same credentials, once accepted and later refused, or met with a question for others. */
function refusedAgain({ timeline, steps }: JudgedConnection, accepted: AcceptedCredentials) {
  for (const step of authSteps(timeline)) {
    const known = step.status === 407 ? acceptedOf(timeline, step, accepted) : null;
    const { frame, credentials } = step;
    if (known === null || known.first >= frame) continue;
    const responseFrame = step.responseFrame ?? frame;
    const again = known.last > frame ? known.last : null;
    const other = otherThanAsked(step, steps, known.answer?.challenges ?? []);
    const refused = known.answer === null ? REFUSED : REFUSED_KNOWN;
    const words = other !== null ? OTHERS : again === null ? refused : REFUSED_ONCE;
    const met = other === null ? "were refused" : "were answered with a 407 that asks for others";
    const detail = `The same ${credentials?.scheme} credentials that were accepted in frame ${known.first} ${met} in frame ${responseFrame}${again === null ? "" : `, and accepted again in frame ${again}`}.`;
    return finding(TEXT, timeline.stream, {
      ...words,
      detail,
      frames: [known.first, frame, responseFrame, ...(again === null ? [] : [again])],
      certainty: "certain",
    });
  }
  return null;
}
