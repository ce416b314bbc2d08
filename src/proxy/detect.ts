// Whether a connection is of interest: asked once, with its first payload, for every connection of the capture.
import { type Side, startsWith } from "../bytes/index.ts";
import { looksLikeRequest, looksLikeResponse, requestForm } from "../http/index.ts";
import { ipv4Text, ipv6Text } from "../pcap-parser/index.ts";
import type { FirstPayload, TcpConnection } from "../tcp/index.ts";
import {
  CLIENT_HELLO,
  HANDSHAKE,
  HANDSHAKE_HEADER,
  looksLikeTls,
  RECORD_HEADER,
  SERVER_HELLO,
} from "../tls-parse/index.ts";
import type { ProxyContext } from "./context.ts";
import type { KnownProxies } from "./known-proxies.ts";

/** Why a connection is followed. */
export type Role =
  /** It goes to a proxy, or may. */
  | "proxy"
  /** The same, and speaks TLS to the proxy itself. */
  | "secure"
  /** A proxy opened it towards an origin. */
  | "leg"
  /** The same, if its ClientHello, of which the beginning is there, names a host that a client asked for. */
  | "maybe-leg";

/** As what a connection is to be followed, from its first payload; null if not at all. Without options only what the bytes say counts. */
export function interestOf(peek: FirstPayload, { known, anyKeys, hasKeys, now }: ProxyContext): Role | null {
  const { bytes, start, end } = peek;
  if (!known.fixed) {
    const form = requestForm(bytes, start, end);
    if (form === "connect" || form === "absolute" || form === "more") return "proxy";
    if (answersProxyRequest(bytes, start, end)) return "proxy";
  }
  const looks = looksLikeTls(bytes, start, end);
  const tls = looks !== "no";
  const isAnswer = peek.senderIsInitiator === false;
  const isOpening = peek.senderIsInitiator === true && (tls || looksLikeRequest(bytes, start, end) !== "no");
  const { asked } = known;
  if (!known.empty) {
    const source = addressText(peek.addressBytes, peek.source, peek.addressLength);
    const destination = addressText(peek.addressBytes, peek.destination, peek.addressLength);
    // A connection that was joined late may be inside a tunnel; one that begins with TLS speaks it to the proxy.
    if (known.has({ ip: source, port: peek.sourcePort }) !== null)
      return looks === "yes" && isAnswer ? "secure" : "proxy";
    if (known.has({ ip: destination, port: peek.destinationPort }) !== null) {
      return tls && peek.senderIsInitiator === true ? "secure" : "proxy";
    }
    // A server leg is opened by the proxy's address. Without a SYN the sender of a ClientHello or request is its client.
    if (!isAnswer && known.hasAddress(source)) {
      if (tls || looksLikeRequest(bytes, start, end) !== "no") return "leg";
    }
    // What the proxy said on it is lost or was recorded too late.
    if (peek.senderIsInitiator !== true && known.hasAddress(destination) && isAnswerOfServer(peek)) return "leg";
    // Or by another one of its addresses: it leads where a client has just asked to go. Whether it is one, the diagnosis finds.
    if (isOpening && !asked.isClient(source)) {
      if (asked.meets(peek, tls, now())) return "leg";
      if (!asked.empty && looks === "yes" && isCutHello(bytes, start, end)) return "maybe-leg";
    }
  } else if (isOpening) asked.meets(peek, tls, now());
  // Keys for a connection that nobody knows: it may lead to a proxy behind TLS, which its first request will tell.
  if (tls && !known.fixed && anyKeys() && (isAnswer ? looks === "yes" : hasRandom(bytes, start, end, hasKeys)))
    return "secure";
  // Nobody answers first: the request was recorded too late, or is lost. It may be one to a proxy.
  if (!known.fixed && peek.senderIsInitiator === false && looksLikeResponse(bytes, start, end) === "yes")
    return "proxy";
  return null;
}

