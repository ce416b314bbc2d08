// A 407 that comes when the tunnel is already up: the client will not take it from there.
import { type RuleText, verdictRule } from "../rule.ts";
import { describeTunnelAnswer } from "./tunnel-answer.ts";

const TEXT: RuleText = {
  id: "tunnel-407",
  severity: "error",
  title: "The proxy asked with 407 inside the tunnel, too late for the client",
  meaning:
    "The CONNECT was answered with 2xx, then a 407 came inside the tunnel. Clients accept a 407 only as the answer to a CONNECT or to a forwarded request; one that seems to come from the web site is an error for them, and no credentials are sent.",
  looksLike: "CONNECT, 2xx, and a 407 among the answers in the tunnel, in the clear or decrypted.",
  example: [
    "> CONNECT news.example.com:443",
    "< 200",
    "> GET https://news.example.com/ (in the tunnel)",
    "< 407 Proxy Authentication Required: the browser shows an error page",
  ],
  evidence: "The frames of the 2xx and of the 407 behind it.",
  advice: {
    helpdesk:
      "The web site is not at fault, and the user can do nothing about it. Give this report with the frame numbers to the administrator of the proxy.",
    proxyAdmin:
      "The proxy decides to authenticate only after it has opened the tunnel. Make the authentication rule match the CONNECT (url.scheme=tcp or no condition on the scheme), not only the decrypted or later request.",
  },
  references: [
    "RFC 9110 §15.5.8 (407)",
    "RFC 9110 §9.3.6 (CONNECT)",
    "Content Policy Language Reference (Broadcom): authenticate( ), authenticate.mode( ), authenticate.force( )",
  ],
};

/** Where the 407 is known not to be this proxy's, or may be another's. */
const NOT_ITS_OWN = {
  origin: {
    title: "A 407 inside the tunnel that came from behind the proxy",
    advice: {
      helpdesk:
        "The proxy passed on what came from the site's side: a server there, or a proxy in front of it, asks with a status that only proxies have a use for. The user can do nothing about it; whoever runs the site has to know.",
      proxyAdmin: "Nothing to do, unless a further proxy stands between this one and the site.",
    },
  },
  unknown: {
    title: "A 407 inside the tunnel, too late for the client; who sent it cannot be told",
    advice: {
      helpdesk:
        "Do not blame either side yet: it may be the proxy's, or a server's or a further proxy's behind it. Give this report with the frame numbers to the administrator of the proxy.",
      proxyAdmin:
        "Look for this request in the access log: if the 407 is this proxy's, make the authentication rule match the CONNECT (url.scheme=tcp or no condition on the scheme), not only the decrypted or later request.",
    },
  },
} as const;
const DOUBTED = "A 407 inside the tunnel, too late for the client, that may be the proxy's";

export const tunnel407 = verdictRule(TEXT, (connection) => {
  const found = describeTunnelAnswer(connection, 407);
  const senders = (connection.timeline.tunnel?.exchanges ?? []).flatMap((exchange) =>
    exchange.response?.status === 407 ? (connection.attributions.get(exchange)?.sentBy ?? []) : [],
  );
  if (connection.goesOnTo !== null) return { ...found, ...NOT_ITS_OWN.origin };
  if (senders.includes("proxy") && found.certainty === "possible")
    return { ...found, title: DOUBTED, advice: NOT_ITS_OWN.unknown.advice };
  if (senders.length === 0 || senders.includes("proxy")) return found;
  return { ...found, ...NOT_ITS_OWN[senders.every((sender) => sender === "origin") ? "origin" : "unknown"] };
});
