// Tunnels that lead to a further proxy.
import { isChallenge, isSuccess } from "../http/index.ts";
import type { ExchangeFact, Timeline, TunnelFact } from "../proxy/index.ts";
import type { Judgement } from "./judgement.ts";
import { hostOf, serverNameOf, targetText } from "./wording.ts";

/**
 * Whether a request in a tunnel speaks to a further proxy: what that one answers, and how it asks, is its own affair. An extended CONNECT
 * (RFC 8441 §4) names a path: it asks the site itself for a WebSocket. So does an absolute form that names the tunnel's own host, which
 * every server has to accept (RFC 9112 §3.2.2).
 */
export function isForAnInnerProxy({ request, url }: ExchangeFact, { target, tls }: TunnelFact): boolean {
  if (request === null) return false;
  if (request.form === "authority") return true;
  if (request.form !== "absolute") return false;
  const host = url === null ? null : hostOf(url);
  return host === null || (host !== target.host.toLowerCase() && host !== serverNameOf(tls));
}

/** Whether a further proxy, or what is behind it, asked for credentials in the tunnel. */
export function asksFurther(tunnel: TunnelFact): boolean {
  return tunnel.exchanges.some((exchange) => isChallenge(exchange.response) && isForAnInnerProxy(exchange, tunnel));
}

/** A tunnel that a further proxy opened in this one: nothing reads on in it. */
export function tunnelInside(timeline: Timeline, { exchanges }: TunnelFact): readonly Judgement[] {
  for (const { request, response } of exchanges) {
    if (request?.form !== "authority" || response === null || !isSuccess(response.status)) continue;
    const opened = `${request.method} ${request.target} (frame ${request.where.frame}) was answered ${response.status} (frame ${response.where.frame})`;
    const summary = `The tunnel to ${targetText(timeline)} leads to a further proxy, which opened another one in it (${opened}): what that carries was not looked at.`;
    return [{ verdict: "incomplete", summary }];
  }
  return [];
}
