// A 407 that does not say how to authenticate.
import { bareStep } from "../auth-steps.ts";
import { verdictRule } from "../rule.ts";
import { connectFrames, exchangeFrames } from "./frames.ts";
import { orFromBehind } from "./from-behind.ts";

export const authNoScheme = verdictRule(
  {
    id: "auth-no-scheme",
    severity: "error",
    title: "A 407 that names no authentication scheme",
    meaning:
      "A 407 must carry Proxy-Authenticate with at least one scheme. Without it no client knows what to send. The field is for one hop only: a 407 that a further proxy or a server sent from behind this one may lose it on its way.",
    looksLike: "407 without Proxy-Authenticate, or with an empty one.",
    example: ["> CONNECT www.example.com:443", "< 407 Proxy Authentication Required, no field Proxy-Authenticate"],
    evidence: "The frame of the 407.",
    advice: {
      helpdesk: "The user can do nothing about it. Give the frame numbers to the administrator of the proxy.",
      proxyAdmin:
        "Check that the authentication realm of this listener is set up and reachable, and that no policy removes the header Proxy-Authenticate. Does a further proxy stand behind this one? Then it may be the one that asks, and this one has to sign in to it.",
    },
    references: ["RFC 9110 §15.5.8 (407)", "RFC 9110 §11.7.1 (Proxy-Authenticate)"],
  },
  (connection, capture) => {
    const { timeline, summary, steps } = connection;
    const frames = [...connectFrames(timeline), ...exchangeFrames(timeline.forwards)];
    const own = { detail: summary, frames, certainty: "certain" } as const;
    return orFromBehind(own, bareStep(steps, timeline)?.responseFrame ?? null, connection, capture);
  },
);
