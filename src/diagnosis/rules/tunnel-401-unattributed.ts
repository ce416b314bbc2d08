// A 401 in the tunnel whose sender the capture does not tell.
import { verdictRule } from "../rule.ts";
import { describeTunnelAnswer } from "./tunnel-answer.ts";

export const tunnel401Unattributed = verdictRule(
  {
    id: "tunnel-401-unattributed",
    severity: "warning",
    title: "A 401 inside the tunnel; who sent it cannot be told from this capture",
    meaning:
      "The request in the tunnel was answered with 401. That is either the web site's own login or a proxy that intercepts TLS and asks in the wrong place. This capture has no evidence, or evidence for both.",
    looksLike: "CONNECT, 2xx, and a 401 in the tunnel without marks of either side.",
    example: [
      "> CONNECT wiki.example.com:443",
      "< 200",
      "> GET https://wiki.example.com/ (in the tunnel)",
      '< 401, WWW-Authenticate: Basic realm="restricted", and nothing that points to either side',
    ],
    evidence: "Whatever points to one side, listed for both.",
    advice: {
      helpdesk:
        "Do not blame either side yet. Open the same page from a network without the proxy: if it asks for a password there, too, the login is the site's own. Otherwise record again with the proxy's connections to the site in the capture, or a policy trace of the same minutes.",
      proxyAdmin:
        "Record on the proxy itself, so that both legs are in the capture, or take a policy trace: a transaction with client.response.code 401 and server.response.code 0 was answered by the proxy.",
    },
    references: ["RFC 9110 §15.5.2 (401)"],
  },
  (connection) => describeTunnelAnswer(connection, 401),
);
