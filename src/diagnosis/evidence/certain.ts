// Evidence that needs no comparison: TLS that the proxy does not end, a proxy's own status, the proxy's own records.
import { endpointText } from "../wording.ts";
import type { Question } from "./types.ts";

/** A proxy that does not end the tunnel's TLS cannot write into it, whatever else points at it. */
export const ruledOut: Question = (_exchange, _head, { inTunnel, interception }) => {
  if (!inTunnel || interception.state !== "no" || interception.why === null) return [];
  return [{ says: "origin", weight: "certain", source: "interception", text: interception.why }];
};

/** A proxy that is asked for a page of its own, its statistics or its settings, is the site. */
export const ownSite: Question = ({ url }, _head, { timeline, inTunnel }) => {
  if (inTunnel || url === null) return [];
  if (!url.toLowerCase().startsWith(`http://${endpointText(timeline.proxy)}/`)) return [];
  return [
    {
      says: "origin",
      weight: "certain",
      source: "own-site",
      text: "the URL is the proxy's own address: here it is the site",
    },
  ];
};

/** A 407 speaks for a proxy by definition (RFC 9110 §15.5.8), though not for this one: servers behind it send what they like. */
export const proxyStatus: Question = (_exchange, head) => {
  if (head.status !== 407) return [];
  const text = `407 is a proxy's status (RFC 9110 §15.5.8), frame ${head.where.frame}`;
  return [{ says: "proxy", weight: "likely", source: "status", text }];
};

/** What the proxy itself wrote down about the transaction. */
export const passedOn: Question = (_exchange, _head, { told }) => told;
