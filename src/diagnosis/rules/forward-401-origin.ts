// A forwarded request answered 401 by the site.
import { type RuleText, verdictRule } from "../rule.ts";
import { exchangeFrames } from "./frames.ts";
import { PERHAPS_SITE_LOGIN, SITE_LOGIN } from "./site-login.ts";

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
  advice: SITE_LOGIN,
  references: ["RFC 9110 §15.5.2 (401)"],
};

/** Where no sign, one only, or signs of both sides leave it open who asked. */
const DOUBTED = {
  title: "A forwarded request was answered 401, which seems to be the web site's own login",
  advice: PERHAPS_SITE_LOGIN,
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
