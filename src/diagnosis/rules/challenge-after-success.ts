// Authenticated, and asked again: the proxy lost what it already knew.
import { isChallenge } from "../../http/index.ts";
import { type AcceptedCredentials, acceptedOf, letThroughWith, wereAskedFor } from "../accepted.ts";
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
    "The client sent credentials and the proxy let it through; then, on the same connection or for the same credentials, the proxy asked once more. The authentication is forgotten between two stages, or a second rule wants another one. A proxy that knows users by their address for a while asks again, too, once that while is over. Where no 407 had asked for the credentials the proxy may not have looked at them when it let the client through; that is said then.",
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
const DOUBTED_HELPDESK =
  "The user is signed in at the proxy, and the later challenge may be the site's own. Open the site without the proxy: if it asks for a password there, too, it is the site's. Give both frame numbers to the administrator of the proxy.";

/** Credentials that nobody had asked for: a proxy without a rule for the CONNECT lets them through like none. */
const UNASKED = {
  title: "The proxy let credentials through on the CONNECT, and asked for some inside the tunnel",
  doubted: "The proxy let credentials through on the CONNECT, and may have asked for some inside the tunnel",
  helpdesk:
    "Do not ask for another password yet: the program sends it unasked on the CONNECT, and whether the proxy looks at it there cannot be seen. Give both frame numbers to the administrator of the proxy.",
  doubtedHelpdesk:
    "The challenge inside may be the site's own. Open the site without the proxy: if it asks for a password there, too, it is the site's. Give both frame numbers to the administrator of the proxy: whether it looked at the password on the CONNECT cannot be seen.",
  proxyAdmin:
    "Look for this CONNECT in the access log. Without a user's name there no rule of authentication matched at CONNECT tcp://: make it match there, too. With one the context is lost behind it: compare the rules that match at CONNECT tcp:// and at GET https:// for this client.",
};

/** What was let through unasked may have been wrong all the time, or has become so meanwhile. */
const REFUSED_UNASKED = {
  title: "The proxy refused credentials that it had let through before",
  advice: {
    helpdesk:
      "Ask whether the password was changed lately: it, or the account, may have expired or been locked while this was recorded, and the program goes on with the old one. It may also have been wrong all the time: where it was let through nobody had asked for it, and a proxy need not look at it there.",
    proxyAdmin:
      "Look into the log of authentications at the time of the refusal: a wrong or expired password, a locked account, a directory server that did not answer, or a second authenticate(...) realm that does not know this user. The access log shows whether the requests that were let through have the user's name.",
  },
};
/** It was asked for and right, and may not be enough for this target. */
const REFUSED_KNOWN = { title: "The proxy refused credentials that it had accepted before", advice: KNOWN_ADVICE };
/** Not refused, then. */
const OTHERS = {
  title: "The proxy had accepted the credentials, and then others were asked for",
  advice: OTHERS_ADVICE,
};
/** Let through before and afterwards, once at least in answer to a 407: they were right all the time. */
const REFUSED_ONCE = {
  title: "The proxy refused credentials that it accepts otherwise",
  advice: {
    helpdesk:
      "The password is right: the proxy accepts it otherwise. Give the frame numbers to the administrator of the proxy.",
    proxyAdmin:
      "Look into the log of authentications at the time of the refusal: a directory server that did not answer in time, one of several that lags behind, or a rule with another authenticate(...) realm for this target.",
  },
};

export const challengeAfterSuccess: Rule = {
  ...TEXT,
  find(capture) {
    const findings: Finding[] = [];
    for (const connection of capture.connections) {
      const inside = challengedInside(connection, capture.accepted);
      if (inside !== null) findings.push(inside);
      const again = refusedAgain(connection, capture.accepted);
      if (again !== null) findings.push(again);
    }
    for (const [{ timeline }, found] of forgottenAddresses(capture))
      findings.push(finding(TEXT, timeline.stream, found));
    return findings;
  },
};

/** Let through on the CONNECT with credentials, asked again inside its tunnel. */
function challengedInside({ timeline, steps, attributions }: JudgedConnection, accepted: AcceptedCredentials) {
  const challenge = timeline.tunnel?.exchanges.find(
    (exchange) => isChallenge(exchange.response) && isOwn(attributions.get(exchange)),
  );
  if (challenge?.response == null) return null;
  const opening = letThroughWith(timeline);
  if (opening === undefined) return null;
  const certainty = attributions.get(challenge)?.certainty ?? null;
  const isDoubted = certainty === "possible";
  const { frame, credentials } = opening;
  const responseFrame = opening.responseFrame ?? frame;
  const wasAsked = wereAskedFor(timeline, opening, steps, accepted);
  const first = `The credentials on the CONNECT (${credentials?.scheme}, frame ${frame})`;
  const passed = wasAsked
    ? `${first} were accepted (frame ${responseFrame})`
    : `${first}, which answered no 407 in this capture, were let through (frame ${responseFrame})`;
  const then = `${requestText(challenge)} was asked for credentials${wasAsked ? " again" : ""} (${challenge.response.status}, frame ${challenge.response.where.frame})`;
  return finding(TEXT, timeline.stream, {
    detail: `${passed}, and then ${then}${isDoubted ? ", possibly by the proxy" : ""}.`,
    frames: [frame, responseFrame, challenge.response.where.frame],
    certainty,
    ...(wasAsked ? wordsForAsked(isDoubted) : wordsForUnasked(isDoubted)),
    evidence: attributions.get(challenge)?.evidence ?? [],
  });
}

function wordsForAsked(isDoubted: boolean): Partial<Pick<Finding, "title" | "advice">> {
  return isDoubted ? { title: DOUBTED, advice: { ...TEXT.advice, helpdesk: DOUBTED_HELPDESK } } : {};
}

function wordsForUnasked(isDoubted: boolean): Pick<Finding, "title" | "advice"> {
  const helpdesk = isDoubted ? UNASKED.doubtedHelpdesk : UNASKED.helpdesk;
  return {
    title: isDoubted ? UNASKED.doubted : UNASKED.title,
    advice: { helpdesk, proxyAdmin: UNASKED.proxyAdmin },
  };
}

/** The same credentials, once let through and later refused, or met with a question for others. */
function refusedAgain({ timeline, steps }: JudgedConnection, accepted: AcceptedCredentials) {
  for (const step of authSteps(timeline)) {
    const known = step.status === 407 ? acceptedOf(timeline, step, accepted) : null;
    const { frame, credentials } = step;
    if (known === null || known.first >= frame) continue;
    const { answer } = known;
    const responseFrame = step.responseFrame ?? frame;
    const again = known.last > frame ? known.last : null;
    const other = otherThanAsked(step, steps, answer?.challenges ?? []);
    const refused = answer === null ? REFUSED_UNASKED : again === null ? REFUSED_KNOWN : REFUSED_ONCE;
    const isAnswer = answer !== null && answer.frame < frame;
    const first = isAnswer ? answer.frame : known.first;
    const before = isAnswer
      ? `accepted in frame ${first}`
      : `let through in frame ${first}, where they answered no 407,`;
    const met = other === null ? "were refused" : "were answered with a 407 that asks for others";
    const then = again === null ? "" : `, and ${answer === null ? "let through" : "accepted"} again in frame ${again}`;
    return finding(TEXT, timeline.stream, {
      ...(other === null ? refused : OTHERS),
      detail: `The same ${credentials?.scheme} credentials that were ${before} ${met} in frame ${responseFrame}${then}.`,
      frames: [first, frame, responseFrame, ...(again === null ? [] : [again])],
      certainty: "certain",
    });
  }
  return null;
}
