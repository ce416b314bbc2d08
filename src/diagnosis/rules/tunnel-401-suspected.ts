// No keys, but the records look like a challenge by the proxy inside the tunnel.
import { verdictRule } from "../rule.ts";
import { connectFrames } from "./frames.ts";

export const tunnel401Suspected = verdictRule(
  {
    id: "tunnel-401-suspected",
    severity: "warning",
    title: "Records inside the tunnel look like a challenge by the proxy (a suspicion, there are no keys)",
    meaning:
      "Nobody can read this tunnel without its keys. But records show their sizes and times, and here at least two independent signs agree: a small answer came back much faster than the way to the site takes, so that the proxy must have given it, and what the client did then looks like an answer to a challenge, or every site answered alike. A proxy that refuses everything (403) can look like the latter. It is a suspicion: only keys, a policy trace or the proxy's log prove it.",
    looksLike:
      "CONNECT, 2xx, handshake, a request, a small answer within about the round trip to the proxy, then the same request again, larger by what credentials weigh; or the same small answer at once from every site.",
    example: [
      "> CONNECT news.example.com:443",
      "< 200 after 85 ms: so far is the site",
      "> a record of 420 bytes",
      "< 450 bytes, 2 ms later: nobody but the proxy is so near",
      '> a record of 459 bytes: 39 more, as "Authorization: Basic ..." would add',
    ],
    evidence:
      "Each sign with its frames and figures: sizes in bytes, times, and how long the proxy's way to the site is.",
    advice: {
      helpdesk:
        "Ask the user whether a login box appeared in the name of the web site. If so, tell them not to enter a password, record once more with keys (pcapcheck explain keys-missing), and give both to the administrator of the proxy. If a page said that access is denied, nobody asked: the proxy refuses what it reads (403).",
      proxyAdmin:
        "Look in the access log or a policy trace for this client and minute: is there a transaction GET https:// with client.response.code: 401 and server.response.code: 0? If so, look for the authenticate(...) rule that matches there and not at CONNECT tcp://: url.scheme=https, url.domain=, url.path=, another authenticate.mode(...), authenticate.force(yes). If the code there is 403, nobody was asked: look for the rule that denies.",
    },
    references: [
      "RFC 8446 §5.2 (record lengths)",
      "RFC 9110 §15.5.2 (401)",
      "RFC 9110 §11.7 (proxy authentication)",
      "Content Policy Language Reference (Broadcom): authenticate( ), authenticate.mode( ), authenticate.force( )",
      "Broadcom knowledge base: Policy layers description and policy traces",
    ],
  },
  ({ timeline, summary, signs }) => ({
    detail: summary,
    frames: [...connectFrames(timeline), ...signs.flatMap(({ frames }) => frames)],
    evidence: signs.map(({ text }) => text),
    certainty: "possible",
  }),
);
