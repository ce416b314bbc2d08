// A password that anybody on the way can read.

import { authSteps } from "../auth-steps.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import { count } from "../wording.ts";

const TEXT: RuleText = {
  id: "basic-in-clear",
  severity: "warning",
  title: "Passwords go to the proxy in readable form (Basic)",
  meaning:
    "Basic credentials are only encoded, not encrypted: whoever sees the connection to the proxy, or this capture, has the password. pcapcheck does not print it.",
  looksLike: "Proxy-Authorization: Basic on a connection without TLS.",
  evidence: "The frames of the requests.",
  advice: {
    helpdesk: "Treat this capture as a secret: it contains passwords. Do not attach it to a ticket.",
    proxyAdmin: "Offer Negotiate (Kerberos), or let clients speak TLS to the proxy, before Basic is used.",
  },
  references: ["RFC 7617 §4 (Basic: security considerations)"],
};

/** Frames listed in the finding. */
const MAX_FRAMES = 20;

export const basicInClear: Rule = {
  ...TEXT,
  find(capture) {
    const steps = capture.connections.flatMap(({ timeline }) =>
      authSteps(timeline).filter(({ credentials }) => credentials?.scheme.toLowerCase() === "basic"),
    );
    if (steps.length === 0) return [];
    const detail = `${count(steps.length, "request")} carried Basic credentials to the proxy in readable form.`;
    const frames = steps.slice(0, MAX_FRAMES).map(({ frame }) => frame);
    return [finding(TEXT, null, { detail, frames, certainty: "certain" })];
  },
};
