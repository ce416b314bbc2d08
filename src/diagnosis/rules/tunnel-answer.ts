// The case of a 401 or 407 inside a tunnel: its frames, its evidence, its sentence.
import { askedBy } from "../../http/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import type { JudgedConnection } from "../facts.ts";
import { openingOf } from "../opening.ts";
import type { FindingCase } from "../rule.ts";
import { connectSentence, schemesText } from "../wording.ts";
import { connectFrames, exchangeFrames } from "./frames.ts";

/** Describes the exchanges of a tunnel that were answered with `status`. */
export function describeTunnelAnswer(connection: JudgedConnection, status: 401 | 407): FindingCase {
  const { timeline } = connection;
  const answers = (timeline.tunnel?.exchanges ?? []).filter(({ response }) => response?.status === status);
  const worst = answers.find((exchange) => connection.attributions.get(exchange)?.sentBy === "proxy") ?? answers[0];
  const attribution = worst === undefined ? undefined : connection.attributions.get(worst);
  // Without keys there is no answer to show; the proxy's own records may have it.
  const told = worst === undefined && status === 401 ? connection.told : undefined;
  const response = worst?.response ?? null;
  const challenges = response === null ? [] : askedBy(response);
  const asked =
    response === null
      ? ""
      : ` The ${status} ${challenges.length === 0 ? "names" : "asks for"} ${schemesText(challenges)}.`;
  return {
    detail: `${connection.summary}${openedText(timeline)}${asked}`,
    frames: [...connectFrames(timeline), ...exchangeFrames(answers)],
    evidence: attribution?.evidence ?? told?.evidence ?? [],
    certainty: attribution?.certainty ?? told?.certainty ?? null,
  };
}

/** How the tunnel was opened, as far as that is in the capture. */
function openedText(timeline: Timeline): string {
  const opening = openingOf(timeline);
  if (opening !== null) return ` ${connectSentence(opening)}, so the tunnel was up.`;
  const last = timeline.connects.at(-1);
  if (last === undefined) return "";
  if (last.response !== null)
    return ` ${connectSentence(last)}. The CONNECT that opened the tunnel is not in the capture; what followed shows that it was up.`;
  return ` The answer to CONNECT ${last.target.text} (frame ${last.request.where.frame}) is not in the capture; what followed it shows that the tunnel was up.`;
}
