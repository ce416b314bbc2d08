// The tunnel was opened, the handshake in it failed.
import type { Timeline, TunnelFact } from "../../proxy/index.ts";
import type { ClientHello } from "../../tls-parse/index.ts";
import { handshakeOutcome, leftUnfinished, refusesClient, secureFailure } from "../handshake.ts";
import { isPageForTunnel, PAGE_ADVICE } from "../page-answer.ts";
import { verdictRule } from "../rule.ts";
import { endpointText } from "../wording.ts";
import { connectFrames } from "./frames.ts";

/** The client was told to speak TLS to the proxy itself: other words, and other things to look at. */
const WITH_THE_PROXY = {
  title: "The TLS handshake with the proxy itself failed",
  advice: {
    helpdesk:
      "This program is set up for a proxy that is spoken to over TLS (https:// in front of the proxy's name, or HTTPS in a PAC file). If this port of the proxy takes plain HTTP, use http:// or PROXY there; if it does speak TLS, check whether the program trusts the proxy's own certificate and whether that certificate has the name by which the proxy is called.",
    proxyAdmin:
      "Tell users which port takes plain HTTP and which takes TLS. Where it takes TLS: check the certificate of this listener, its name and its authority, and the versions and ciphers that it allows.",
  },
};

/** The proxy's own port takes no TLS: it is the client's setting that is wrong, and nobody's certificate. */
const TO_A_PLAIN_PORT = {
  title: "The client speaks TLS to a port of the proxy that takes plain HTTP",
  advice: {
    helpdesk:
      "This program is set up for a proxy that is spoken to over TLS (https:// in front of the proxy's name, or HTTPS in a PAC file), and the port that it is given takes plain HTTP: set http:// (PROXY in a PAC file) there, or the proxy's port for TLS. Neither the password nor a certificate is the problem.",
    proxyAdmin:
      "Find where this port is handed out with https:// (HTTPS in a PAC file, a policy, an environment variable) and correct it; where clients are to speak TLS to the proxy, give them the port that takes it.",
  },
};

/** Its ClientHello names a server, which may be a site: then the setting is right, and who follows it is wrong. */
function toAPlainPort(hello: ClientHello | null) {
  if (hello?.sni == null) return TO_A_PLAIN_PORT;
  const { title, advice } = TO_A_PLAIN_PORT;
  const more = `The ClientHello (frame ${hello.where.frame}) names a server: if that is a web site and not the proxy, the program speaks to this port as if it were the site itself, and no setting of the proxy's address mends that: it does not know how to ask a proxy for https:// (wget2 1.99 does so), or its connections are redirected to a port that is none for redirected ones.`;
  return { title, advice: { ...advice, helpdesk: `${advice.helpdesk} ${more}` } };
}

/** It is the client's certificate that is not taken, and not the one that it was shown. */
const OF_THE_CLIENT = {
  title: "The server in the tunnel asked for a certificate of the client, and got none that it takes",
  advice: {
    helpdesk:
      "This site lets nobody in without a certificate of the user's own (on a smart card, or in the store of the browser or system): check that the user has one that is valid, and that the program offers it. Neither a password nor the proxy's root certificate is the problem.",
    proxyAdmin:
      "A client's certificate cannot pass a proxy that intercepts: where it does so for this site, exempt the site (SSL-Intercept layer: server.certificate.hostname= with ssl.forward_proxy(no); Squid: ssl_bump splice). Where it does not, this is between the client and the site.",
  },
};

/** The client left behind the certificate, and told nobody why. */
const UNTOLD = {
  advice: {
    helpdesk:
      "The client gives no reason. As a rule a program that leaves here does not trust the certificate: check whether the proxy's root certificate is installed for this program (Firefox, Java, Python, Mono and git have stores of their own), and look for the reason in what the program itself says or logs.",
    proxyAdmin:
      "If the client refused the certificate, exempt the site from interception (SSL-Intercept layer: server.certificate.hostname= with ssl.forward_proxy(no)) or distribute the root certificate.",
  },
};

/** Who answered does not speak TLS at all: certificates and versions have nothing to do with it. */
const PLAIN_ADVICE = {
  helpdesk:
    "Look at the text of that answer: it stands where the site's certificate should be. If it is the site's or names its port, the address may be one for http:// and not for https://; if it is the proxy's, give it to the administrator.",
  proxyAdmin:
    "Look up in the access log what became of this tunnel. A proxy or filter that refuses a request has to do so in its answer to the CONNECT (403, 407): what it writes in the tunnel in the clear no client shows.",
};

