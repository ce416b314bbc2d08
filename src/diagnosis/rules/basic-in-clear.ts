// A password that anybody on the way can read.
import type { FrameNo } from "../../bytes/index.ts";
import type { Credentials } from "../../http/index.ts";
import type { ExchangeFact } from "../../proxy/index.ts";
import { authSteps } from "../auth-steps.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import { count } from "../wording.ts";

const TEXT: RuleText = {
  id: "basic-in-clear",
  severity: "warning",
  title: "Passwords go over the network in readable form (Basic)",
  meaning:
    "Basic credentials are only encoded, not encrypted: whoever sees the connection to the proxy, or this capture, has the password. pcapcheck does not print it.",
  looksLike:
    "Proxy-Authorization: Basic, or Authorization: Basic in a forwarded request or in a tunnel that carries plain HTTP, on a connection without TLS.",
  example: ["> CONNECT www.example.com:443, Proxy-Authorization: Basic, over plain TCP to port 8080", "< 200"],
  evidence: "The frames of the requests.",
  advice: {
    helpdesk: "Treat this capture as a secret: it contains passwords. Do not attach it to a ticket.",
    proxyAdmin: "Offer Negotiate (Kerberos), or let clients speak TLS to the proxy, before Basic is used.",
  },
  references: ["RFC 7617 §4 (Basic: security considerations)"],
};

/** Frames listed in the finding. */
const MAX_FRAMES = 20;

export const basicInClear: Rule = {
  ...TEXT,
  find(capture) {
    const toProxy: FrameNo[] = [];
    const toSites: FrameNo[] = [];
    const look = ({ request }: ExchangeFact): void => {
      if (request !== null && isBasic(request.authorization)) toSites.push(request.where.frame);
    };
    for (const { timeline } of capture.connections) {
      const { secure, forwards, tunnel } = timeline;
      if (secure !== null) continue;
      for (const { credentials, frame } of authSteps(timeline)) if (isBasic(credentials)) toProxy.push(frame);
      forwards.forEach(look);
      if (tunnel?.tls === null) tunnel.exchanges.forEach(look);
    }
    if (toProxy.length + toSites.length === 0) return [];
    const to = toProxy.length === 0 ? "to a site through" : toSites.length === 0 ? "to" : "to sites and to";
    const detail = `${count(toProxy.length + toSites.length, "request")} carried Basic credentials ${to} the proxy in readable form.`;
    const frames = [...toProxy, ...toSites].sort((a, b) => a - b).slice(0, MAX_FRAMES);
    return [finding(TEXT, null, { detail, frames, certainty: "certain" })];
  },
};

const BASIC = "basic";

function isBasic(credentials: Credentials | null): boolean {
  return (
    credentials !== null && credentials.scheme.length === BASIC.length && credentials.scheme.toLowerCase() === BASIC
  );
}
