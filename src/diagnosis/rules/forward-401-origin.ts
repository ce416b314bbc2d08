// A forwarded request answered 401 by the site.
import { type RuleText, verdictRule } from "../rule.ts";
import { exchangeFrames } from "./frames.ts";

const TEXT: RuleText = {
  id: "forward-401-origin",
  severity: "info",
  title: "A forwarded request was answered 401 by the web site: its own login",
  meaning:
    "The proxy forwarded a plain request, and the web site asked for credentials of its own. A proxy that wants credentials asks with 407.",
  looksLike: "GET http://… to the proxy, answered 401 with WWW-Authenticate.",
  example: [
    "> GET http://wiki.example.com/ (to the proxy)",
    '< 401 Unauthorized, Server: Apache, WWW-Authenticate: Basic realm="Wiki"',
  ],
  evidence:
    "The frame of the 401, and what points to the origin; without a sign of the proxy a 401 is the origin's to send.",
  advice: {
    helpdesk:
      "The login box belongs to the web site: the user needs an account there. Nothing is wrong with the proxy.",
    proxyAdmin: "Nothing to do.",
  },
  references: ["RFC 9110 §15.5.2 (401)"],
};

/** Where no sign, one only, or signs of both sides leave it open who asked. */
const DOUBTED = {
  title: "A forwarded request was answered 401, which seems to be the web site's own login",
  advice: {
    helpdesk:
      "The login box seems to belong to the web site: as a rule the user needs an account there. Open the site without the proxy: if it asks for no password there, the proxy asks for one in the site's name, and its administrator needs this report.",
    proxyAdmin:
      "Nothing to do, if it is the site's own: look for this request in the access log, where a 401 of the proxy has no status of the server beside it.",
  },
};

export const forward401Origin = verdictRule(TEXT, ({ timeline, summary, attributions }) => {
  const answers = timeline.forwards.filter((exchange) => exchange.response?.status === 401);
  const attribution = answers[0] === undefined ? undefined : attributions.get(answers[0]);
  const isKnown = attribution?.sentBy === "origin";
  return {
    detail: summary,
    frames: exchangeFrames(answers),
    evidence: attribution?.evidence ?? [],
    certainty: isKnown ? attribution.certainty : "possible",
    ...(isKnown && attribution.certainty !== "possible" ? {} : DOUBTED),
  };
});
