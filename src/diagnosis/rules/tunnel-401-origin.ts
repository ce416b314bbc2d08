// The site's own login behind a proxy that did everything right.
import { type RuleText, verdictRule } from "../rule.ts";
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
  advice: {
    helpdesk:
      "The login box belongs to the web site: the user needs an account there. Nothing is wrong with the proxy.",
    proxyAdmin: "Nothing to do.",
  },
  references: ["RFC 9110 §15.5.2 (401)"],
};

/** Where one sign only says that it was the site. */
const DOUBTED = {
  title: "A 401 inside the tunnel that seems to be the web site's own login",
  advice: {
    helpdesk:
      "The login box seems to belong to the web site: as a rule the user needs an account there. Open the site without the proxy: if it asks for no password there, the proxy asks for one in the site's name, and its administrator needs this report.",
    proxyAdmin:
      "Nothing to do, if it is the site's own: look for this request in the access log, where a 401 of the proxy has no status of the server beside it.",
  },
};

export const tunnel401Origin = verdictRule(TEXT, (connection) => {
  const found = describeTunnelAnswer(connection, 401);
  return found.certainty === "possible" ? { ...found, ...DOUBTED } : found;
});
