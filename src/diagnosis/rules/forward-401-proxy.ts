// A forwarded request answered 401 by the proxy itself.
import { verdictRule } from "../rule.ts";
import { exchangeFrames } from "./frames.ts";

export const forward401Proxy = verdictRule(
  {
    id: "forward-401-proxy",
    severity: "error",
    title: "The proxy answered a forwarded request with 401 instead of 407",
    meaning:
      "The client sent a plain request through the proxy, and the proxy itself answered 401. The client shows a login box in the name of the web site and answers with Authorization, which the proxy may even pass on to the site.",
    looksLike: "GET http://… to the proxy, answered 401 with WWW-Authenticate, and no request to the origin.",
    example: [
      "> GET http://wiki.example.com/ (to the proxy)",
      "< 401 at once, the same realm as in this proxy's 407s; nothing was sent to the site",
    ],
    evidence:
      "Marks of the proxy in the answer, the same challenge as its 407s, or a server leg that never saw the request.",
    advice: {
      helpdesk:
        "Tell the user not to enter a password: it might be sent to the web site. Give the frame numbers to the administrator of the proxy.",
      proxyAdmin:
        "Use authenticate.mode(proxy) or proxy-ip for explicit clients; look for a rule with an origin mode that matches this host (url.domain=) or path.",
    },
    references: [
      "RFC 9110 §15.5.2 (401)",
      "RFC 9110 §15.5.8 (407)",
      "Content Policy Language Reference (Broadcom): authenticate( ), authenticate.mode( ), authenticate.force( )",
    ],
  },
  ({ timeline, summary, attributions }) => {
    const answers = timeline.forwards.filter(
      (exchange) => exchange.response?.status === 401 && attributions.get(exchange)?.sentBy === "proxy",
    );
    const attribution = answers[0] === undefined ? undefined : attributions.get(answers[0]);
    return {
      detail: summary,
      frames: exchangeFrames(answers),
      evidence: attribution?.evidence ?? [],
      certainty: attribution?.certainty ?? null,
    };
  },
);
