// Endpoints that did what only a proxy does: opened a tunnel, or asked with 407.
import { isSuccess } from "../http/index.ts";
import type { Timeline } from "../proxy/index.ts";
import type { CaptureFacts, JudgedConnection } from "./facts.ts";
import { endpointText } from "./wording.ts";

/** What web servers say to a method that they do not know, or to a target without a path (RFC 9110 §15.5, §15.6.2). */
const OF_WEB_SERVERS: ReadonlySet<number> = new Set([400, 404, 405, 501]);

/** Whether a web server that is asked for a tunnel answers with this status. */
export function isAlsoOfWebServers(status: number): boolean {
  return OF_WEB_SERVERS.has(status);
}

/** What is said where nothing else shows that the endpoint is a proxy. */
export function maybeNoProxy({ proxy }: Timeline): string {
  return `Nothing else in this capture shows that ${endpointText(proxy)} is a proxy: it opened no tunnel and sent no 407. A web server that is asked for a tunnel answers like this, too.`;
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
