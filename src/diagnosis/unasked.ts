// Why a client closes a tunnel that was set up, and asks nothing in it.
import { quoted } from "../bytes/index.ts";
import type { Timeline, TunnelFact } from "../proxy/index.ts";
import { isTls13, MAX_MARKS, type TlsFacts } from "../tls-parse/index.ts";
import { applicationRecords, MAX_CONTROL, spokeBehindFinished } from "./application-records.ts";
import { closedText, targetText } from "./wording.ts";

/**
 * Whether it is certain that nothing was asked in a tunnel of which the handshake is complete: because it was read, or because no
 * record of the client behind its Finished has room for a request.
 */
export function asksNothing(timeline: Timeline, { inside, exchanges }: TunnelFact, tls: TlsFacts): boolean {
  if (inside === "full") return exchanges.length === 0 && (tls.opened > 0 || timeline.clientEnd === "capture-end");
  if (tls.opened > 0 || tls.gaps > 0 || timeline.gaps.length > 0 || timeline.oneSided) return false;
  if (tls.serverHello === null || tls.clientHello?.earlyData !== false || tls.marks.length >= MAX_MARKS) return false;
  if (spokeBehindFinished(tls)) return false;
  const behind = applicationRecords(tls)?.records;
  return behind?.every(({ mark, bytes }) => mark.from === "server" || bytes <= MAX_CONTROL) ?? false;
}

/** The same of a connection, whatever is known of its handshake. */
export function isIdle(timeline: Timeline): boolean {
  const tls = timeline.tunnel?.tls ?? null;
  return tls?.handshakeComplete === true && asksNothing(timeline, timeline.tunnel!, tls);
}

/** The sentence about a tunnel in which nothing was asked. */
export function unaskedSentence(timeline: Timeline, { inside }: TunnelFact, tls: TlsFacts): string {
  const how = inside === "full" ? "" : ", as sizes of records show without keys";
  const tunnel = `The tunnel to ${targetText(timeline)} was set up as it should be;`;
  // Browsers open connections that they may need: one that waits is in order.
  if (timeline.clientEnd === "capture-end") return `${tunnel} up to the capture's end nothing was asked in it${how}.`;
  return `${tunnel} nothing was asked in it before ${closedText(timeline)}${how}: ${whyUnasked(tls)}.`;
}

/** A sentence's end, behind "nothing was asked in it before the client closed the connection: ". */
export function whyUnasked(tls: TlsFacts): string {
  const offered = unmet(tls);
  if (offered === null) return "so does a client that does not accept the certificate, or that has nothing to ask";
  return `it offered only ${offered.map(quoted).join(", ")} as protocol (ALPN), and none was accepted: so does a program that needs HTTP/2, as gRPC does, where the site or a proxy that ends its TLS has none`;
}

/**
 * The protocols of a client that speaks no HTTP/1.1, where the other side certainly chose none of them (RFC 7301 §3.1); else null.
 * At TLS 1.3 the choice stands in front of the certificate, which tells that it was read.
 */
function unmet({ clientHello, serverHello, certificates, alpn, gaps }: TlsFacts): readonly string[] | null {
  if (clientHello === null || serverHello === null || !clientHello.whole || gaps > 0 || alpn !== null) return null;
  if (isTls13(serverHello.version) && certificates.length === 0) return null;
  const offered = clientHello.alpn;
  return offered.length === 0 || offered.some((protocol) => protocol.startsWith("http/1")) ? null : offered;
}
