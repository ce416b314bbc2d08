// The client does not trust the certificate that it was shown.
import { gather, quoted } from "../../bytes/index.ts";
import type { TlsFacts } from "../../tls-parse/index.ts";
import type { JudgedConnection } from "../facts.ts";
import { handshakeOutcome, leftUnfinished } from "../handshake.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import type { Certainty } from "../types.ts";
import { targetText } from "../wording.ts";

/** Alerts of a client that refuses a certificate (RFC 5246 §7.2.2, RFC 8446 §6.2). */
const REFUSALS = new Set([
  "unknown_ca",
  "bad_certificate",
  "certificate_unknown",
  "unsupported_certificate",
  "certificate_expired",
]);

const TEXT: RuleText = {
  id: "untrusted-interception",
  severity: "warning",
  title: "The client refused the certificate that it was shown in the tunnel",
  meaning:
    "The client ended the handshake because it does not trust the certificate. Behind an intercepting proxy it is the proxy's own, and the client lacks the root certificate of the proxy's authority, or pins the site's.",
  looksLike:
    "ServerHello and certificate, then unknown_ca, bad_certificate or certificate_unknown by the client; at TLS 1.3 without keys one short encrypted record by the client instead of its Finished. Some programs (Mono, Qt, Subversion, GNOME's) send no alert: they close the connection there.",
  example: [
    "> CONNECT www.example.com:443",
    "< 200",
    'ClientHello, ServerHello, certificate issued by "Example Gateway CA"',
    "> alert unknown_ca",
  ],
  evidence: "The frame of the certificate with its issuer where it can be read, and the frame of the alert.",
  advice: {
    helpdesk:
      "Check whether the root certificate of the proxy's interception authority is installed for this program: Firefox, Java, Python, Node.js and git have stores of their own. Do not switch verification off.",
    proxyAdmin:
      "Distribute the root certificate to the stores of these programs, or exempt their destinations from interception (SSL-Intercept layer: server.certificate.hostname= with ssl.forward_proxy(no)): programs that pin certificates can never be intercepted.",
  },
  references: ["RFC 8446 §6.2 (error alerts)", "RFC 5246 §7.2.2 (error alerts)", "RFC 5280 §6 (path validation)"],
};

export const untrustedInterception: Rule = {
  ...TEXT,
  find: (capture) => gather(capture.connections, refused),
};

function refused(connection: JudgedConnection) {
  const { timeline, interception } = connection;
  const tls = timeline.tunnel?.tls ?? null;
  if (timeline.tunnel === null || tls === null || tls.serverHello === null || interception.state === "no") return [];
  const outcome = handshakeOutcome(timeline, timeline.tunnel, tls);
  if (outcome.kind !== "failed" || outcome.frame === null) return [];
  const alert = tls.alerts.find(
    ({ from, description }) => from === "client" && description !== null && REFUSALS.has(description),
  );
  const left = tls.handshakeComplete && timeline.closedBy === "reset-by-client" && outcome.frame === timeline.lastFrame;
  const unfinished = outcome.byClose && leftUnfinished(timeline, tls) !== null;
  const unread = tls.alerts.length === 0 && (left || unfinished || hiddenRefusal(tls, outcome.frame));
  if (alert === undefined && !unread) return [];
  const issuer = tls.certificates[0]?.issuer ?? null;
  const shown = issuer === null ? "" : ` (frame ${tls.certificateWhere?.frame}, issuer ${quoted(issuer)})`;
  const how =
    alert === undefined
      ? outcome.why
      : `the client answered with the alert ${alert.description} (frame ${alert.where.frame})`;
  const proxys =
    interception.state === "yes"
      ? `The certificate was made by the proxy: ${interception.why}.`
      : "Whether the certificate is the proxy's own or the site's cannot be told from this capture.";
  const detail = `The certificate shown for ${targetText(timeline)}${shown} ${unread ? "seems to have been" : "was"} refused: ${how}. ${proxys}`;
  const certainty: Certainty = alert === undefined ? "possible" : interception.state === "yes" ? "certain" : "possible";
  const frames = [
    tls.clientHello?.where.frame,
    tls.serverHello.where.frame,
    tls.certificateWhere?.frame,
    alert?.where.frame ?? outcome.frame,
  ];
  return [
    finding(TEXT, timeline.stream, {
      detail,
      frames: frames.filter((frame) => frame !== undefined),
      evidence: [how, ...(interception.why === null ? [] : [interception.why])],
      certainty,
    }),
  ];
}

/** The handshake failed at a protected record of the client: its content is unknown, its place is that of a refusal. */
function hiddenRefusal(tls: TlsFacts, frame: number): boolean {
  return tls.marks.some((mark) => mark.from === "client" && mark.frame === frame);
}
