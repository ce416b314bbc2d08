// Whether a connection is of interest: asked once, with its first payload, for every connection of the capture.
import { startsWith } from "../bytes/index.ts";
import { looksLikeRequest, looksLikeResponse, requestForm } from "../http/index.ts";
import { ipv4Text, ipv6Text } from "../pcap-parser/index.ts";
import type { FirstPayload, TcpConnection } from "../tcp/index.ts";
import { looksLikeTls } from "../tls-parse/index.ts";
import type { ProxyContext } from "./context.ts";
import type { KnownProxies } from "./known-proxies.ts";

/** Why a connection is followed. */
export type Role =
  /** It goes to a proxy, or may. */
  | "proxy"
  /** The same, and speaks TLS to the proxy itself. */
  | "secure"
  /** A proxy opened it towards an origin. */
  | "leg";

/** As what a connection is to be followed, from its first payload; null if not at all. Without options only what the bytes say counts. */
export function interestOf(peek: FirstPayload, { known, anyKeys, hasKeys }: ProxyContext): Role | null {
  const { bytes, start, end } = peek;
  if (!known.fixed) {
    const form = requestForm(bytes, start, end);
    if (form === "connect" || form === "absolute" || form === "more") return "proxy";
    if (answersProxyRequest(bytes, start, end)) return "proxy";
  }
  const tls = looksLikeTls(bytes, start, end) !== "no";
  if (!known.empty) {
    const source = addressText(peek.addressBytes, peek.source, peek.addressLength);
    const destination = addressText(peek.addressBytes, peek.destination, peek.addressLength);
    if (known.has({ ip: source, port: peek.sourcePort }) !== null) return "proxy";
    // A connection that was joined late may be inside a tunnel; one that begins with TLS speaks it to the proxy.
    if (known.has({ ip: destination, port: peek.destinationPort }) !== null) {
      return tls && peek.senderIsInitiator === true ? "secure" : "proxy";
    }
    // A server leg is opened by the proxy's address. Without a SYN the sender of a ClientHello or request is its client.
    if (peek.senderIsInitiator !== false && known.hasAddress(source)) {
      if (tls || looksLikeRequest(bytes, start, end) !== "no") return "leg";
    }
    // Or by another one of its addresses: it leads where a client has just asked to go. Whether it is one, the diagnosis finds.
    const { asked } = known;
    if (peek.senderIsInitiator === true && !asked.empty && !asked.isClient(source) && asked.meets(peek, tls))
      return "leg";
  }
  // Keys for a connection that nobody knows: it may lead to a proxy behind TLS, which its first request will tell.
  if (tls && !known.fixed && anyKeys() && hasRandom(bytes, start, end, hasKeys)) return "secure";
  // Nobody answers first: the request was recorded too late, or is lost. It may be one to a proxy.
  if (!known.fixed && peek.senderIsInitiator === false && looksLikeResponse(bytes, start, end) === "yes")
    return "proxy";
  return null;
}

/** Whether a request speaks to an origin and not to a proxy (RFC 9112 §3.2.1). */
function speaksToOrigin(bytes: Uint8Array, start: number, end: number): boolean {
  return looksLikeRequest(bytes, start, end) === "yes" && requestForm(bytes, start, end) === "other";
}

/**
 * What a client says behind a CONNECT: TLS, a request to an origin, or one to a proxy. "other": neither, or too little of it;
 * null: nothing.
 */
export function saysBehindConnect(first: Uint8Array | null): "tls" | "origin" | "proxy" | "other" | null {
  if (first === null) return null;
  if (looksLikeTls(first, 0, first.length) === "yes") return "tls";
  if (looksLikeRequest(first, 0, first.length) !== "yes") return "other";
  return speaksToOrigin(first, 0, first.length) ? "origin" : "proxy";
}

/** Whether a client says this only inside of a tunnel: TLS, or to what is certainly a proxy (`toProxy`) a request to an origin. */
export function isInsideTunnel(bytes: Uint8Array, start: number, end: number, toProxy: boolean): boolean {
  return looksLikeTls(bytes, start, end) === "yes" || (toProxy && speaksToOrigin(bytes, start, end));
}

/** A ClientHello at the start of `bytes` (RFC 8446 §4.1.2) whose random there are keys for. */
function hasRandom(bytes: Uint8Array, start: number, end: number, hasKeys: ProxyContext["hasKeys"]): boolean {
  const random = start + RECORD_HEADER + HANDSHAKE_HEADER + 2;
  if (random + 32 > end || bytes[start] !== HANDSHAKE || bytes[start + RECORD_HEADER] !== CLIENT_HELLO) return false;
  return hasKeys(bytes.subarray(random, random + 32));
}

const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;

function addressText(bytes: Uint8Array, at: number, length: 4 | 16): string {
  return length === 4 ? ipv4Text(bytes, at) : ipv6Text(bytes, at);
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
