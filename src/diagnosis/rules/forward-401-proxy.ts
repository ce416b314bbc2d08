// A forwarded request answered 401 by the proxy itself.
import { passedFrom, passedOnText } from "../further-proxy.ts";
import { type RuleText, verdictRule } from "../rule.ts";
import { signsSpeak } from "../wording.ts";
import { exchangeFrames } from "./frames.ts";

const TEXT: RuleText = {
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
};

/** Where one sign only speaks for the proxy, or a further proxy gave the same answer. */
const DOUBTED = "A forwarded request was answered 401, which may be the proxy's: it should have asked with 407";
const FIRST_MAKE_SURE =
  "for the proxy, and the site's own login is not ruled out. Open the site without the proxy: if it asks for a password there, too, it is the site's. Until then no password should be entered. Give the frame numbers to the administrator of the proxy.";

export const forward401Proxy = verdictRule(TEXT, ({ timeline, summary, attributions }, capture) => {
  const answers = timeline.forwards.filter(
    (exchange) => exchange.response?.status === 401 && attributions.get(exchange)?.sentBy === "proxy",
  );
  const [first] = answers;
  const { certainty = null, evidence = [] } = first === undefined ? {} : (attributions.get(first) ?? {});
  const frames = exchangeFrames(answers);
  const { request, response } = first ?? { request: null, response: null };
  const parent = request === null || response === null ? null : passedFrom(timeline, { request, response }, capture);
  if (response !== null && parent !== null) {
    const detail = `${summary} The same request had been answered 401 just before ${parent.text}: this proxy may have passed that on, and then that one is to be looked at.`;
    const passed = passedOnText(response.where.frame, parent);
    return { detail, frames, evidence: [...evidence, passed], certainty: "possible", title: DOUBTED };
  }
  if (certainty !== "possible") return { detail: summary, frames, evidence, certainty };
  const advice = { ...TEXT.advice, helpdesk: `${signsSpeak(evidence)} ${FIRST_MAKE_SURE}` };
  return { detail: summary, frames, evidence, certainty, title: DOUBTED, advice };
});
