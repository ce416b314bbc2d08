// The heart of the matter: the proxy asked with 401 inside the tunnel, where it should have asked with 407 on the CONNECT.
import type { Endpoint } from "../../bytes/index.ts";
import type { CaptureFacts, JudgedConnection } from "../facts.ts";
import type { ProductMatch } from "../products/index.ts";
import { type RuleText, verdictRule } from "../rule.ts";
import { endpointText, nameBehindAddress, signsSpeak } from "../wording.ts";
import { describeTunnelAnswer } from "./tunnel-answer.ts";

const TEXT: RuleText = {
  id: "tunnel-401-proxy",
  severity: "error",
  title: "The proxy asked for credentials inside the tunnel (401) instead of on the CONNECT (407)",
  meaning:
    "The CONNECT was answered with 2xx, so for the client the proxy's part is over and everything in the tunnel comes from the web site. The proxy intercepts TLS, evaluates its policy again for the decrypted request, finds no valid authentication there and asks with 401. The browser shows a login box in the name of the web site, and as a rule no password satisfies it. Some ask inside on purpose, to keep Basic credentials off the readable CONNECT: that takes a mode with a redirect to a virtual URL, not a plain 401.",
  looksLike:
    "CONNECT, 2xx (with or without a 407 before), TLS handshake, a request, and a 401 that the web site never sent.",
  example: [
    "> CONNECT news.example.com:443",
    "< 200",
    "> GET https://news.example.com/ (in the tunnel, which the proxy decrypts)",
    "< 401 Authentication Required, WWW-Authenticate: NTLM, 2 ms later; the site is 40 ms away",
  ],
  evidence:
    "The 401's frame, and what points to the proxy: the same challenge as its 407s, marks of the product, a request that never reached the origin, an answer faster than the way to the origin.",
  advice: {
    helpdesk:
      "Tell the user not to enter a password: no password will be accepted, and the web site is not at fault. Give this report with the frame numbers to the administrator of the proxy.",
    proxyAdmin:
      "An authentication rule matches the decrypted request but not the CONNECT. Look for authenticate(...) rules with url.scheme=https, url.domain=, url.path= or another authenticate.mode(...) than the rule that matches the CONNECT, and for authenticate.force(yes). The same rule has to match at CONNECT tcp:// and at GET https://.",
  },
  references: [
    "RFC 9110 §15.5.2 (401)",
    "RFC 9110 §15.5.8 (407)",
    "RFC 9110 §9.3.6 (CONNECT)",
    "Content Policy Language Reference (Broadcom): authenticate( ), authenticate.mode( ), authenticate.force( )",
    "Broadcom knowledge base: Protecting Basic credentials selectively",
  ],
};

/** Where one sign only speaks for the proxy. */
const DOUBTED = "A 401 inside the tunnel that may be the proxy's, which should have asked on the CONNECT (407)";

/** Where the tunnel goes on unread to a further proxy: that one's rules are to be looked at. */
const FURTHER = "A further proxy asked for credentials inside the tunnel (401) instead of on the CONNECT (407)";
const FURTHER_DOUBTED =
  "A 401 inside the tunnel that may be a further proxy's, which should have asked on the CONNECT (407)";

export const tunnel401Proxy = verdictRule(TEXT, (connection, capture) => {
  const found = describeTunnelAnswer(connection, 401);
  if (connection.goesOnTo !== null) {
    const { proxy, stream } = connection.goesOnTo;
    const title = found.certainty === "possible" ? FURTHER_DOUBTED : FURTHER;
    const helpdesk = `The proxy that the client asks passes this tunnel on unread: ${endpointText(proxy)} is the one to look at (stream ${stream}). Give this report with the frame numbers to the administrator of that one.`;
    return { ...found, title, advice: { helpdesk, proxyAdmin: whereToLook(proxy, capture) } };
  }
  const proxyAdmin = `${whereToLook(connection.timeline.proxy, capture)}${onlyAnAddress(connection)}`;
  const accepted = acceptedAt(connection);
  if (found.certainty === "possible") {
    const signedIn =
      accepted === null
        ? ""
        : ` What was sent in answer to it was accepted (frame ${accepted}), as it would be by a site's own login.`;
    const helpdesk = `${signsSpeak(found.evidence ?? [])} for the proxy, and the site's own login is not ruled out.${signedIn} Open the site without the proxy: if it asks for a password there, too, it is the site's. Give this report with the frame numbers to the administrator of the proxy.`;
    return { ...found, title: DOUBTED, advice: { helpdesk, proxyAdmin } };
  }
  const helpdesk =
    accepted === null
      ? TEXT.advice.helpdesk
      : `The login box in the name of the web site was the proxy's, and what was sent in answer to it was accepted (frame ${accepted}): the site works, but whoever typed a password for the site gave it to the proxy. Give this report with the frame numbers to the administrator of the proxy.`;
  return { ...found, advice: { helpdesk, proxyAdmin } };
});

/** One text for all findings about a product: of tens of thousands each would keep its own. */
const advised = new WeakMap<ProductMatch, string>();

/** What the proxy's administrator looks for, also in the words of the product where that is known. */
function whereToLook({ ip, port }: Endpoint, { proxies }: CaptureFacts): string {
  const product = proxies.find((one) => one.ip === ip && one.port === port)?.product;
  if (product == null) return TEXT.advice.proxyAdmin;
  const text = advised.get(product) ?? [TEXT.advice.proxyAdmin, ...product.asksInside].join(" ");
  advised.set(product, text);
  return text;
}

/** More for the administrator, where the CONNECT does not name the site: a rule on names is one that matches the second and not the first. */
function onlyAnAddress({ timeline, attributions }: JudgedConnection): string {
  const asked = timeline.tunnel?.exchanges.find((exchange) => attributions.get(exchange)?.sentBy === "proxy");
  const name = asked === undefined ? null : nameBehindAddress(timeline, asked);
  if (name === null) return "";
  return ` The CONNECT has only the address ${timeline.tunnel!.target.host}; the name ${name} comes later, inside the tunnel. A rule on names may have matched there and not the CONNECT.`;
}

/** Frame of the answer that followed credentials in the tunnel and was no further challenge; null where none did. */
function acceptedAt({ timeline, attributions }: JudgedConnection): number | null {
  const exchanges = timeline.tunnel?.exchanges ?? [];
  const challenge = exchanges.findIndex((exchange) => attributions.get(exchange)?.sentBy === "proxy");
  const answer = exchanges
    .slice(challenge + 1)
    .find(({ request, response }) => request?.authorization != null && response !== null && response.status < 400);
  return challenge < 0 || answer?.response == null ? null : answer.response.where.frame;
}
