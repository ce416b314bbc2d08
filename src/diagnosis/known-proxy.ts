// Endpoints that did what only a proxy does: opened a tunnel, or asked with 407.
import { isSuccess } from "../http/index.ts";
import type { CaptureFacts, JudgedConnection } from "./facts.ts";
import { endpointText } from "./wording.ts";

/** What web servers say to a method that they do not know, or to a target without a path (RFC 9110 §15.5, §15.6.2). */
const OF_WEB_SERVERS: ReadonlySet<number> = new Set([400, 404, 405, 501]);

/** Whether a web server that is asked for a tunnel answers with this status. */
export function isAlsoOfWebServers(status: number): boolean {
  return OF_WEB_SERVERS.has(status);
}

/** Made once per capture. */
const KNOWN = new WeakMap<CaptureFacts, ReadonlySet<string>>();

/** Whether the endpoint opened a tunnel, or asked with 407. */
export function isKnownProxy({ timeline: { proxy } }: JudgedConnection, capture: CaptureFacts): boolean {
  let known = KNOWN.get(capture);
  if (known === undefined) {
    known = knownIn(capture);
    KNOWN.set(capture, known);
  }
  return known.has(endpointText(proxy));
}

function knownIn({ connections }: CaptureFacts): ReadonlySet<string> {
  const known = new Set<string>();
  for (const { timeline } of connections) {
    const acts = timeline.connects.some(
      ({ response }) => response !== null && (response.status === 407 || isSuccess(response.status)),
    );
    if (acts) known.add(endpointText(timeline.proxy));
  }
  return known;
}
