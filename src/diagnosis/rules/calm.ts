// Verdicts without a finding: nothing is wrong. They are here to be explained.
import type { Rule, RuleText } from "../rule.ts";

const NOTHING_TO_DO = { helpdesk: "Nothing to do.", proxyAdmin: "Nothing to do." };

/** A rule that only explains. */
function calm(text: RuleText): Rule {
  return { ...text, find: () => [] };
}

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

export const notTls = calm({
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

export const authOk = calm({
  id: "auth-ok",
  severity: "info",
  title: "Challenged with 407, answered, let through",
  meaning:
    "The proxy asked where it should, the client answered, and nothing is wrong inside as far as all of it could be read. A challenge that is answered on the client's next connection counts as answered.",
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

export const ok = calm({
  id: "ok",
  severity: "info",
  title: "No challenge, nothing wrong inside",
  meaning: "The proxy did not ask for credentials, and nothing is wrong inside as far as all of it could be read.",
  looksLike: "CONNECT or a forwarded request, and its success.",
  example: ["> CONNECT www.example.com:443", "< 200", "> GET https://www.example.com/ (in the tunnel)", "< 200 OK"],
  evidence: "All of it was read.",
  advice: NOTHING_TO_DO,
  references: ["RFC 9110 §9.3.6 (CONNECT)"],
});
