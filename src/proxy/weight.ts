// About how much memory facts take, in bytes: of most connections a few thousand, of some a sender can make it megabytes.
import type { Challenge, Credentials, HttpHead, NtlmMessage, RequestHead, ResponseHead } from "../http/index.ts";
import { weightOfTls } from "../tls-parse/index.ts";
import type { ExchangeFact, ServerLeg, Timeline } from "./types.ts";

const USUAL = 4 * 1024;
/** What an object of some fields, its place with a time, and an entry of a list take; V8's sizes, rounded. */
const HEAD = 300;
const ENTRY = 100;
const PLACE = 100;
/** A short string of its own. */
const WORD = 40;
/** The counts of both directions, the endpoints and what belongs to each timeline and leg whatever was said. */
const CONNECTION = 1_500;

/** A tunnel that goes on: what it counts of both sides, the lists for what it carries, and the timeline that is made of it. */
const TUNNEL = 3_500;
/** With TLS in it, opened or not: the facts, both directions' readers and a usual hello. */
const TUNNEL_TLS = 6_000;

/** Of a tunnel while it goes on, beside what it says itself that it keeps: one connection may have thousands (HTTP/2). */
export function weightOfTunnel(isTls: boolean): number {
  return TUNNEL + (isTls ? TUNNEL_TLS : 0);
}

/** A CONNECT or an exchange, or one that goes on. */
type Asked = Pick<ExchangeFact, "request" | "response"> & { readonly url?: string | null };

/** With what its heads tell. */
export function weightOfExchange({ request, response, url }: Asked): number {
  return ENTRY + weightOfRequest(request) + weightOfResponse(response) + (url?.length ?? 0);
}

/** Of all exchanges of a list. */
function weightOfExchanges(exchanges: readonly Asked[]): number {
  let sum = 0;
  for (const exchange of exchanges) sum += weightOfExchange(exchange);
  return sum;
}

/** The same as far as it is more than a few usual ones take: tens of thousands of connections may be open. */
export function unusualBytesOf(exchanges: readonly Asked[]): number {
  return Math.max(0, weightOfExchanges(exchanges) - USUAL);
}

/** Of all that is known of a connection. */
export function weightOfTimeline({ connects, forwards, tunnel, secure, gaps, notes }: Timeline): number {
  return (
    CONNECTION +
    weightOfExchanges(connects) +
    weightOfExchanges(forwards) +
    (tunnel === null ? 0 : ENTRY + weightOfExchanges(tunnel.exchanges) + weightOf(tunnel.tls)) +
    weightOf(secure) +
    PLACE * (gaps.length + notes.length)
  );
}

/** Of all that is known of a server leg. */
export function weightOfLeg({ tls, exchanges }: ServerLeg): number {
  return CONNECTION + weightOfExchanges(exchanges) + weightOf(tls);
}

function weightOf(tls: ServerLeg["tls"]): number {
  return tls === null ? 0 : weightOfTls(tls);
}

function weightOfRequest(head: RequestHead | null): number {
  if (head === null) return 0;
  const { target, host, userAgent, authorization, proxyAuthorization } = head;
  const words = target.length + (host?.length ?? 0) + (userAgent?.length ?? 0);
  return weightOfHead(head) + words + weightOfCredentials(authorization) + weightOfCredentials(proxyAuthorization);
}

function weightOfResponse(head: ResponseHead | null): number {
  if (head === null) return 0;
  let sum = weightOfHead(head) + head.reason.length;
  for (const challenge of head.challenges) sum += weightOfChallenge(challenge);
  for (const challenge of head.proxyChallenges) sum += weightOfChallenge(challenge);
  return sum;
}

function weightOfHead({ names, fields }: HttpHead): number {
  let sum = HEAD;
  for (const name of names) sum += WORD + name.length;
  for (const { value } of fields) sum += ENTRY + value.length;
  return sum;
}

function weightOfCredentials(credentials: Credentials | null): number {
  if (credentials === null) return 0;
  const { user, domain, workstation } = credentials;
  return HEAD + 2 * ((user?.length ?? 0) + (domain?.length ?? 0) + (workstation?.length ?? 0));
}

function weightOfChallenge({ realm, parameters, ntlm, negotiate }: Challenge): number {
  const mechanisms = negotiate?.kind === "spnego" ? negotiate.mechanisms.length : 0;
  return ENTRY + (realm?.length ?? 0) + WORD * (parameters.length + mechanisms) + weightOfNtlm(ntlm);
}

function weightOfNtlm(message: NtlmMessage | null): number {
  if (message === null) return 0;
  const { targetName, domain, user, workstation } = message;
  return (
    ENTRY + 2 * ((targetName?.length ?? 0) + (domain?.length ?? 0) + (user?.length ?? 0) + (workstation?.length ?? 0))
  );
}
