// The proxy would not, or could not, open the tunnel.
import { quoted } from "../../bytes/index.ts";
import type { ResponseHead } from "../../http/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { isAlsoOfWebServers, isKnownProxy, maybeNoProxy } from "../known-proxy.ts";
import { NETWORK_AUTHENTICATION_REQUIRED } from "../own-answer.ts";
import { isPageForTunnel, PAGE_ADVICE } from "../page-answer.ts";
import { verdictRule } from "../rule.ts";
import type { Advice } from "../types.ts";
import { connectFrames } from "./frames.ts";

const NO_TUNNEL = "The tunnel was not opened, and it is not certain that a proxy was asked";

/** A redirect is followed by no browser where a tunnel was asked for. */
const REDIRECT_ADVICE = {
  helpdesk:
    "The proxy wants to send the user to another page, to sign in or to be told that the site is blocked, and browsers do not show such a page in place of a tunnel. Open a plain http:// page: there it is shown.",
  proxyAdmin:
    "Answer a CONNECT with 403 where the site is blocked, and with 407 where the user has to sign in: a redirect works for http:// only, or inside an intercepted tunnel.",
};

const NETWORK_ADVICE = {
  helpdesk:
    "The network, or the proxy, wants the user to sign in first, and browsers do not show its page in place of a tunnel. Open a plain http:// page: there it is shown.",
  proxyAdmin:
    "511 sends the user to a page that does not show where a tunnel was asked for. Where the proxy itself is to know the user, ask with 407 on the CONNECT; a portal has to offer its page on http:// as well.",
};

/** It is the client's request that is not in order. */
const NO_HOST_ADVICE = {
  helpdesk:
    "The program's request is not valid: it has no Host field. No setting of the user's and no password mends that: name the program and its version in the ticket, and look for a newer one.",
  proxyAdmin:
    "A server has to answer 400 to a request of HTTP/1.1 without a Host field (RFC 9112 §3.2). Not all proxies insist on it (Squid does not): where this program is needed, let it use such a one.",
};

/** "the CONNECT of frame 4 …" where it is one that has to be answered with 400; null where it is not. */
function lacksHost({ connects }: Timeline): string | null {
  const last = connects.at(-1);
  if (last?.response?.status !== 400) return null;
  const { host, version, cut, where } = last.request;
  if (host !== null || version !== "HTTP/1.1" || cut) return null;
  return `the CONNECT of frame ${where.frame} is of HTTP/1.1 and has no Host field, which has to be answered with 400 (RFC 9112 §3.2)`;
}

export const tunnelRefused = verdictRule(
  {
    id: "tunnel-refused",
    severity: "warning",
    title: "The proxy did not open the tunnel",
    meaning:
      "The CONNECT was answered with a redirect or an error: policy (403), a name that does not resolve or a server that does not answer (502, 503, 504; of Squid also 500), or a request that the proxy did not like (400, 405).",
    looksLike: "CONNECT answered with 3xx, 4xx (but not 401 or 407) or 5xx.",
    example: ["> CONNECT games.example.com:443", "< 403 Forbidden"],
    evidence: "The frames of the CONNECT and of its answer, and the reason that a Squid names there (X-Squid-Error).",
    advice: {
      helpdesk:
        "With 403 the site is blocked by policy: ask whether it should be. With 502 to 504 (of Squid also 500) the proxy could not reach the site: try later, or from elsewhere.",
      proxyAdmin:
        "Look the host up in the access log: the exception or error id there names the rule or the failed lookup.",
    },
    references: ["RFC 9110 §9.3.6 (CONNECT)", "RFC 9110 §15.5.4 (403)", "RFC 9110 §15.6 (5xx)", "RFC 6585 §6 (511)"],
  },
  (connection, capture) => {
    const { timeline, summary } = connection;
    const frames = connectFrames(timeline);
    if (isPageForTunnel(timeline))
      return { detail: summary, frames, certainty: "certain", title: NO_TUNNEL, advice: PAGE_ADVICE };
    const response = timeline.connects.at(-1)?.response ?? null;
    const status = response?.status ?? 0;
    const invalid = lacksHost(timeline);
    const own = {
      frames,
      evidence: [...(invalid === null ? [] : [invalid]), ...reasonsOf(response)],
      certainty: "certain",
      ...(invalid === null ? adviceOf(status) : { advice: NO_HOST_ADVICE }),
    } as const;
    if (!isAlsoOfWebServers(status) || isKnownProxy(connection, capture)) return { detail: summary, ...own };
    return { detail: `${summary} ${maybeNoProxy(timeline)}`, title: NO_TUNNEL, ...own };
  },
);

/** The id of a page and the number of an error: nothing else that may stand there is shown. */
const REASON = /^ERR_[A-Z_]{1,40}(?: -?\d{1,9})?$/;

/** What a Squid says of why: the id of the page with which it answers. */
function reasonsOf(response: ResponseHead | null): readonly string[] {
  return (response?.fields ?? []).flatMap(({ name, value }) =>
    name === "x-squid-error" && REASON.test(value)
      ? [`${quoted(`X-Squid-Error: ${value}`)} is Squid's reason (frame ${response?.where.frame})`]
      : [],
  );
}

function adviceOf(status: number): { advice?: Advice } {
  if (status === NETWORK_AUTHENTICATION_REQUIRED) return { advice: NETWORK_ADVICE };
  return status < 400 ? { advice: REDIRECT_ADVICE } : {};
}
