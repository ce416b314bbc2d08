// Verdicts of what is in order, or cannot be seen. They have no finding, but where the network or the proxy answers in place of the site.
import { gather } from "../../bytes/index.ts";
import type { JudgedConnection } from "../facts.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import type { Finding } from "../types.ts";
import { exchangeFrames } from "./frames.ts";

const NOTHING_TO_DO = { helpdesk: "Nothing to do.", proxyAdmin: "Nothing to do." };

/** A rule that only explains. */
function calm(text: RuleText): Rule {
  return { ...text, find: () => [] };
}

/** The same, where what was read may be the network's or the proxy's. */
function read(text: RuleText): Rule {
  return {
    ...text,
    find: ({ connections }) =>
      gather(connections, (one) => (one.verdict === text.id ? answeredInPlace(text, one) : [])),
  };
}

function answeredInPlace(text: RuleText, { timeline, summary, ownAnswer }: JudgedConnection): readonly Finding[] {
  if (ownAnswer === null) return [];
  const { kind, exchange, certainty, evidence } = ownAnswer;
  const frames = exchangeFrames([exchange]);
  const { title, seeming, advice } = IN_PLACE_OF_THE_SITE[kind];
  const words = { title: certainty === "possible" ? seeming : title, advice };
  return [finding(text, timeline.stream, { detail: summary, frames, certainty, evidence, ...words })];
}

/** Nothing is wrong with the connection, but a program that is no browser gets no further. */
const IN_PLACE_OF_THE_SITE = {
  network: {
    title: "The network wants the user to sign in first",
    seeming: "The network seems to want the user to sign in first",
    advice: {
      helpdesk:
        "Let the user open an http:// page in a browser and sign in on the page that comes. Programs that are no browsers cannot do that: they take the page for an answer of the site.",
      proxyAdmin:
        "Programs that do not show pages have to be let through without a sign-in on one; where the proxy itself is to know the user, ask with 407, on the CONNECT for https://.",
    },
  },
  redirect: {
    title: "The proxy sends the client to another host in place of an answer",
    seeming: "The proxy seems to send the client to another host in place of an answer",
    advice: {
      helpdesk:
        "Let the user open the site in a browser: the page that it is sent to asks for a sign-in, or says why the site is blocked. Programs that are no browsers cannot go on from there.",
      proxyAdmin:
        "Look for the rule that redirects this request (a sign-in by form or cookie, a block page). Programs that do not show pages have to be exempted from it, or to be asked with 407, on the CONNECT for https://.",
    },
  },
  error: {
    title: "The proxy answers with an error of its own",
    seeming: "The proxy seems to answer with an error of its own",
    advice: {
      helpdesk:
        "Open the site without the proxy, if it can be reached so: an error that comes there, too, is the site's. Otherwise a password for the site does not help: give the words of its page, with the time and the address that was asked for, to the administrator of the proxy.",
      proxyAdmin:
        "Look for this request in the proxy's log: which rule refused it, or why the site could not be reached. Inside a tunnel a rule that wants a user is not met where the CONNECT was let through without one, and the proxy cannot ask there: the same authentication rule has to match at CONNECT tcp:// and at GET https://.",
    },
  },
  unasked: {
    title: "The proxy refused a request inside the tunnel for want of credentials, for which it cannot ask there",
    seeming: "The proxy seems to have refused a request inside the tunnel for want of credentials",
    advice: {
      helpdesk:
        "The user can do nothing about it: no login box can come. Give this report with the frame numbers to the administrator of the proxy.",
      proxyAdmin:
        "A rule that wants the user to be known (Squid: http_access with a proxy_auth ACL) matches the request inside the tunnel, and another one before it let the CONNECT pass without (http_access allow CONNECT), or the user is none of those that it names. Ask on the CONNECT: requests inside inherit that user.",
    },
  },
  unadmitted: {
    title: "The proxy refused a request inside the tunnel to a user whom it had let in on the CONNECT",
    seeming: "The proxy seems to have refused a request inside the tunnel to a user whom it had let in on the CONNECT",
    advice: {
      helpdesk:
        "The user is signed in at the proxy, and one of its rules does not admit this user here: another password will not help, and no login box can come. Ask its administrator whether the user should be admitted.",
      proxyAdmin:
        "A rule that admits only some users (Squid: http_access deny with a proxy_auth ACL, or with an external one that is given the user, at the end of its line) matches the request inside the tunnel, and not the CONNECT. Admit this user there, or let the rule match the CONNECT, too; with all at the end of its line Squid says that it refuses, and not that it wants others.",
    },
  },
} as const;

