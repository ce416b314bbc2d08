// A 407 outside of tunnels that came from behind the proxy: what a finding says of it.
import { askedBy } from "../../http/index.ts";
import type { CaptureFacts, JudgedConnection } from "../facts.ts";
import { passedFrom, passedOnText } from "../further-proxy.ts";
import type { FindingCase } from "../rule.ts";
import { schemesText } from "../wording.ts";

const TITLE = "A 407 from behind the proxy, which passed it on";
const ADVICE = {
  helpdesk: "This proxy did not ask, and the user can do nothing about it. Give this report to its administrator.",
  proxyAdmin:
    "Whoever stands behind this proxy asks for credentials. If that is a further proxy, let this one sign in to it by itself (Squid: login= of cache_peer), or let it ask nothing of this one's address; if it is a web server, its operator has to know that 407 is for proxies only.",
};

/**
 * The case of a connection that the 407 of `frame` decides about, in words for one that came from a further proxy, or from whom the
 * server leg shows; as it is where nothing shows that.
 */
export function orFromBehind(
  own: FindingCase,
  frame: number | null,
  { timeline, attributions }: JudgedConnection,
  capture: CaptureFacts,
): FindingCase {
  const answered = [...timeline.connects, ...timeline.forwards].find(({ response }) => response?.where.frame === frame);
  if (answered?.request == null || answered.response === null) return own;
  const { request, response } = answered;
  const parent = passedFrom(timeline, { request, response }, capture);
  const shown = timeline.forwards.flatMap((one) => (one === answered ? (attributions.get(one)?.evidence ?? []) : []));
  if (parent === null && shown.length === 0) return own;
  const gone = askedBy(response).length === 0 ? ", and lost what it asks for on its way" : "";
  const told =
    parent === null
      ? [`The 407 came to the proxy from behind it${gone}.`]
      : [
          `The same request had been answered 407 (${schemesText(askedBy(parent.response))}, frame ${parent.response.where.frame}) just before ${parent.text}: this proxy passed that on${gone}.`,
        ];
  const passed = parent === null ? [] : [passedOnText(response.where.frame, parent)];
  return {
    ...own,
    detail: [own.detail, ...told].join(" "),
    evidence: [...(own.evidence ?? []), ...passed, ...shown],
    certainty: "likely",
    title: TITLE,
    advice: ADVICE,
  };
}
