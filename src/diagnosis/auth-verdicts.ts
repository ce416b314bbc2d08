// What the steps of the authentication at the proxy say: loops, challenges without a scheme or an answer, and success.
import { millisBetween, type Nanos } from "../bytes/index.ts";
import type { Credentials } from "../http/index.ts";
import type { Timeline } from "../proxy/index.ts";
import { acceptedBefore } from "./accepted.ts";
import {
  type AuthStep,
  areOfAnotherScheme,
  bareStep,
  brokenOff,
  isHalfway,
  isLeftAlone,
  isNtlmInNegotiate,
  isRefusal,
  otherThanAsked,
} from "./auth-steps.ts";
import { type Extent, isPatient, type JudgeContext, type Judgement, MISSING_BEHIND, seenUntil } from "./judgement.ts";
import { unreached } from "./unreached.ts";
import { duration, framesText, schemesText } from "./wording.ts";

/** A program that has credentials sends them within a round trip or two; who is asked by a login box may leave it open for as long as they like. */
const COMES_BACK_MS = 3_000;

/** Whether a client that was asked came back, and how that ended. */
export function authJudgements(timeline: Timeline, context: JudgeContext): Judgement[] {
  const { chain } = context;
  if (timeline.forwards.some(({ request, response }) => request === null && response !== null)) {
    return [
      { verdict: "incomplete", summary: "Responses of the proxy are in the capture, the requests to them are not." },
    ];
  }
  const bare = bareStep(chain.steps, timeline);
  if (bare?.cut === true) {
    return [
      {
        verdict: "incomplete",
        summary: `The 407 of frame ${bare.responseFrame} is cut: which schemes it offers is not in the capture.`,
      },
    ];
  }
  if (bare !== undefined) {
    const summary = `The 407 of frame ${bare.responseFrame} names no authentication scheme: no client can answer it.`;
    return [{ verdict: "auth-no-scheme", summary }];
  }
  const challenged = chain.steps.find((step) => step.status === 407);
  const last = chain.steps.at(-1);
  if (last === undefined) return [];
  if (challenged === undefined)
    return timeline.tunnel === null && last.status !== null && last.status < 400
      ? [forwardedAll(timeline, context)]
      : [];
  if (last.status === 407) return [leftUnanswered(timeline, last, schemesText(challenged.challenges), context)];
  const schemes = schemesText(challenged.challenges);
  if (last.status === null || last.status >= 400) {
    if (chain.members.at(-1) === timeline) return [];
    // Its own part is over: it was asked, and the client came back elsewhere.
    const asked = `The proxy asked for credentials (407 with ${schemes}, frame ${challenged.responseFrame}), and the client came back (frame ${last.frame})`;
    if (last.status === null && (last.unanswered === "closed" || last.unanswered === "reset"))
      return [{ verdict: "ok", summary: `${asked}; that was not answered before the connection was closed.` }];
    return last.status === null
      ? [{ verdict: "incomplete", summary: `${asked}; how that was answered is not in the capture.` }]
      : [{ verdict: "ok", summary: `${asked}, which was answered ${last.status} (frame ${last.responseFrame}).` }];
  }
  // The tunnel's inside decides for the connection that carries it; a connection that was only challenged is in order.
  if (timeline.tunnel !== null) return [];
  const all = forwardedAll(timeline, context);
  if (all.verdict === "incomplete") return [all];
  const answered = chain.steps.find(
    (step) => step.frame > challenged.frame && step.status !== null && step.status < 400,
  );
  return [
    {
      verdict: "auth-ok",
      summary: `Challenged with 407 (${schemes}, frame ${challenged.responseFrame}), answered, and let through (frame ${answered?.responseFrame ?? last.responseFrame}).`,
    },
  ];
}

