// Silence.
import type { Timeline } from "../../proxy/index.ts";
import { brokenOff } from "../auth-steps.ts";
import { type FindingCase, verdictRule } from "../rule.ts";
import { connectFrames, exchangeFrames } from "./frames.ts";

/** What the client says in the tunnel is no TLS, and a proxy that intercepts waits for a ClientHello, or closes. */
const NO_TLS_ADVICE = {
  helpdesk:
    "The program does not speak TLS in this tunnel, and a proxy that intercepts tunnels may take nothing else: then it closes, or waits, and trying again does not help. Give the name and port of the target to the administrator of the proxy.",
  proxyAdmin:
    "Where tunnels are intercepted, let this target through unread (Squid: ssl_bump splice at step 1, or on_unsupported_protocol tunnel; ProxySG: no protocol detection for it), or refuse its CONNECT. Otherwise check the proxy's connection to the site (DNS, routing, firewall): a record on the proxy's outside shows whether it tried.",
};

/** Nobody was silent: there was nothing to answer. */
const BROKEN_OFF: Pick<FindingCase, "title" | "advice"> = {
  title: "The client closed the connection before its request was whole",
  advice: {
    helpdesk:
      "The program left before it had said what it wants, which no proxy can answer: look for the reason in what the program itself says (it was ended, or its own time ran out), and name it and its version in the ticket.",
    proxyAdmin:
      "The proxy had nothing to answer yet. If it happens often, look for what is between the client and the proxy, or at what sends requests so slowly.",
  },
};

/** The client spoke first in its tunnel, something else than TLS, and nothing came back. */
function isOtherThanTls({ tunnel }: Timeline): boolean {
  return tunnel !== null && tunnel.protocol !== "tls" && tunnel.clientBytes > 0 && tunnel.serverBytes === 0;
}

export const noResponse = verdictRule(
  {
    id: "no-response",
    severity: "error",
    title: "The proxy, or the site behind it, never answered",
    meaning:
      "A CONNECT, a forwarded request or the first bytes in a tunnel got no answer: the connection was closed or reset first, or the wait had no end in the capture.",
    looksLike: "A request, then FIN, RST or nothing.",
    example: ["> CONNECT www.example.com:443", "30 seconds of silence, then the client closes the connection"],
    evidence: "The frame of the request, and how the connection ended.",
    advice: {
      helpdesk:
        "Try again; if it stays so for one site only, the proxy refuses it without a word, or the way from the proxy to the site is broken; if for all, the proxy is overloaded or a firewall is in between.",
      proxyAdmin:
        "Check the proxy's load and its connections to the site (DNS, routing, firewall), and look for a rule that closes connections by the name in the ClientHello (Squid: ssl_bump terminate). A record on the proxy's outside shows whether it tried.",
    },
    references: ["RFC 9110 §9.3.6 (CONNECT)"],
  },
  ({ timeline, summary }) => ({
    detail: summary,
    frames: [...connectFrames(timeline), ...exchangeFrames(timeline.forwards), timeline.lastFrame],
    certainty: "certain",
    ...(isOtherThanTls(timeline) ? { advice: NO_TLS_ADVICE } : brokenOff(timeline) === null ? {} : BROKEN_OFF),
  }),
);
