// Tunnels that lead to a further proxy.
import type { ExchangeFact } from "../proxy/index.ts";

/** Whether a request in a tunnel speaks to a further proxy: what that one answers, and how it asks, is its own affair. */
export function isForAnInnerProxy({ request }: ExchangeFact): boolean {
  return request !== null && (request.method === "CONNECT" || request.form === "absolute");
}
