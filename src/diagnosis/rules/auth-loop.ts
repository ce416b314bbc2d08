// Credentials refused again and again.
import { acceptedBefore } from "../accepted.ts";
import { areOfAnotherScheme } from "../auth-steps.ts";
import { verdictRule } from "../rule.ts";
import { schemesText } from "../wording.ts";
import { answerPlace, cited, connectFrames, exchangeFrames } from "./frames.ts";
import { KERBEROS_ADVICE } from "./kerberos-advice.ts";
import { KNOWN_ADVICE } from "./known-credentials.ts";
import { FOREIGN_TITLE, SCHEME_ADVICE } from "./scheme-advice.ts";

export const authLoop = verdictRule(
  {
    id: "auth-loop",
    severity: "error",
    title: "The proxy refused the client's credentials again and again",
    meaning:
      "The client answered the 407 with a complete set of credentials, and the proxy asked again, twice or more, until somebody gave up. The intermediate 407s of NTLM and Negotiate are not counted: they are legs of one handshake.",
    looksLike: "407, credentials, 407, credentials, 407 …, on one connection or on several in a row.",
    example: [
      "> CONNECT www.example.com:443",
      '< 407, Proxy-Authenticate: Basic realm="proxy"',
      "> CONNECT www.example.com:443, Proxy-Authorization: Basic",
      '< 407 again, Proxy-Authenticate: Basic realm="proxy"',
      "> CONNECT www.example.com:443, Proxy-Authorization: Basic",
      "< 407 again",
    ],
    evidence: "The frames of the refusals, the first and the last ones of many, and of which connections they are.",
    advice: {
      helpdesk:
        "Ask whether the password was changed lately, and try the user's sign-in elsewhere. A locked or expired account looks like this, too, and so does a stored old password (Credential Manager, keychain).",
      proxyAdmin:
        "Look for this user in the authentication log: wrong password, locked account, unreachable domain controller, a realm that does not know the user, clock skew or a missing service principal name with Kerberos.",
    },
    references: ["RFC 9110 §15.5.8 (407)", "RFC 9110 §11.7 (proxy authentication)"],
  },
  ({ timeline, summary, steps, refusals }, { accepted }) => {
    const isKerberos = refusals.length > 0 && refusals.every(({ credentials }) => credentials?.step === "kerberos");
    const isKnown = refusals.length > 0 && refusals.every((step) => acceptedBefore(timeline, step, accepted) !== null);
    return {
      detail: summary,
      frames: [...connectFrames(timeline), ...exchangeFrames(timeline.forwards)],
      evidence: cited(refusals).map(
        (step) =>
          `${answerPlace(step, timeline.stream)}: the credentials of frame ${step.frame} were refused (407 with ${schemesText(step.challenges)})`,
      ),
      certainty: "certain",
      ...(isKnown
        ? { advice: KNOWN_ADVICE }
        : areOfAnotherScheme(refusals, steps)
          ? { title: FOREIGN_TITLE, advice: SCHEME_ADVICE }
          : isKerberos
            ? { advice: KERBEROS_ADVICE }
            : {}),
    };
  },
);
