// How the TLS handshake of a tunnel ended, as far as the records tell.
import { millisBetween } from "../bytes/index.ts";
import type { Timeline, TunnelFact } from "../proxy/index.ts";
import { isTls13, type RecordMark, type TlsAlert, type TlsFacts } from "../tls-parse/index.ts";
import { QUICK_CLOSE_MS } from "./quick-close.ts";
import { orderLost } from "./recorded-order.ts";
import { closedText, isClosedByClient } from "./wording.ts";

/** `unseen`: the capture does not show how it ended. */
export type HandshakeOutcome =
  | { readonly kind: "complete" }
  /** `byClose`: nothing tells of it but that the connection was closed then. */
  | { readonly kind: "failed"; readonly why: string; readonly frame: number | null; readonly byClose: boolean }
  | { readonly kind: "unseen"; readonly why: string };

/** Alerts about certificates (RFC 8446 §6). */
const OF_CERTIFICATES = /certificate|unknown_ca|access_denied/;
/**
 * TLS 1.3 sends alerts as application data (RFC 8446 §5.2): two bytes, the inner type and a tag of 16 (8 with CCM_8). A Finished is
 * at least 4 + 32 + 1 + 8 bytes, so nothing else of a client's second flight is as short.
 */
const MAX_ENCRYPTED_ALERT = 24;

/** What is known of the inside of a TLS connection. */
type Inside = Partial<TunnelFact> & Pick<TunnelFact, "plaintextAnswer" | "inside" | "exchanges">;
/** Of TLS to the proxy itself: nothing was asked in it. */
const NOTHING_ASKED: Inside = { plaintextAnswer: false, inside: "none", exchanges: [] };

/** Why the TLS with the proxy itself came to nothing; null where it did not, or where that cannot be told. */
export function secureFailure(timeline: Timeline): Extract<HandshakeOutcome, { kind: "failed" }> | null {
  const { secure, clearAnswer, connects, forwards, tunnel } = timeline;
  if (secure === null || connects.length + forwards.length > 0 || tunnel !== null) return null;
  if (clearAnswer !== null) {
    const { status, frame } = clearAnswer;
    return {
      kind: "failed",
      why: `the ClientHello was answered with plain HTTP (${status}, frame ${frame})`,
      frame,
      byClose: false,
    };
  }
  const outcome = handshakeOutcome(timeline, NOTHING_ASKED, secure);
  return outcome.kind === "failed" ? outcome : null;
}

/** How the handshake of `tunnel`, whose TLS is `tls`, ended: by what its records show first, then by how the connection was closed. */
export function handshakeOutcome(timeline: Timeline, tunnel: Inside, tls: TlsFacts): HandshakeOutcome {
  const lost = orderLost(timeline);
  if (tunnel.plaintextAnswer && lost === null) {
    const answer = tunnel.exchanges.find(({ response }) => response !== null)?.response ?? null;
    const which = answer === null ? "" : ` (${answer.status}, frame ${answer.where.frame})`;
    return {
      kind: "failed",
      why: `the ClientHello was answered with plain HTTP${which}`,
      frame: tls.clientHello?.where.frame ?? null,
      byClose: false,
    };
  }
  const fatal = fatalAlert(tls);
  // Whatever was answered inside was so behind the handshake, of which the end may be lost.
  const answered = !tunnel.plaintextAnswer && tunnel.exchanges.some(({ response }) => response !== null);
  if (fatal !== undefined && !answered && (!isLate(fatal, tls) || refusesHandshake(fatal, timeline)))
    return { kind: "failed", why: alertText(fatal), frame: fatal.where.frame, byClose: false };
  const refusal = encryptedRefusal(timeline, tls);
  if (refusal !== null) {
    const why = `the client sent an encrypted alert (frame ${refusal.frame}) instead of finishing the handshake, as it does when it does not trust the certificate`;
    return { kind: "failed", why, frame: refusal.frame, byClose: false };
  }
  if (
    tls.handshakeComplete &&
    tls.opened > 0 &&
    tunnel.inside === "full" &&
    tunnel.exchanges.length === 0 &&
    timeline.closedBy === "reset-by-client"
  ) {
    const why =
      "the client reset the connection behind the handshake without a request, as it does when it does not accept the certificate";
    return { kind: "failed", why, frame: timeline.lastFrame, byClose: true };
  }
  if (tls.handshakeComplete) return { kind: "complete" };
  if (tls.clientHello === null && tls.serverHello === null) {
    // Joined behind the handshake: records of both sides show that it went well.
    if (tls.applicationBytes.client > 0 && tls.applicationBytes.server > 0 && timeline.lateStart)
      return { kind: "complete" };
    return { kind: "unseen", why: "its hellos are missing" };
  }
  if (tls.gaps > 0 || timeline.gaps.length > 0 || timeline.oneSided)
    return { kind: "unseen", why: "bytes are missing" };
  const noTls = tls.notTls.server ?? tls.notTls.client;
  if (noTls !== null)
    return {
      kind: "failed",
      why: `bytes that are not TLS came in frame ${noTls.frame}`,
      frame: noTls.frame,
      byClose: false,
    };
  // Where both sides were recorded out of order, what answered it, and more, can be lost with it.
  if (tls.clientHello === null) return { kind: "unseen", why: "its ClientHello is missing" };
  if (lost !== null) return { kind: "unseen", why: lost.what };
  if (timeline.closedBy === "open") return { kind: "unseen", why: "the capture ends before it was complete" };
  return {
    kind: "failed",
    why: leftUnfinished(timeline, tls) ?? `${endText(timeline)} before it was complete`,
    frame: timeline.lastFrame,
    byClose: true,
  };
}

