// The pieces of evidence for the sender of a 401, one function each. The certain ones come first.
import { millisBetween } from "../bytes/index.ts";
import type { Challenge, ResponseHead } from "../http/index.ts";
import type { ExchangeFact } from "../proxy/index.ts";
import { marksOf } from "./products.ts";
import type { Evidence, SenderContext } from "./sender.ts";
import { duration, schemesText } from "./wording.ts";

type Question = (exchange: ExchangeFact, head: ResponseHead, context: SenderContext) => readonly Evidence[];

const QUESTIONS: readonly Question[] = [
  neverForwarded,
  answeredByServerLeg,
  proxyStatus,
  plaintextAnswer,
  sameChallenge,
  productMarks,
  proxyHeaders,
  fasterThanTheOrigin,
  bearer,
  siteCookies,
];

/** All evidence about one exchange; none without a response. */
export function evidenceOf(exchange: ExchangeFact, context: SenderContext): readonly Evidence[] {
  const head = exchange.response;
  return head === null ? [] : QUESTIONS.flatMap((question) => question(exchange, head, context));
}

/** The shape of a challenge: schemes, realms, parameter names, NTLM target and the response's header order. */
export function challengeKey(challenges: readonly Challenge[]): string {
  return challenges
    .map(({ scheme, realm, parameters, ntlm }) =>
      [scheme.toLowerCase(), realm ?? "", parameters.join(","), ntlm?.targetName ?? ""].join("|"),
    )
    .join(";");
}

/** Both legs in the capture: the request never reached the server leg before the 401 came back. */
function neverForwarded(
  exchange: ExchangeFact,
  head: ResponseHead,
  { legs, timeline, inTunnel }: SenderContext,
): readonly Evidence[] {
  if (exchange.request === null || inTunnel) return [];
  const request = exchange.request;
  // Legs in the clear only: what a TLS leg carries is not known here. A proxy whose legs are captured shows them around every exchange.
  const clear = legs.filter((leg) => leg.tls === null);
  if (clear.length === 0) return [];
  const forwarded = clear.some((leg) =>
    leg.exchanges.some(
      (other) =>
        other.request !== null &&
        other.request.method === request.method &&
        other.request.where.frame >= request.where.frame &&
        other.request.where.frame <= head.where.frame,
    ),
  );
  if (forwarded || !legsCover(clear, timeline.start, head.where.time)) return [];
  const text = `the proxy's connections to origins are in the capture, and this request (frame ${request.where.frame}) was not sent on before its answer (frame ${head.where.frame})`;
  return [{ says: "proxy", weight: "certain", source: "legs", text }];
}

/** Both legs in the capture: the server leg gave the same answer just before. */
function answeredByServerLeg(exchange: ExchangeFact, head: ResponseHead, { legs }: SenderContext): readonly Evidence[] {
  for (const leg of legs) {
    for (const other of leg.exchanges) {
      const answer = other.response;
      if (answer === null || answer.status !== head.status || answer.where.frame >= head.where.frame) continue;
      if (exchange.request !== null && answer.where.frame < exchange.request.where.frame) continue;
      const text = `the origin ${leg.origin.ip}:${leg.origin.port} answered the proxy ${answer.status} (stream ${leg.stream}, frame ${answer.where.frame}) just before`;
      return [{ says: "origin", weight: "certain", source: "legs", text }];
    }
  }
  return [];
}

/** A 407 speaks for a proxy by definition (RFC 9110 §15.5.8). */
function proxyStatus(_exchange: ExchangeFact, head: ResponseHead): readonly Evidence[] {
  if (head.status !== 407) return [];
  const text = `407 is a proxy's status (RFC 9110 §15.5.8), frame ${head.where.frame}`;
  return [{ says: "proxy", weight: "certain", source: "status", text }];
}

/** HTTP in the clear answers a TLS handshake: a TLS origin does not do that. */
function plaintextAnswer(
  _exchange: ExchangeFact,
  head: ResponseHead,
  { timeline, inTunnel }: SenderContext,
): readonly Evidence[] {
  if (!inTunnel || timeline.tunnel?.plaintextAnswer !== true) return [];
  const hello = timeline.tunnel.tls?.clientHello?.where.frame;
  const text = `frame ${head.where.frame} answers the ClientHello${hello === undefined ? "" : ` of frame ${hello}`} with plain HTTP: no TLS server was reached`;
  return [{ says: "proxy", weight: "likely", source: "plaintext", text }];
}

