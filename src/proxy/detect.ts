// Whether a connection is of interest: asked once, with its first payload, for every connection of the capture.
import { startsWith } from "../bytes/index.ts";
import { looksLikeRequest, requestForm } from "../http/index.ts";
import type { FirstPayload, TcpConnection } from "../tcp/index.ts";
import { looksLikeTls } from "../tls-parse/index.ts";
import { formatAddress } from "./address.ts";
import type { KnownProxies } from "./known-proxies.ts";

/** Why a connection is followed. */
export type Role = "proxy" | "leg";

/** As what a connection is to be followed, from its first payload; null if not at all. Without options only what the bytes say counts. */
export function interestOf(peek: FirstPayload, known: KnownProxies): Role | null {
  const { bytes, start, end } = peek;
  if (!known.fixed) {
    const form = requestForm(bytes, start, end);
    if (form === "connect" || form === "absolute" || form === "more") return "proxy";
    if (answersProxyRequest(bytes, start, end)) return "proxy";
  }
  if (known.empty) return null;
  const source = formatAddress(peek.addressBytes, peek.source, peek.addressLength);
  const destination = formatAddress(peek.addressBytes, peek.destination, peek.addressLength);
  if (known.has({ ip: source, port: peek.sourcePort }) !== null) return "proxy";
  if (known.has({ ip: destination, port: peek.destinationPort }) !== null) return "proxy";
  // A server leg is opened by the proxy's address. Without a SYN the sender of a ClientHello or request is its client.
  const opener = peek.senderIsInitiator === false ? destination : source;
  if (!known.hasAddress(opener) || peek.senderIsInitiator === false) return null;
  const speaks = looksLikeTls(bytes, start, end) !== "no" || looksLikeRequest(bytes, start, end) !== "no";
  return speaks ? "leg" : null;
}

/** Whether a followed connection goes to a proxy or comes from one. */
export function roleOf(connection: TcpConnection, known: KnownProxies): Role {
  const [first, second] = connection.endpoints;
  if (known.has(first) !== null || known.has(second) !== null) return "proxy";
  const opener = connection.endpoints[connection.initiator ?? 0];
  return known.hasAddress(opener.ip) ? "leg" : "proxy";
}

/** The first payload of a connection that was joined late is a response that only a proxy gives: 407, or the usual words of a 2xx to CONNECT. */
function answersProxyRequest(bytes: Uint8Array, start: number, end: number): boolean {
  if (!startsWith(bytes, start, end, "HTTP/1.")) return false;
  const status = start + "HTTP/1.x ".length;
  if (startsWith(bytes, status, end, "407")) return true;
  return startsWith(bytes, status, end, "200 Connection ") || startsWith(bytes, status, end, "200 connection ");
}