export const encrypted = calm({
  id: "encrypted",
  severity: "info",
  title: "The tunnel was set up as it should be; its inside cannot be read",
  meaning:
    "The CONNECT was answered as it should be and the handshake went well, but there are no keys for this TLS connection: whether a 401 came inside cannot be seen. It is not a verdict of health.",
  looksLike: "CONNECT, 2xx, a TLS handshake, application data.",
  example: [
    "> CONNECT www.example.com:443",
    "< 200",
    "ClientHello, ServerHello, records of application data of both sides; no key log",
  ],
  evidence: "The finding keys-missing lists these tunnels and how to get keys.",
  advice: {
    helpdesk:
      "If the user saw a login box, record again with a key log: set SSLKEYLOGFILE before the browser starts and pass the file with --keylog.",
    proxyAdmin: "A policy trace of the same minutes tells without keys what the proxy answered.",
  },
  references: ["RFC 8446 §5 (record protocol)", "NSS key log format"],
});

export const notTls = read({
  id: "not-tls",
  severity: "info",
  title: "The tunnel carries something other than TLS",
  meaning:
    "Plain HTTP without a 401 or 407, SSH, mail, or a protocol that is not known. There is no third stage in which a proxy could have asked again.",
  looksLike: "CONNECT, 2xx, then bytes that are no TLS records.",
  example: ["> CONNECT git.example.com:22", "< 200", "< SSH-2.0-OpenSSH_9.2"],
  evidence: "The first bytes of both sides.",
  advice: NOTHING_TO_DO,
  references: ["RFC 9110 §9.3.6 (CONNECT)"],
});

export const authOk = read({
  id: "auth-ok",
  severity: "info",
  title: "Challenged with 407, answered, let through",
  meaning:
    "The proxy asked where it should, the client answered, and nothing is wrong inside as far as all of it could be read; what the network or the proxy itself answers in place of the site (511, a redirect, an error) is told. A challenge that is answered on the client's next connection counts as answered.",
  looksLike: "407, Proxy-Authorization, 2xx.",
  example: [
    "> CONNECT www.example.com:443",
    "< 407, Proxy-Authenticate: NTLM",
    "> CONNECT with NTLM type 1, < 407 with type 2, > CONNECT with type 3",
    "< 200",
    "> GET https://www.example.com/ (in the tunnel)",
    "< 200 OK",
  ],
  evidence: "The frames of the 407 and of the success.",
  advice: NOTHING_TO_DO,
  references: ["RFC 9110 §11.7 (proxy authentication)"],
});

export const ok = read({
  id: "ok",
  severity: "info",
  title: "No challenge, nothing wrong inside",
  meaning:
    "The proxy did not ask for credentials, and nothing is wrong inside as far as all of it could be read. What the network or the proxy itself answers in place of the site (511, a redirect, an error) is told.",
  looksLike: "CONNECT or a forwarded request, and its success.",
  example: ["> CONNECT www.example.com:443", "< 200", "> GET https://www.example.com/ (in the tunnel)", "< 200 OK"],
  evidence: "All of it was read.",
  advice: NOTHING_TO_DO,
  references: ["RFC 9110 §9.3.6 (CONNECT)"],
});
