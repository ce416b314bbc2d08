// Tunnels that lead to a further proxy.
import type { ExchangeFact } from "../proxy/index.ts";

/**
 * Whether a request in a tunnel speaks to a further proxy: what that one answers, and how it asks, is its own affair. An extended CONNECT
 * (RFC 8441 §4) names a path: it asks the site itself for a WebSocket.
 */
export function isForAnInnerProxy({ request }: ExchangeFact): boolean {
  return request !== null && (request.form === "authority" || request.form === "absolute");
}
