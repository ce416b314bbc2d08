// The words of this room's findings, for `pcapcheck explain`.
import type { TraceFindingId } from "./findings.ts";

/** A finding of a policy trace in plain words; the same shape as that of findings in captures. */
export interface TraceExplanation {
  readonly id: TraceFindingId;
  readonly title: string;
  readonly severity: "error" | "warning";
  readonly meaning: string;
  readonly looksLike: string;
  /** Lines of a made-up trace. */
  readonly example: readonly string[];
  readonly evidence: string;
  readonly advice: { readonly helpdesk: string; readonly proxyAdmin: string };
  readonly references: readonly string[];
}

const CPL = "Content Policy Language Reference, Edge SWG (ProxySG)";
const TRACING =
  "Broadcom article 166514, Debug access denied errors or website accessibility issues with policy tracing";

/** All of them, worst first. */
export function traceExplanations(): readonly TraceExplanation[] {
  return EXPLANATIONS;
}

const EXPLANATIONS: readonly TraceExplanation[] = [
  {
    id: "trace-401-after-connect",
    severity: "error",
    title: "The policy trace shows a 401 by the proxy itself inside the tunnel",
    meaning:
      "The proxy let the CONNECT through, decrypted the tunnel, evaluated its policy again for the request inside, and found that this request needs authentication. No server was asked (server.response.code: 0); the proxy answered 401 itself, in the name of the web site.",
    looksLike:
      "A transaction GET https://... with client.response.code: 401, server.response.code: 0 and mostly EXCEPTION(authentication_failed), behind a CONNECT tcp://... of the same client and host that was answered 200.",
    example: [
      "CONNECT tcp://www.example.com:443/",
      "client.response.code: 200",
      "GET https://www.example.com/",
      "EXCEPTION(authentication_failed): Authentication failed",
      "server.response.code: 0",
      "client.response.code: 401",
    ],
    evidence: "The lines of both codes, the exception, and the rule that matches only there.",
    advice: {
      helpdesk:
        "Tell the user not to enter a password: no password will be accepted, and the web site is not at fault. Give this report with its line numbers to the administrator of the proxy.",
      proxyAdmin:
        "Compare the rules about authentication that matched at CONNECT tcp://, unknown ssl:// and GET https://: the same rule has to match at all of them. The finding names the one that does not.",
    },
    references: [TRACING, "RFC 9110 §15.5.2 (401)", "RFC 9110 §15.5.8 (407)"],
  },
  {
    id: "trace-auth-rule-differs",
    severity: "warning",
    title: "The stages of a tunnel match different authentication rules",
    meaning:
      "A ProxySG evaluates its policy for the CONNECT, for the TLS handshake and for each decrypted request. Where another rule about authentication matches at one of them, with another realm, another authenticate.mode or authenticate.force, what was established on CONNECT does not count there, and the proxy has to ask again at a place where it cannot ask with 407. It is an error where a 401 followed.",
    looksLike:
      "A MATCH line with authenticate(...) under GET https:// that is not under CONNECT tcp://, or the same with another mode; typical conditions are url.scheme=https, url.domain= with a path, client.protocol=https.",
    example: [
      "MATCH: authenticate(corp) authenticate.mode(proxy)",
      "CONNECT tcp://www.example.com:443/",
      "MATCH: url.scheme=https url.domain=//www.example.com/ authenticate(domain1) authenticate.mode(proxy-ip)",
      "GET https://www.example.com/",
    ],
    evidence: "The rules with their stages and lines, and the values that differ.",
    advice: {
      helpdesk: "Give this report with its line numbers to the administrator of the proxy.",
      proxyAdmin:
        "Let one rule decide for the site at all stages: conditions that hold at CONNECT and inside (url.host=, url.domain= without scheme and path, client.address=), one realm, one authenticate.mode, authenticate.force(no).",
    },
    references: [CPL, TRACING],
  },
  {
    id: "trace-force-auth",
    severity: "warning",
    title: "Authentication is forced inside the tunnel",
    meaning:
      "authenticate.force(yes) makes the proxy ask even where another rule has already decided on the request. Inside a tunnel it can only ask with 401, which browsers take for the login of the web site.",
    looksLike: "A MATCH line with authenticate.force(yes) under unknown ssl:// or GET https://.",
    example: [
      "MATCH: url.scheme=https authenticate(corp) authenticate.force(yes) authenticate.mode(proxy)",
      "GET https://www.example.com/",
    ],
    evidence: "The rules with their stages and lines.",
    advice: {
      helpdesk: "Give this report with its line numbers to the administrator of the proxy.",
      proxyAdmin:
        "Use authenticate.force(yes) only in rules that are limited to CONNECT and to requests outside of tunnels.",
    },
    references: [CPL],
  },
  {
    id: "trace-unauthenticated-stage",
    severity: "warning",
    title: "A user who was known on CONNECT is unauthenticated inside the tunnel, or was never asked there",
    meaning:
      "Each stage has a user of its own. Where the stage inside has none although its rules want one, the proxy lost what it knew (another realm, another mode, a log_out, an expired surrogate), or it never asked on CONNECT, where it could have asked with 407.",
    looksLike: "user: name=... under CONNECT tcp:// and user: unauthenticated under GET https://.",
    example: [
      "CONNECT tcp://www.example.com:443/",
      'user: name="EXAMPLE\\alice" realm=corp',
      "GET https://www.example.com/",
      "user: unauthenticated",
    ],
    evidence: "The lines with the users of both stages, and a rule that logs the user out.",
    advice: {
      helpdesk: "Give this report with its line numbers to the administrator of the proxy.",
      proxyAdmin:
        "Authenticate at CONNECT, with the realm and the authenticate.mode that are used inside; with IP surrogates check that the client's address is the same at all stages.",
    },
    references: [CPL, TRACING],
  },
];