/** The tunnel leads back to the port that the client speaks to: it is no site's, and takes no TLS. */
const TO_ITSELF = {
  advice: {
    helpdesk:
      "The program asked the proxy for a tunnel to the proxy itself and spoke TLS to its plain port there: no site was reached, and neither a site nor a certificate is the problem. Look at the program's proxy settings (one proxy named twice, or as the site); some programs go wrong by themselves when a proxy asks them for credentials (GNOME's gvfs 1.50 does so): try a newer version, or one of the program's other ways to name user and password.",
    proxyAdmin:
      "Refuse tunnels to the proxy's own addresses and ports (Squid: http_access deny to_localhost, and an acl dst with its addresses): then the CONNECT fails, where programs and logs show it.",
  },
};

/** The CONNECT names the very port that it was sent to; null where it does not. By name it cannot be known. */
function frameToItself({ tunnel, connects, proxy }: Timeline): number | null {
  const own = tunnel !== null && tunnel.target.host === proxy.ip && tunnel.target.port === proxy.port;
  return own ? (connects.at(-1)?.request.where.frame ?? null) : null;
}

/** Plain HTTP, or something else that is not TLS, came back on the ClientHello. */
function isNoTls({ plaintextAnswer, tls }: TunnelFact): boolean {
  return plaintextAnswer || (tls !== null && tls.serverHello === null && tls.notTls.server !== null);
}

export const tlsFailed = verdictRule(
  {
    id: "tls-failed",
    severity: "error",
    title: "The TLS handshake in the tunnel failed",
    meaning:
      "The proxy opened the tunnel, but the handshake in it ended in an alert, a reset, something that is not TLS, or not at all. Often the client does not trust the certificate that an intercepting proxy presents; sometimes the two sides have no version or cipher in common.",
    looksLike: "ClientHello, perhaps ServerHello, then an alert, RST or FIN.",
    example: [
      "> CONNECT www.example.com:443",
      "< 200",
      "ClientHello, ServerHello, then the client's alert handshake_failure",
    ],
    evidence: "The frame of the alert or of the end, and the alert's name where it can be read.",
    advice: {
      helpdesk:
        "With unknown_ca, bad_certificate or certificate_unknown the client does not trust the certificate: check whether the proxy's root certificate is installed for this program (Firefox, Java, Python and git have stores of their own).",
      proxyAdmin:
        "If the client refused the certificate, exempt the site from interception (SSL-Intercept layer: server.certificate.hostname= with ssl.forward_proxy(no)) or distribute the root certificate. With handshake_failure or protocol_version compare the versions and ciphers that proxy, client and site allow.",
    },
    references: ["RFC 8446 §6 (alerts)", "RFC 5246 §7.2 (alerts)"],
  },
  ({ timeline, summary }) => {
    const tunnel = timeline.tunnel;
    const tls = tunnel?.tls ?? null;
    const outcome =
      tunnel === null ? secureFailure(timeline) : tls === null ? null : handshakeOutcome(timeline, tunnel, tls);
    const hellos = tls ?? timeline.secure;
    const itself = frameToItself(timeline);
    const frames = [
      hellos?.clientHello?.where.frame,
      hellos?.serverHello?.where.frame,
      outcome?.kind === "failed" ? outcome.frame : null,
    ];
    return {
      detail: summary,
      frames: [...connectFrames(timeline), ...frames.filter((frame) => frame != null)],
      evidence: [
        ...(outcome?.kind === "failed" ? [outcome.why] : []),
        ...(itself === null
          ? []
          : [`the CONNECT of frame ${itself} names the proxy itself (${endpointText(timeline.proxy)})`]),
      ],
      certainty: "certain",
      ...(tunnel === null
        ? timeline.clearAnswer === null
          ? WITH_THE_PROXY
          : toAPlainPort(timeline.secure?.clientHello ?? null)
        : isPageForTunnel(timeline)
          ? { advice: PAGE_ADVICE }
          : isNoTls(tunnel)
            ? itself !== null
              ? TO_ITSELF
              : { advice: PLAIN_ADVICE }
            : tls !== null && refusesClient(tls)
              ? OF_THE_CLIENT
              : tls !== null && leftUnfinished(timeline, tls) !== null
                ? UNTOLD
                : {}),
    };
  },
);
