// The capture does not hold what would answer the question.
import { verdictRule } from "../rule.ts";
import { connectFrames } from "./frames.ts";

export const incomplete = verdictRule(
  {
    id: "incomplete",
    severity: "info",
    title: "The capture lacks the bytes that would answer the question",
    meaning:
      "The capture starts late, stops early, has one direction only, or misses packets where the answer would be. Nothing is concluded from what is not there.",
    looksLike: "A connection without its start or end, or with gaps at the decisive place.",
    example: [
      "> CONNECT www.example.com:443",
      "the next 1,200 bytes of the proxy are missing",
      "ClientHello: the tunnel was opened, but nobody sees how",
    ],
    evidence: "What is missing, and where.",
    advice: {
      helpdesk:
        "Record again: start the capture before the browser, with whole packets (snap length 0), on the client or on the proxy and not on a busy mirror port.",
      proxyAdmin: "A record on the proxy's client side shows both directions without loss.",
    },
    references: ["RFC 9293 §3.4 (sequence numbers)"],
  },
  ({ timeline, summary }) => ({
    detail: summary,
    frames: [...connectFrames(timeline), ...timeline.gaps.map(({ where }) => where.frame)],
    certainty: "certain",
  }),
);