/** The proxy's last word was a 407. `schemes`: what the first one offered, in words. */
function leftUnanswered(timeline: Timeline, last: AuthStep, schemes: string, context: JudgeContext): Judgement {
  const { refusals } = context.chain;
  const unseen = whyUnseen(last, context);
  const before = acceptedBefore(timeline, last, context.accepted);
  const dropped = context.chain.members.reduce((sum, { connects }) => sum + (connects.at(-1)?.droppedBefore ?? 0), 0);
  const times = `${dropped > 0 ? "more than " : ""}${refusals.length} times`;
  const isForeign = (refused: readonly AuthStep[]) =>
    before === null && areOfAnotherScheme(refused, context.chain.steps);
  if (refusals.length >= 2) {
    const frames = framesText(refusals.map((step) => step.responseFrame ?? step.frame));
    const what = !isForeign(refusals)
      ? `The proxy refused complete credentials ${times} (${frames})`
      : `${foreignText(refusals[0]!)}, and sent credentials ${times} in all (407 in ${frames})`;
    return {
      verdict: "auth-loop",
      summary: `${what}${unseen === null ? ", until the client gave up" : `; ${unseen}`}.`,
    };
  }
  if (unseen !== null) {
    return {
      verdict: "incomplete",
      summary: `The proxy asked for credentials (407 with ${schemes}, frame ${last.responseFrame}); whether the client came back cannot be told: ${unseen}.`,
    };
  }
  const other = refusals.length === 1 ? otherThanAsked(last, context.chain.steps, before?.challenges ?? []) : null;
  if (other !== null) {
    const asks =
      other === "realm" ? "for another realm (407" : `of other schemes (407 with ${schemesText(last.challenges)}`;
    const isAnswer = context.chain.steps.some(({ status, frame }) => status === 407 && frame < last.frame);
    const sent = isAnswer
      ? `answered the proxy's 407 (frame ${last.frame})`
      : `sent the credentials that the proxy had let through in frame ${before?.frame} once more (frame ${last.frame})`;
    return {
      verdict: "auth-abandoned",
      summary: `The client ${sent}, and was asked for credentials ${asks}, frame ${last.responseFrame}), as a further proxy behind this one does; the client did not come back with any${until(last, context)}.`,
    };
  }
  if (isForeign([last]))
    return {
      verdict: "auth-abandoned",
      summary: `${foreignText(last)}, and did not try again${until(last, context)}.`,
    };
  if (refusals.length === 1 && isRefusal(last)) {
    return {
      verdict: "auth-abandoned",
      summary: `The proxy refused the client's credentials (frame ${last.responseFrame}), ${before === null ? "" : `the same that it had let through in frame ${before.frame}, `}and the client did not try again${until(last, context)}.`,
    };
  }
  if (isLeftAlone(last) && whole(context) === "") {
    return {
      verdict: "auth-abandoned",
      summary: `The client began to authenticate (${messageText(last.credentials)}, frame ${last.frame}), and the proxy did not go on with that: its next 407 (frame ${last.responseFrame}) has no message in answer. The client did not try again${until(last, context)}.${dropped > 0 ? ` It had asked ${dropped} times more on this connection.` : ""}`,
    };
  }
  if (isHalfway(last)) {
    return {
      verdict: "auth-abandoned",
      summary: `The client began to authenticate (${last.credentials?.scheme}, frame ${last.frame}), and nothing ${whole(context)}followed the proxy's next 407 (frame ${last.responseFrame})${until(last, context)}.`,
    };
  }
  const sent = context.chain.steps.findLast((step) => step.credentials !== null);
  if (sent?.status === 407 && last.credentials === null) {
    const before = isForeign([sent])
      ? foreignText(sent)
      : isHalfway(sent)
        ? `The client began to authenticate (${sent.credentials?.scheme}, frame ${sent.frame})`
        : `The proxy refused the client's credentials (frame ${sent.responseFrame})`;
    return {
      verdict: "auth-abandoned",
      summary: `${before}, and then the client asked without any (407, frame ${last.responseFrame}) and did not come back${until(last, context)}.`,
    };
  }
  const begun = whole(context);
  const left = begun === "" ? "the client never came back with any" : `nothing ${begun}followed`;
  return {
    verdict: "auth-abandoned",
    summary: `The proxy asked for credentials (407 with ${schemes}, frame ${last.responseFrame}), and ${left}${until(last, context)}.${cutShort(last, context)}`,
  };
}

/** "The client sent Basic (frame 4), which the proxy does not offer (407 with Digest, frame 6)". */
function foreignText({ credentials, frame, challenges, responseFrame }: AuthStep): string {
  const offered = `407 with ${schemesText(challenges)}, frame ${responseFrame}`;
  return `The client sent ${messageText(credentials)} (frame ${frame}), which the proxy does not offer (${offered})`;
}

