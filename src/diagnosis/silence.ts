// A tunnel that was opened, and in which nothing ever came back.
import { millisBetween } from "../bytes/index.ts";
import type { Timeline, TunnelFact } from "../proxy/index.ts";
import { isBroken, type JudgeContext, type Judgement, stillOpen } from "./judgement.ts";
import { QUICK_CLOSE_MS } from "./quick-close.ts";
import { closedText, duration, isClosedByClient, targetText } from "./wording.ts";

/** The proxy opened the tunnel, the client sent something, and nothing came back. */
export function silent(timeline: Timeline, tunnel: TunnelFact, context: JudgeContext): Judgement {
  const sentence = `Nothing came back through the tunnel to ${targetText(timeline)}`;
  // Of a proxy behind TLS more may be missing than TCP knows: records that could not be opened.
  const lost = timeline.fromProxy.gaps > 0 || timeline.gaps.some(({ from }) => from === "proxy");
  const unseen = timeline.fromClient.synSeen && !timeline.fromProxy.synSeen;
  if (unseen || lost || timeline.fromProxy.segments === 0) {
    return { verdict: "incomplete", summary: `${sentence}, but the capture has gaps there.` };
  }
  const since = tunnel.firstClient?.time ?? timeline.end;
  if (isBroken(since, timeline.end, context.holes))
    return { verdict: "incomplete", summary: `${sentence}, but files of the capture are missing there.` };
  if (timeline.closedBy === "open") return stillOpen(since, sentence, context);
  return { verdict: "no-response", summary: `${sentence} (${closedText(timeline)}${atOnce(timeline, tunnel)}).` };
}

/** What a close that came sooner than any wait says: silence is not what ended it. */
function atOnce(timeline: Timeline, { firstClient, tls }: TunnelFact): string {
  if (firstClient === null) return "";
  const waited = millisBetween(firstClient.time, timeline.end);
  if (waited >= QUICK_CLOSE_MS) return "";
  const within = `within ${duration(waited)} of`;
  if (isClosedByClient(timeline)) return ` ${within} its first bytes: too early to say that nobody would have answered`;
  if (tls?.clientHello == null) return ` ${within} the client's first bytes`;
  return ` ${within} the ClientHello: so does a proxy that refuses the site by the name in it, or a site that closes at once`;
}
