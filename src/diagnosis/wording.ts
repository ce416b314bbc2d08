// Small pieces of the sentences in findings: targets, frames, statuses, display filters.
import { quoted } from "../bytes/index.ts";
import { isKnownScheme, type ResponseHead } from "../http/index.ts";
import type { ConnectFact, ExchangeFact, Timeline } from "../proxy/index.ts";
import type { TlsFacts } from "../tls-parse/index.ts";

/** Frames in one display filter; more make it unusable. */
const MAX_FILTER_FRAMES = 20;

/** A Wireshark display filter that shows these frames of a stream; null if there is nothing to show. */
export function displayFilter(stream: number | null, frames: readonly number[]): string | null {
  const list = frames.slice(0, MAX_FILTER_FRAMES).join(", ");
  if (stream === null) return frames.length === 0 ? null : `frame.number in {${list}}`;
  return frames.length === 0 ? `tcp.stream eq ${stream}` : `tcp.stream eq ${stream} and frame.number in {${list}}`;
}

/** The target of a connection's tunnel or of its last CONNECT, as `host:port`; null for forwards only. */
export function targetOf(timeline: Timeline): string | null {
  return timeline.tunnel?.target.text || timeline.connects.at(-1)?.target.text || null;
}

/** "www.example.com:443", or words for a target that was not captured. */
export function targetText(timeline: Timeline): string {
  return (
    targetOf(timeline) ?? (timeline.forwards[0]?.url ? hostOf(timeline.forwards[0].url) : null) ?? "an unknown target"
  );
}

/** The host (without port) that a connection is about; null if it was not seen. */
export function hostOfTimeline(timeline: Timeline): string | null {
  const target = timeline.tunnel?.target.text ? timeline.tunnel.target : timeline.connects.at(-1)?.target;
  if (target !== undefined && target.text !== "") return target.host;
  const url = timeline.forwards.find((exchange) => exchange.url !== null)?.url;
  return url == null ? serverNameOf(timeline.tunnel?.tls) : hostOf(url);
}

/** The name of the site that was asked inside a tunnel which was opened to an address; null where the CONNECT has a name, or none was asked for. */
export function nameBehindAddress({ tunnel }: Timeline, { url }: ExchangeFact): string | null {
  if (tunnel === null || !tunnel.target.kind.startsWith("ip")) return null;
  const name = url === null ? null : hostOf(url);
  return name === null || /^[\d.]+$|:/.test(name) ? null : name;
}

/** The server name that a ClientHello asks for; lower case: names of hosts are the same in any (RFC 6066 §3, RFC 4343). */
export function serverNameOf(tls: Pick<TlsFacts, "clientHello"> | null | undefined): string | null {
  return tls?.clientHello?.sni?.toLowerCase() ?? null;
}

/** Host of an absolute URL without port; lower case. */
export function hostOf(url: string): string {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(url)?.[1] ?? url;
  return authority
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
}

/** Port of an absolute URL: the one that it names, or its scheme's; null for other schemes. */
export function portOf(url: string): number | null {
  const [, scheme, port] = /^([a-z][a-z0-9+.-]*):\/\/[^/]*?(?::(\d+))?(?:\/|$)/i.exec(url) ?? [];
  if (port !== undefined) return Number(port);
  return scheme?.toLowerCase() === "http" ? 80 : scheme?.toLowerCase() === "https" ? 443 : null;
}

/** "192.0.2.80:8080", "[2001:db8::80]:8080" (RFC 3986 §3.2.2). */
export function endpointText(endpoint: { readonly ip: string; readonly port: number }): string {
  return endpoint.ip.includes(":") ? `[${endpoint.ip}]:${endpoint.port}` : `${endpoint.ip}:${endpoint.port}`;
}

/** "CONNECT www.example.com:443 (frame 12) was answered 407 (frame 14)". */
export function connectSentence(connect: ConnectFact): string {
  const { response } = connect;
  const asked = `CONNECT ${connect.target.text} (frame ${connect.request.where.frame})`;
  if (response === null) return `${asked} was not answered`;
  return `${asked} was answered ${response.status} (frame ${response.where.frame})`;
}

/** "GET https://www.example.com/x (frame 40)"; words for what was not seen. */
export function requestText(exchange: ExchangeFact): string {
  const { request } = exchange;
  if (request === null) return "a request that was not captured";
  return `${request.method} ${exchange.url ?? request.target} (frame ${request.where.frame})`;
}

/** "GET https://www.example.com/ (frame 14) was answered 403 (frame 15)". */
export function answerText(exchange: ExchangeFact, { status, where }: ResponseHead): string {
  return `${requestText(exchange)} was answered ${status} (frame ${where.frame})`;
}

/** Frames listed in a sentence. */
const MAX_LISTED_FRAMES = 6;

/** "frames 16, 18"; of many the first ones and the last: "frames 16, 18, 20, 22, 24 ... 4000". */
export function framesText(frames: readonly number[]): string {
  const all = frames.length <= MAX_LISTED_FRAMES;
  const listed = all ? frames : frames.slice(0, MAX_LISTED_FRAMES - 1);
  return `${frames.length === 1 ? "frame" : "frames"} ${listed.join(", ")}${all ? "" : ` ... ${frames.at(-1)}`}`;
}

/** Who ended a connection that was ended by FIN: "the client closed the connection". */
export function closerText({ fromClient, fromProxy }: Pick<Timeline, "fromClient" | "fromProxy">): string {
  const client = fromClient.finFrame ?? Infinity;
  const proxy = fromProxy.finFrame ?? Infinity;
  if (client === proxy) return "the connection was closed";
  return client < proxy ? "the client closed the connection" : "the proxy closed the connection";
}

/** Who ended a connection, and how. */
export function closedText(timeline: Timeline): string {
  switch (timeline.closedBy) {
    case "fin":
      return closerText(timeline);
    case "reset-by-client":
      return "the client reset the connection";
    case "reset-by-proxy":
      return "the proxy reset the connection";
    default:
      return "the connection was still open";
  }
}

/** Whether the client ended the connection, and not the proxy. */
export function isClosedByClient({ closedBy, fromClient, fromProxy }: Timeline): boolean {
  if (closedBy !== "fin") return closedBy === "reset-by-client";
  return (fromClient.finFrame ?? Infinity) < (fromProxy.finFrame ?? Infinity);
}

/** Scheme names of challenges, "Basic, NTLM"; in quotes what is the name of none. */
export function schemesText(challenges: readonly { readonly scheme: string }[]): string {
  return challenges.length === 0
    ? "no scheme"
    : [...new Set(challenges.map(({ scheme }) => (isKnownScheme(scheme) ? scheme : quoted(scheme))))].join(", ");
}

/** "One sign speaks", "Weak signs speak": the beginning of a sentence about evidence that is no more than a possibility. */
export function signsSpeak(evidence: readonly string[]): string {
  return evidence.length < 2 ? "One sign speaks" : "Weak signs speak";
}

/** "1 tunnel", "3 tunnels", "2 proxies"; a noun that ends in y has a consonant in front of it. */
export function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

/** Milliseconds for a sentence: 0.4 ms, 12 ms, 3.2 s. */
export function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds >= 10 ? `${Math.round(milliseconds)} ms` : `${milliseconds.toFixed(1)} ms`;
}
