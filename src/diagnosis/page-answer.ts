// A page where a tunnel was asked for: captive portals answer every request so, and some web servers take no notice of the method.
import { fieldOf } from "../http/index.ts";
import type { Timeline } from "../proxy/index.ts";
import { openingOf } from "./opening.ts";

/**
 * Whether the 2xx to the CONNECT says that a page follows, and no TLS came back. RFC 9110 §9.3.6: such an answer has neither
 * Content-Length nor Transfer-Encoding; a length of 0 is sent by proxies that do open the tunnel.
 */
export function isPageForTunnel(timeline: Timeline): boolean {
  const { tunnel } = timeline;
  const head = openingOf(timeline)?.response ?? null;
  if (tunnel === null || head === null || tunnel.serverBytes === 0 || (tunnel.tls?.serverHello ?? null) !== null)
    return false;
  if (!head.chunked && (head.contentLength ?? 0) === 0) return false;
  return /^\s*(?:text\/|application\/(?:xhtml\+xml|json)\b)/i.test(fieldOf(head, "content-type") ?? "");
}

/** What it looks like, in words. */
export const LIKE_A_PORTAL =
  "with a page and not with a tunnel, as a captive portal does, or a web server that takes no notice of the method";

/** What to do about it. */
export const PAGE_ADVICE = {
  helpdesk:
    "Open a plain http:// page in a browser: a network that wants a sign-in first shows it there. If none is shown, check that the proxy's address and port in the settings are those of a proxy.",
  proxyAdmin:
    "Find out which device answers at this address and port: a portal in front of the proxy has to let known clients pass, and must not answer a CONNECT with 200 and a page.",
};
