// A 407 that comes when the tunnel is already up: the client will not take it from there.
import { verdictRule } from "../rule.ts";
import { describeTunnelAnswer } from "./tunnel-answer.ts";

export const tunnel407 = verdictRule(
  {
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
  },
  (connection) => describeTunnelAnswer(connection, 407),
);