/** The same challenge as a 407 of this proxy. */
function sameChallenge(
  _exchange: ExchangeFact,
  head: ResponseHead,
  { proxyChallenges }: SenderContext,
): readonly Evidence[] {
  if (head.challenges.length === 0) return [];
  const key = challengeKey(head.challenges);
  const same = proxyChallenges.find((shape) => shape.key === key && shape.frame !== head.where.frame);
  if (same === undefined) return [];
  const text = `the challenge (${schemesText(head.challenges)}) is the same as in this proxy's 407 of frame ${same.frame}`;
  return [{ says: "proxy", weight: "likely", source: "challenge", text }];
}

/** Marks of a product in head or page. */
function productMarks(exchange: ExchangeFact, head: ResponseHead): readonly Evidence[] {
  return marksOf(head, exchange.body?.marks ?? []).map(({ product, certainty, text }) => ({
    says: "proxy",
    weight: certainty,
    source: "product",
    text: `${text} is a mark of ${product.name} (frame ${head.where.frame})`,
  }));
}

/** Headers that only a proxy has a reason to send (RFC 9110 §11.7.1). */
function proxyHeaders(_exchange: ExchangeFact, head: ResponseHead): readonly Evidence[] {
  const name = ["proxy-authenticate", "proxy-connection"].find((header) => head.names.includes(header));
  if (name === undefined || head.status === 407) return [];
  const text = `the header ${name} stands beside the ${head.status} (frame ${head.where.frame})`;
  return [{ says: "proxy", weight: "likely", source: "proxy-headers", text }];
}

/** Answered faster than this tunnel's own round trip to the origin: CONNECT to 200, less the round trip to the proxy. */
function fasterThanTheOrigin(
  exchange: ExchangeFact,
  head: ResponseHead,
  { timeline, inTunnel }: SenderContext,
): readonly Evidence[] {
  const opening = timeline.connects.find(
    ({ response }) => response !== null && response.status >= 200 && response.status < 300,
  );
  if (!inTunnel || exchange.request === null || opening?.response == null) return [];
  const toProxy = timeline.roundTripMs ?? 0;
  const toOrigin = millisBetween(opening.request.where.time, opening.response.where.time) - toProxy;
  const answered = millisBetween(exchange.request.where.time, head.where.time);
  // Below a few milliseconds the origin is as near as the proxy, and jitter decides.
  if (toOrigin < 5 || answered > (toOrigin + toProxy) / 2) return [];
  const text = `the answer took ${duration(answered)} (frames ${exchange.request.where.frame} to ${head.where.frame}), less than the proxy's way to the origin (${duration(toOrigin)} for the CONNECT)`;
  return [{ says: "proxy", weight: "likely", source: "timing", text }];
}

/** Proxies do not ask for bearer tokens; APIs do (RFC 6750 §3). */
function bearer(_exchange: ExchangeFact, head: ResponseHead): readonly Evidence[] {
  if (!head.challenges.some(({ scheme }) => /^(bearer|dpop|aws4-hmac-sha256|token|apikey)$/i.test(scheme))) return [];
  const text = `it asks for ${schemesText(head.challenges)}, as an API does (frame ${head.where.frame})`;
  return [{ says: "origin", weight: "likely", source: "scheme", text }];
}

/** Cookies are the site's business. */
function siteCookies(_exchange: ExchangeFact, head: ResponseHead): readonly Evidence[] {
  if (!head.names.includes("set-cookie")) return [];
  const text = `it sets a cookie, as the site's own login does (frame ${head.where.frame})`;
  return [{ says: "origin", weight: "possible", source: "cookies", text }];
}

/** Whether the capture shows server legs over this time at all. */
function legsCover(legs: SenderContext["legs"], from: bigint, to: bigint): boolean {
  const margin = 60n * 1_000_000_000n;
  return legs.some((leg) => leg.start <= to + margin && leg.end >= from - margin);
}