/** "Negotiate with an NTLM message" where that is what the scheme carries; otherwise its name. */
function messageText(credentials: Credentials | null): string {
  const scheme = credentials?.scheme ?? "";
  return isNtlmInNegotiate(credentials) ? `${scheme} with an NTLM message` : scheme;
}

/** A client that leaves in the middle of a request did begin one. */
function whole({ chain }: JudgeContext): string {
  const asked = chain.members.at(-1);
  const broken = asked === undefined ? null : brokenOff(asked);
  return broken === null ? "" : `but the beginning of a request (frame ${broken.request.where.frame}) `;
}

/** A 407 of which the proxy sends less than it has announced is none that a client can answer: it waits for the rest, and gives up. */
function cutShort({ responseFrame }: AuthStep, { chain }: JudgeContext): string {
  const asked = chain.members.at(-1);
  const { finFrame, gaps } = asked?.fromProxy ?? { finFrame: null, gaps: 1 };
  const isCut = asked?.notes.some(({ id, frame }) => id === "http-body-cut" && frame === finFrame) === true;
  if (!isCut || gaps > 0 || finFrame === null || finFrame < (responseFrame ?? 0)) return "";
  return ` The proxy closed the connection (frame ${finFrame}) before the end of that answer's body, which some clients cannot use then.`;
}

/** All that was asked was answered; where requests may be missing, no more is said than that. */
export function forwardedAll(timeline: Timeline, { ownAnswer }: JudgeContext): Judgement {
  const { gaps, lateStart, forwards } = timeline;
  const seen = lateStart ? " that is in the capture" : "";
  const more = ownAnswer?.text ?? unreached(forwards);
  const isMissing = lacksExchange(timeline);
  return isMissing || gaps.some(({ from }) => from === "client")
    ? {
        verdict: "incomplete",
        summary: `Bytes of the ${isMissing ? "proxy" : "client"} are missing: not all that ${isMissing ? "was asked" : "it asked for"} is in the capture.`,
      }
    : {
        verdict: "ok",
        summary: `The proxy answered every request${seen}${more === null ? "" : `; ${more}`}.`,
      };
}

/** Whether something was asked and answered that is not in the capture: an answer's lost bytes alone tell of it. */
export function lacksExchange({ notes }: Timeline): boolean {
  return notes.some(({ id }) => id === "proxy-exchange-missing");
}

/** How long it could have, where that is no long time: a browser that lost its connection is back in a moment. */
function until({ responseTime }: AuthStep, context: JudgeContext): string {
  if (responseTime === null || isPatient(responseTime, context)) return "";
  const until = seenUntil(responseTime, context);
  if (until === null) return "";
  const waited = duration(millisBetween(responseTime, until));
  return until === context.captureEnd
    ? `, up to the capture's end ${waited} later`
    : ` within ${waited}${MISSING_BEHIND}`;
}

/** Why the capture may not show what the client did behind its last 407, in words; null if it would show it. */
function whyUnseen({ responseFrame, responseTime }: AuthStep, context: JudgeContext): string | null {
  const { chain, captureEnd } = context;
  const asked = chain.members.at(-1);
  if (asked === undefined || responseFrame === null || responseTime === null) return null;
  if (asked.forwardsDropped > 0) return `${asked.forwardsDropped} more requests on this connection are not looked at`;
  if (asked.tunnel !== null || asked.gaps.some(({ where }) => where.frame > responseFrame))
    return "what followed on this connection is not whole in the capture";
  if (chain.unseen) return "the beginning of a later connection of this client is not in the capture";
  if (!endsTooSoon(asked, responseTime, context)) return null;
  const until = seenUntil(responseTime, context) ?? responseTime;
  const waited = duration(millisBetween(responseTime, until));
  return until === captureEnd
    ? `the capture ends ${waited} later, with the connection open`
    : `files of the capture are missing from ${waited} later on`;
}

/** Whether what is there ends before a client could have come back for a challenge. */
export function endsTooSoon({ clientEnd }: Pick<Timeline, "clientEnd">, challenged: Nanos, extent: Extent): boolean {
  const until = seenUntil(challenged, extent);
  if (until === null || millisBetween(challenged, until) >= COMES_BACK_MS) return false;
  // Whoever closed may have come back on another connection, which the capture's end leaves less room for than a hole.
  return until !== extent.captureEnd || clientEnd === "capture-end";
}
