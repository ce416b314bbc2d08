// A 407 that does not say how to authenticate.
import { verdictRule } from "../rule.ts";
import { connectFrames, exchangeFrames } from "./frames.ts";

export const authNoScheme = verdictRule(
  {
    id: "auth-no-scheme",
    severity: "error",
    title: "The proxy's 407 names no authentication scheme",
    meaning: "A 407 must carry Proxy-Authenticate with at least one scheme. Without it no client knows what to send.",
    looksLike: "407 without Proxy-Authenticate, or with an empty one.",
    example: ["> CONNECT www.example.com:443", "< 407 Proxy Authentication Required, no field Proxy-Authenticate"],
    evidence: "The frame of the 407.",
    advice: {
      helpdesk: "The user can do nothing about it. Give the frame numbers to the administrator of the proxy.",
      proxyAdmin:
        "Check that the authentication realm of this listener is set up and reachable, and that no policy removes the header Proxy-Authenticate.",
    },
    references: ["RFC 9110 §15.5.8 (407)", "RFC 9110 §11.7.1 (Proxy-Authenticate)"],
  },
  ({ timeline, summary }) => ({
    detail: summary,
    frames: [...connectFrames(timeline), ...exchangeFrames(timeline.forwards)],
    certainty: "certain",
  }),
);