/**
 * What a client did that got the server's part of a handshake, with a certificate in it, and left at once, without an alert and without
 * a Finished, in words; null where that is not what was seen. At TLS 1.3 without keys the certificate is not readable: a handshake that
 * is not resumed has one.
 */
export function leftUnfinished(timeline: Timeline, tls: TlsFacts): string | null {
  const { certificateWhere, serverHello, handshakeComplete, alerts, marks, transitions } = tls;
  if (handshakeComplete || serverHello === null || alerts.length > 0 || !isClosedByClient(timeline)) return null;
  const flight = isTls13(serverHello.version) && !serverHello.resumed ? marks.filter(isOfServer).at(-1) : undefined;
  const shown = certificateWhere ?? flight;
  // Who waited first may have waited for something else.
  if (shown === undefined || millisBetween(shown.time, timeline.end) >= QUICK_CLOSE_MS) return null;
  const asked = transitions.some(({ what, from }) => what === "certificate-request" && from === "server");
  const orHasNone = asked ? ", or has none of its own, for which it was asked" : "";
  return `${closedText(timeline)} behind the server's part of the handshake (frame ${shown.frame}) instead of finishing it, as it does when it does not trust the certificate${orHasNone}`;
}

function isOfServer({ from }: RecordMark): boolean {
  return from === "server";
}

/** Who ended the connection: behind the proxy the site may have reset it. */
function endText(timeline: Timeline): string {
  return timeline.closedBy === "reset-by-proxy" ? "the proxy's side reset the connection" : closedText(timeline);
}

/**
 * At TLS 1.3 without keys: the client's first protected record is as short as an alert, and nothing but its close follows. Where bytes
 * of the client are missing that may be its close_notify, behind a Finished and requests which are among them.
 */
function encryptedRefusal({ fromClient }: Timeline, tls: TlsFacts): RecordMark | null {
  if (!isTls13(tls.serverHello?.version ?? 0) || tls.opened > 0) return null;
  if (tls.clientHello === null || fromClient.gaps > 0) return null;
  const own = tls.marks.filter((mark) => mark.from === "client" && mark.kind === "applicationData");
  const first = own[0];
  if (first === undefined || first.length > MAX_ENCRYPTED_ALERT || own.length > 2) return null;
  // Early data would come first and be of any size.
  return tls.clientHello?.earlyData ? null : first;
}

/** Whether it is the client's certificate that the handshake failed for: the server got none, or does not take it (RFC 8446 §4.4.2.4). */
export function refusesClient(tls: TlsFacts): boolean {
  const fatal = fatalAlert(tls);
  return fatal?.from === "server" && fatal.description !== null && OF_CERTIFICATES.test(fatal.description);
}

/**
 * RFC 8446 §4.4.2.4, §6.2: at TLS 1.3 a server judges the client's certificate behind the client's Finished. Where bytes of the server
 * are missing it may have answered in between.
 */
function refusesHandshake({ from, description }: TlsAlert, { fromProxy }: Timeline): boolean {
  return from === "server" && fromProxy.gaps === 0 && description !== null && OF_CERTIFICATES.test(description);
}

/**
 * In which frame the server asked for the client's certificate behind the handshake, as it does for some pages only (RFC 8446 §4.6.2;
 * up to TLS 1.2 in a new handshake); null where it did not.
 */
export function askedBehind({ handshakeCompleteWhere, transitions }: TlsFacts): number | null {
  if (handshakeCompleteWhere === null) return null;
  const { frame } = handshakeCompleteWhere;
  return (
    transitions.find(({ what, where }) => what === "certificate-request" && where.frame > frame)?.where.frame ?? null
  );
}

/** The alert that ended a connection behind a complete handshake, in words without the full stop; null where none did. */
export function endedByAlert(tls: TlsFacts): string | null {
  const fatal = fatalAlert(tls);
  return fatal === undefined || !isLate(fatal, tls) ? null : alertText(fatal);
}

function fatalAlert({ alerts }: TlsFacts): TlsAlert | undefined {
  return alerts.find(({ level, description }) => level === "fatal" && description !== "close_notify");
}

function isLate(alert: TlsAlert, tls: TlsFacts): boolean {
  return tls.handshakeCompleteWhere !== null && alert.where.frame > tls.handshakeCompleteWhere.frame;
}

function alertText(alert: TlsAlert): string {
  const who = alert.from === "client" ? "the client" : "the proxy's side";
  return `${who} sent the alert ${alert.description ?? "of an unknown kind"} (frame ${alert.where.frame})`;
}
