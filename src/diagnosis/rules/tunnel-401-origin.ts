// The site's own login behind a proxy that did everything right.
import { type RuleText, verdictRule } from "../rule.ts";
import { PERHAPS_SITE_LOGIN, SITE_LOGIN } from "./site-login.ts";
import { describeTunnelAnswer } from "./tunnel-answer.ts";

const TEXT: RuleText = {
  id: "tunnel-401-origin",
  severity: "info",
  title: "A 401 inside the tunnel that the web site sent: its own login",
  meaning: "The web site asks for credentials of its own. The proxy has no part in it.",
  looksLike: "CONNECT, 2xx, and a 401 in the tunnel that came from the origin server.",
  example: [
    "> CONNECT wiki.example.com:443",
    "< 200",
    "> GET https://wiki.example.com/ (in the tunnel)",
    "< 401, Server: nginx, WWW-Authenticate: Bearer: it took as long as all answers of this site",
  ],
  evidence:
    "What shows that the origin answered: the server leg, the site's certificate, its usual headers, a kind of login that proxies do not use.",
  advice: SITE_LOGIN,
  references: ["RFC 9110 §15.5.2 (401)"],
};

/** Where one sign only says that it was the site. */
const DOUBTED = {
  title: "A 401 inside the tunnel that seems to be the web site's own login",
  advice: PERHAPS_SITE_LOGIN,
};

export const tunnel401Origin = verdictRule(TEXT, (connection) => {
  const found = describeTunnelAnswer(connection, 401);
  return found.certainty === "possible" ? { ...found, ...DOUBTED } : found;
});