/** TLS or HTTP of a server. Without a SYN a ServerHello or a response tells it, and else the port, since either side may go on in TLS. */
function isAnswerOfServer({ bytes, start, end, sourcePort, senderIsInitiator }: FirstPayload): boolean {
  if (looksLikeResponse(bytes, start, end) === "yes") return true;
  if (looksLikeTls(bytes, start, end) !== "yes") return false;
  const isHello = bytes[start] === HANDSHAKE && bytes[start + RECORD_HEADER] === SERVER_HELLO;
  return senderIsInitiator === false || isHello || sourcePort < FIRST_REGISTERED_PORT;
}

/** A record of TLS that begins with a ClientHello (RFC 8446 §4, §5.1). */
export function isClientHello(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    looksLikeTls(bytes, start, end) === "yes" &&
    bytes[start] === HANDSHAKE &&
    bytes[start + RECORD_HEADER] === CLIENT_HELLO
  );
}

/** A ClientHello that goes on in the next segment: the name of the server may stand there. */
function isCutHello(bytes: Uint8Array, start: number, end: number): boolean {
  return isClientHello(bytes, start, end) && end - start < beginningNeeded(bytes.subarray(start, end));
}

/** How many bytes of the beginning of a side `roleByBeginning` needs, as far as these tell: of TLS the first record, within reason. */
export function beginningNeeded(bytes: Uint8Array): number {
  if (bytes.length < MIN_BEGINNING || looksLikeTls(bytes, 0, bytes.length) !== "yes") return MIN_BEGINNING;
  return Math.min(MAX_BEGINNING, RECORD_HEADER + ((bytes[3]! << 8) | bytes[4]!));
}

/** As what a connection is followed whose first payload `interestOf` was not asked about, by how `side` begins; null: not at all. */
export function roleByBeginning(
  connection: TcpConnection,
  side: Side,
  bytes: Uint8Array,
  { known, anyKeys, hasKeys, now }: ProxyContext,
): Role | null {
  const role = roleOf(connection, known);
  const { endpoints, initiator } = connection;
  // What a SOCKS server passes on is not read: behind its answers those of an HTTP proxy would be mistaken.
  if (
    role === "proxy" &&
    side === initiator &&
    isSocks(bytes, 0, bytes.length) &&
    known.has(endpoints[side === 0 ? 1 : 0]) === null
  )
    return null;
  if (role === "leg" || initiator === null || looksLikeTls(bytes, 0, bytes.length) !== "yes") return role;
  if (known.has(endpoints[initiator === 0 ? 1 : 0]) !== null) return "secure";
  const whole = { bytes, start: 0, end: bytes.length };
  const { asked } = known;
  const isClient = side === initiator;
  if (isClient && !asked.isClient(endpoints[initiator].ip) && asked.meets(whole, true, now())) return "leg";
  if (known.fixed || !anyKeys()) return null;
  return !isClient || hasRandom(bytes, 0, bytes.length, hasKeys) ? "secure" : null;
}

/**
 * The greeting of a SOCKS client: version 5 with a list of methods, and its next message behind it or nothing yet (RFC 1928 §3, §4;
 * RFC 1929 §2), or version 4 with a command, a port and an address.
 */
export function isSocks(bytes: Uint8Array, start: number, end: number): boolean {
  const [version, next] = [bytes[start], bytes[start + 1] ?? 0];
  if (end - start < 2) return false;
  if (version === 4) return next === 1 || next === 2;
  const behind = start + 2 + next;
  return version === 5 && next > 0 && (behind >= end || bytes[behind] === 5 || bytes[behind] === 1);
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

/** RFC 6335 §6: below are the system ports, of servers. */
const FIRST_REGISTERED_PORT = 1024;
/** Enough to tell HTTP and TLS apart, and for a ClientHello with post-quantum key shares and long lists. */
const MIN_BEGINNING = 8;
const MAX_BEGINNING = 8 * 1024;

function addressText(bytes: Uint8Array, at: number, length: 4 | 16): string {
  return length === 4 ? ipv4Text(bytes, at) : ipv6Text(bytes, at);
}

/** Whether a followed connection goes to a proxy or comes from one, by its addresses alone. */
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
