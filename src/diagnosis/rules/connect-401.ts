// The CONNECT itself answered 401: the right moment, the wrong status.
import { passedFrom, passedOnText } from "../further-proxy.ts";
import { isKnownProxy, maybeNoProxy } from "../known-proxy.ts";
import { verdictRule } from "../rule.ts";
import { schemesText } from "../wording.ts";
import { connectFrames } from "./frames.ts";

export const connect401 = verdictRule(
  {
    id: "connect-401",
    severity: "error",
    title: "The proxy answered the CONNECT with 401 instead of 407",
    meaning:
      "A proxy asks for credentials with 407 and Proxy-Authenticate. With 401 a client takes the request for that of an origin server, does not send Proxy-Authorization, and most browsers show an error page.",
    looksLike: "CONNECT answered with 401 Unauthorized, often with WWW-Authenticate.",
    example: ["> CONNECT www.example.com:443", "< 401 Unauthorized, WWW-Authenticate: NTLM"],
    evidence: "The frames of the CONNECT and of the 401.",
    advice: {
      helpdesk:
        "The user's password is not the problem, and neither is the web site. Give the frame numbers to the administrator of the proxy.",
      proxyAdmin:
        "Use a proxy authentication mode for explicit clients: authenticate.mode(proxy) or proxy-ip instead of origin or origin-ip; look for a rule that forces an origin mode for this client, listener or domain. Check that the client really speaks to an explicit listener and not to a reverse or transparent one.",
    },
    references: [
      "RFC 9110 §15.5.2 (401)",
      "RFC 9110 §15.5.8 (407)",
      "RFC 9110 §11.7.1 (Proxy-Authenticate)",
      "Content Policy Language Reference (Broadcom): authenticate( ), authenticate.mode( ), authenticate.force( )",
    ],
  },
  (connection, capture) => {
    const { timeline, summary } = connection;
    const refused = timeline.connects.find(({ response }) => response?.status === 401);
    const offers = `It offers ${schemesText(refused?.response?.challenges ?? [])} in WWW-Authenticate.`;
    const frames = connectFrames(timeline);
    if (refused?.response == null) return { detail: `${summary} ${offers}`, frames, certainty: "certain" };
    const { frame } = refused.response.where;
    const parent = passedFrom(timeline, { request: refused.request, response: refused.response }, capture);
    if (parent !== null) {
      const passed = `The same request had been answered 401 just before ${parent.text}: the proxy may have passed that on, and then that one is to be looked at.`;
      const evidence = [passedOnText(frame, parent)];
      return { detail: `${summary} ${offers} ${passed}`, frames, certainty: "possible", evidence };
    }
    const known = isKnownProxy(connection, capture);
    return {
      detail: [summary, offers, ...(known ? [] : [maybeNoProxy(timeline)])].join(" "),
      frames,
      certainty: known ? "certain" : "likely",
      evidence: [
        `frame ${frame}: the answer to a CONNECT is ${known ? "the proxy's own" : "that of whoever was asked"}`,
      ],
    };
  },
);
