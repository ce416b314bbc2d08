// One connection of the report.
import { asksNothing, handshakeOutcome, type JudgedConnection, schemesText } from "../diagnosis/index.ts";
import {
  askedBy,
  type Challenge,
  type Credentials,
  isChallenge,
  type RequestHead,
  type ResponseHead,
} from "../http/index.ts";
import type { ExchangeFact, Timeline, TunnelFact } from "../proxy/index.ts";
import { noteText } from "./note-text.ts";
import { timestamp } from "./time.ts";
import { buildTls, type TlsSettings } from "./tls.ts";
import type {
  ReportChallenge,
  ReportConnection,
  ReportCredentials,
  ReportExchange,
  ReportResponse,
  ReportTunnel,
} from "./types.ts";

/** What `stages.https` says of a tunnel in which certainly nothing was asked. */
export const NOTHING_ASKED = "nothing was asked";

/** A judged connection as plain data: times in RFC 3339, durations in milliseconds. */
export function buildConnection(judged: JudgedConnection, settings: TlsSettings): ReportConnection {
  const { timeline } = judged;
  return {
    stream: timeline.stream,
    client: timeline.client,
    proxy: timeline.proxy,
    namedClient: named(timeline.namedClient),
    start: timestamp(timeline.start),
    end: timestamp(timeline.end),
    closedBy: timeline.closedBy,
    firstFrame: timeline.firstFrame,
    lastFrame: timeline.lastFrame,
    verdict: judged.verdict,
    summary: judged.summary,
    continuedBy: judged.continuedBy?.stream ?? null,
    continues: judged.continues?.stream ?? null,
    connects: timeline.connects.map(({ request, target, response }) => ({
      frame: request.where.frame,
      time: timestamp(request.where.time),
      target: target.text,
      credentials: credentials(request.proxyAuthorization),
      response:
        response === null
          ? null
          : buildResponse(response, response.status === 401 ? response.challenges : response.proxyChallenges),
    })),
    tunnel: timeline.tunnel === null ? null : buildTunnel(judged, timeline.tunnel, settings),
    forwards: timeline.forwards.map((exchange) => buildExchange(exchange, judged, false)),
    notes: timeline.notes.map((note) => ({ id: note.id, frame: note.frame, text: noteText(note) })),
  };
}

function named(client: Timeline["namedClient"]): ReportConnection["namedClient"] {
  if (client === null) return null;
  const { ip, port, frame, time } = client;
  return { ip, port, frame, time: timestamp(time) };
}

function buildTunnel(judged: JudgedConnection, tunnel: TunnelFact, settings: TlsSettings): ReportTunnel {
  const { timeline } = judged;
  return {
    target: tunnel.target.text,
    frame: tunnel.opened?.frame ?? null,
    time: tunnel.opened === null ? null : timestamp(tunnel.opened.time),
    protocol: tunnel.protocol,
    stages: {
      connect: connectStage(timeline),
      tls: tlsStage(timeline, tunnel),
      https: httpsStage(judged, tunnel),
    },
    bytes: { client: tunnel.clientBytes, proxy: tunnel.serverBytes },
    tls: tunnel.tls === null ? null : buildTls(tunnel.tls, tunnel.inside, judged.interception, settings),
    exchanges: tunnel.exchanges.map((exchange) => buildExchange(exchange, judged, true)),
    signs: judged.signs.map(({ id, frame, time, frames, text }) => ({
      id,
      frame,
      time: timestamp(time),
      frames: [...new Set(frames)],
      text,
    })),
  };
}

function buildExchange(exchange: ExchangeFact, judged: JudgedConnection, inTunnel: boolean): ReportExchange {
  const { request, response } = exchange;
  const attribution = judged.attributions.get(exchange);
  const head: RequestHead | ResponseHead | null = request ?? response;
  // With a 407 beside them, the site's would look as if the proxy had refused them.
  const forSite = inTunnel || response?.status !== 407 ? request?.authorization : null;
  const sent = inTunnel ? forSite : (request?.proxyAuthorization ?? forSite);
  return {
    frame: head?.where.frame ?? 0,
    time: timestamp(head?.where.time ?? 0n),
    protocol: exchange.protocol,
    method: request?.method ?? null,
    url: exchange.url,
    credentials: credentials(sent ?? null),
    response: response === null ? null : buildResponse(response, askedBy(response)),
    sentBy: attribution?.sentBy ?? null,
    certainty: attribution?.certainty ?? null,
    evidence: attribution?.evidence ?? [],
  };
}

function buildResponse(response: ResponseHead, challenges: readonly Challenge[]): ReportResponse {
  return {
    frame: response.where.frame,
    time: timestamp(response.where.time),
    status: response.status,
    reason: response.reason,
    challenges: challenges.map(({ scheme, realm }): ReportChallenge => ({ scheme, realm })),
  };
}

function credentials(sent: Credentials | null): ReportCredentials | null {
  return sent === null ? null : { scheme: sent.scheme, step: sent.step, user: userOf(sent) };
}

function userOf({ user, domain }: Credentials): string | null {
  return user === null ? null : domain === null ? user : `${domain}\\${user}`;
}

/** "answered 200 after 407". */
function connectStage(timeline: Timeline): string {
  const statuses = timeline.connects.flatMap(({ response }) => (response === null ? [] : [response.status]));
  const last = statuses.at(-1);
  if (last === undefined) return timeline.connects.length === 0 ? "not in the capture" : "answer not in the capture";
  const before = statuses.slice(0, -1);
  return before.length === 0 ? `answered ${last}` : `answered ${last} after ${before.join(", ")}`;
}

/** "TLS 1.3, intercepted". */
function tlsStage(timeline: Timeline, tunnel: TunnelFact): string {
  if (tunnel.protocol === "none") return "nothing was sent";
  if (tunnel.tls === null) return "not TLS";
  const outcome = handshakeOutcome(timeline, tunnel, tunnel.tls);
  switch (outcome.kind) {
    case "complete":
      return "handshake complete";
    case "failed":
      return `failed: ${outcome.why}`;
    case "unseen":
      return `not seen whole: ${outcome.why}`;
  }
}

/** "401 by the proxy". */
function httpsStage(judged: JudgedConnection, tunnel: TunnelFact): string {
  for (const exchange of tunnel.exchanges) {
    const { response } = exchange;
    if (!isChallenge(response)) continue;
    const sender = judged.attributions.get(exchange)?.sentBy ?? "unknown";
    const by = sender === "proxy" ? "by the proxy" : sender === "origin" ? "by the site" : "by an unknown sender";
    return `${response.status} ${by} (${schemesText(askedBy(response))})`;
  }
  if (tunnel.exchanges.length > 0) {
    const statuses = tunnel.exchanges.flatMap(({ response }) => (response === null ? [] : [response.status]));
    return statuses.length === 0 ? "not answered" : `answered ${[...new Set(statuses)].slice(0, 5).join(", ")}`;
  }
  if (judged.verdict === "tunnel-401-suspected") return "cannot be seen without keys; looks like a 401 by the proxy";
  if (tunnel.protocol === "tls") {
    const isIdle =
      tunnel.inside === "full" || (tunnel.tls !== null && asksNothing(judged.timeline, tunnel, tunnel.tls));
    return isIdle ? NOTHING_ASKED : "cannot be seen without keys";
  }
  return tunnel.protocol === "none" ? "nothing was sent" : `carries ${tunnel.protocol}`;
}
