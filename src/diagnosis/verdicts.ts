// The verdict of one connection: the worst of what was seen, and one sentence that says why.
import { gather, millisBetween, type Where } from "../bytes/index.ts";
import type { ConnectFact, ExchangeFact, Timeline, TunnelFact } from "../proxy/index.ts";
import type { TlsFacts } from "../tls-parse/index.ts";
import { brokenOff } from "./auth-steps.ts";
import { authJudgements, forwardedAll, lacksExchange } from "./auth-verdicts.ts";
import { askedBehind, endedByAlert, handshakeOutcome, secureFailure } from "./handshake.ts";
import { asksFurther, isForAnInnerProxy, tunnelInside } from "./inner-proxy.ts";
import { asFarAsSeen, byOrder, isBroken, type JudgeContext, type Judgement, stillOpen, worst } from "./judgement.ts";
import { isAlsoOfWebServers } from "./known-proxy.ts";
import { openingOf } from "./opening.ts";
import { isPageForTunnel, LIKE_A_PORTAL } from "./page-answer.ts";
import { QUICK_CLOSE_MS } from "./quick-close.ts";
import { shutText } from "./shut.ts";
import { silent } from "./silence.ts";
import type { Attribution, Verdict } from "./types.ts";
import { asksNothing, unaskedSentence } from "./unasked.ts";
import { unreached } from "./unreached.ts";
import { closedText, closerText, connectSentence, endpointText, requestText, targetText } from "./wording.ts";

/** The worst of all that the parts of the connection say. */
export function judge(timeline: Timeline, context: JudgeContext): Judgement {
  const judgements = [
    ...connectJudgements(timeline, context),
    ...(timeline.tunnel === null ? [] : tunnelJudgements(timeline, timeline.tunnel, context)),
    ...forwardJudgements(timeline, context),
    ...authJudgements(timeline, context),
    ...secureJudgements(timeline),
    ...beyondJudgements(timeline),
  ];
  return byOrder(asFarAsSeen(worst(judgements) ?? fallback(timeline, context), timeline, context), timeline);
}

// --- the stage `connect`

function connectJudgements(timeline: Timeline, context: JudgeContext): Judgement[] {
  const found: Judgement[] = [];
  for (const connect of timeline.connects) {
    if (connect.response?.status === 401) {
      found.push({ verdict: "connect-401", summary: `${connectSentence(connect)}: a proxy must ask with 407.` });
    }
  }
  const last = timeline.connects.at(-1);
  if (last === undefined || timeline.tunnel !== null) return found;
  if (brokenOff(timeline) !== null) {
    const summary = `The client closed the connection in the middle of its request CONNECT ${last.target.text} (frame ${last.request.where.frame}): nobody could answer that.`;
    // What it had been asked before counts.
    if (timeline.connects.length === 1 && timeline.forwards.length === 0)
      found.push({ verdict: "no-response", summary });
  } else if (last.response === null) found.push(unansweredConnect(last, timeline, context));
  else if (last.response.status >= 300 && last.response.status !== 401 && last.response.status !== 407) {
    const reason = last.response.reason === "" ? "" : ` ${last.response.reason}`;
    const { frame } = last.response.where;
    // The client may have asked for something else there, and got it.
    const isLast = !timeline.gaps.some(({ from, where }) => from === "client" && where.frame > frame);
    found.push(
      isLast
        ? { verdict: "tunnel-refused", summary: `${connectSentence(last)}${reason}: ${notOpened(last, timeline)}.` }
        : {
            verdict: "incomplete",
            summary: `${connectSentence(last)}; what the client sent behind that is not whole in the capture.`,
          },
    );
  }
  return found;
}

function notOpened({ response }: ConnectFact, { fromClient }: Timeline): string {
  const refused = isAlsoOfWebServers(response?.status ?? 0)
    ? "the tunnel was not opened"
    : "the proxy did not open the tunnel";
  if (fromClient.overlapsDiffering === 0) return refused;
  return `${refused}. The client's bytes were captured in two versions: another target may have been asked for`;
}

function unansweredConnect(connect: ConnectFact, timeline: Timeline, context: JudgeContext): Judgement {
  const sentence = connectSentence(connect);
  const unseen = `The answer to CONNECT ${connect.target.text} (frame ${connect.request.where.frame}) is not in the capture`;
  if (isBroken(connect.request.where.time, timeline.end, context.holes))
    return { verdict: "incomplete", summary: `${unseen}, of which files are missing behind it.` };
  const { cut, where } = connect.request;
  if (!cut && timeline.gaps.some((gap) => gap.from === "client" && gap.where.frame > where.frame))
    return { verdict: "incomplete", summary: `${unseen}, nor is what the client sent behind it.` };
  switch (connect.unanswered) {
    case "reset": {
      const how = timeline.closedBy.startsWith("reset") ? closedText(timeline) : "the proxy reset its stream";
      return { verdict: "no-response", summary: `${sentence}; ${how}.` };
    }
    case "closed": {
      const goesOn = timeline.clientEnd === "capture-end" && timeline.proxyEnd === "capture-end";
      const when = goesOn ? "the client took it back" : closerText(timeline);
      return { verdict: "no-response", summary: `${sentence} before ${when}.` };
    }
    case "cancelled":
      return { verdict: "ok", summary: `${sentence}: the proxy left it, and the client is to ask again elsewhere.` };
    case "still-open":
      return stillOpen(connect.request.where.time, sentence, context);
    default:
      return { verdict: "incomplete", summary: `${unseen}.` };
  }
}

// --- the stages `tls` and `https`

function tunnelJudgements(timeline: Timeline, tunnel: TunnelFact, context: JudgeContext): Judgement[] {
  const hello = tunnel.plaintextAnswer ? (tunnel.tls?.clientHello?.where.frame ?? null) : null;
  const answered = gather(tunnel.exchanges, (exchange) =>
    isForAnInnerProxy(exchange, tunnel) ? [] : tunnelExchange(exchange, hello, context),
  );
  // Of a tunnel with a 401 more is known than that it is not whole.
  const found = [...answered, ...unanswered(timeline, tunnel, context)].filter(
    ({ verdict }) => verdict !== "incomplete" || answered.length === 0,
  );
  // A plaintext 401 or 407 that answers the handshake is what went wrong; the failed handshake is its consequence.
  if (found.length > 0 && tunnel.plaintextAnswer) return found;
  if (tunnel.opened === null && timeline.connects.length === 0 && tunnel.exchanges.length === 0) {
    found.push({
      verdict: "incomplete",
      summary: "The connection was joined late: its CONNECT is not in the capture.",
    });
    return found;
  }
  if (tunnel.opened === null) {
    found.push({
      verdict: "incomplete",
      summary:
        tunnel.target.text === ""
          ? "The CONNECT and its answer are not in the capture, only the tunnel behind them."
          : `The answer to CONNECT ${tunnel.target.text} is not in the capture, only the tunnel behind it.`,
    });
  }
  found.push(...tunnelInside(timeline, tunnel));
  // What was found inside says more than what kind of protocol it is.
  const content = carried(timeline, tunnel, context);
  // Nor is a request answered that was sent into a handshake which fails.
  if (content.verdict === "tls-failed") return [...found.filter(({ verdict }) => verdict !== "no-response"), content];
  if (found.length === 0 || content.verdict !== "not-tls") found.push(content);
  return found;
}

/** `hello`: frame of the ClientHello, where it was answered in plain HTTP. */
function tunnelExchange(exchange: ExchangeFact, hello: number | null, context: JudgeContext): Judgement[] {
  const { response } = exchange;
  if (response === null) return [];
  const asked =
    exchange.request === null && hello !== null ? `The ClientHello (frame ${hello})` : requestText(exchange);
  const where = `${asked} was answered ${response.status} inside the tunnel (frame ${response.where.frame})`;
  if (response.status === 407) {
    return [{ verdict: "tunnel-407", summary: `${where}: too late, the client accepts a 407 only on the CONNECT.` }];
  }
  if (response.status !== 401) return [];
  const attribution = context.attributions.get(exchange);
  switch (attribution?.sentBy) {
    case "proxy": {
      const { further, certainty } = attribution;
      const by =
        further === undefined
          ? "the proxy"
          : `the further proxy ${endpointText(further.proxy)} (stream ${further.stream}), to which this one passes the tunnel unread`;
      const summary =
        certainty === "possible"
          ? `${where}, possibly by ${by}: then it should have asked with 407 on the CONNECT.`
          : `${where} by ${by}${further === undefined ? ", which" : ": that one"} should have asked with 407 on the CONNECT.`;
      return [{ verdict: "tunnel-401-proxy", summary }];
    }
    case "origin":
      return [
        {
          verdict: "tunnel-401-origin",
          summary: `${where}${attribution.certainty === "possible" ? ", as far as can be told," : ""} by the site itself: its own login.`,
        },
      ];
    default:
      return [
        { verdict: "tunnel-401-unattributed", summary: `${where}; who sent it cannot be told from this capture.` },
      ];
  }
}

/** Requests inside that were not answered. */
function unanswered(timeline: Timeline, tunnel: TunnelFact, context: JudgeContext): Judgement[] {
  const open = tunnel.exchanges.filter(
    (exchange) =>
      exchange.response === null && exchange.unanswered !== "cancelled" && !isForAnInnerProxy(exchange, tunnel),
  );
  // Before anything came back it is the tunnel that is silent.
  if (tunnel.serverBytes === 0 || tunnel.plaintextAnswer) return [];
  const isSettled = tunnel.exchanges.some(({ response }) => response !== null);
  return gather(open, (exchange) => {
    const judgement = unansweredRequest(exchange, timeline, context, " inside the tunnel");
    return judgement.verdict === "no-response" && isSettled && isQuickClose(exchange, timeline) ? [] : [judgement];
  });
}

/**
 * The connection was closed right behind the request, after others had been answered: a server that closes an idle connection
 * meets it with its FIN, and the client sends it again elsewhere (RFC 9112 §9.3.1), or a client that goes on takes it back.
 */
function isQuickClose({ request, unanswered: why }: ExchangeFact, { end, fromProxy }: Timeline): boolean {
  if (request === null || why === "still-open") return false;
  if (fromProxy.finFrame !== null && fromProxy.finFrame < request.where.frame) return true;
  return millisBetween(request.where.time, end) < QUICK_CLOSE_MS;
}

function carried(timeline: Timeline, tunnel: TunnelFact, context: JudgeContext): Judgement {
  const target = targetText(timeline);
  switch (tunnel.protocol) {
    case "tls":
      return tlsCarried(timeline, tunnel, context);
    case "none":
      if (timeline.closedBy === "open")
        return {
          verdict: "incomplete",
          summary: `The tunnel to ${target} was opened; the capture ends before anything was sent in it.`,
        };
      if (timeline.oneSided || timeline.gaps.some(({ where }) => !isBefore(where, tunnel.opened)))
        return { verdict: "incomplete", summary: `What was sent in the tunnel to ${target} is not in the capture.` };
      return {
        verdict: passed(context),
        summary: `The tunnel to ${target} was opened and closed without anything in it.`,
      };
    default:
      if (tunnel.serverBytes === 0) return silent(timeline, tunnel, context);
      if (
        lacksExchange(timeline) ||
        tunnel.exchanges.some(({ request, unanswered: why }) => request === null || why === "not-captured")
      ) {
        return {
          verdict: "incomplete",
          summary: `Bytes are missing from the tunnel to ${target} where a request or an answer would be.`,
        };
      }
      if (tunnel.protocol === "unknown" && beginsUnseen(timeline, tunnel)) {
        return {
          verdict: "incomplete",
          summary: `The beginning of the tunnel to ${target} is not in the capture, and what is there does not tell what it carries.`,
        };
      }
      if (tunnel.clientBytes === 0 && isPageForTunnel(timeline))
        return { verdict: "tunnel-refused", summary: `${pageSentence(timeline)}.` };
      return { verdict: "not-tls", summary: `The tunnel to ${target} carries ${protocolText(tunnel, context)}.` };
  }
}

/** "CONNECT www.example.com:443 (frame 1) was answered 200 (frame 2) with a page and not with a tunnel, …" */
function pageSentence(timeline: Timeline): string {
  const opening = openingOf(timeline);
  return `${opening === null ? "The CONNECT was answered" : connectSentence(opening)} ${LIKE_A_PORTAL}`;
}

/** What both sides said first in the tunnel is missing: the first bytes of either would tell what it is. */
function beginsUnseen({ gaps }: Timeline, { opened, firstClient, firstServer }: TunnelFact): boolean {
  const isMissing = (side: "client" | "proxy", first: Where | null): boolean =>
    first === null ||
    gaps.some(({ from, where }) => from === side && where.frame <= first.frame && !isBefore(where, opened));
  return gaps.length > 0 && isMissing("client", firstClient) && isMissing("proxy", firstServer);
}

function isBefore(where: Where, opened: Where | null): boolean {
  return opened !== null && where.frame < opened.frame;
}

function protocolText(tunnel: TunnelFact, { ownAnswer }: JudgeContext): string {
  switch (tunnel.protocol) {
    case "http":
      if (asksFurther(tunnel)) return ASKS_FURTHER;
      return `plain HTTP, without a 401 or 407${ownAnswer === null ? "" : `, but ${ownAnswer.text}`}`;
    case "http2":
      return "HTTP/2 in the clear";
    case "ssh":
      return "SSH";
    case "smtp":
      return "SMTP";
    default:
      return "something that is neither TLS nor HTTP";
  }
}

const ASKS_FURTHER = "requests to a further proxy, which asks for credentials itself";

function tlsCarried(timeline: Timeline, tunnel: TunnelFact, context: JudgeContext): Judgement {
  const tls = tunnel.tls;
  if (tls === null || (tunnel.serverBytes === 0 && tls.alerts.length === 0)) return silent(timeline, tunnel, context);
  const target = targetText(timeline);
  const outcome = handshakeOutcome(timeline, tunnel, tls);
  const began = tls.clientHello?.where.time ?? timeline.start;
  if (outcome.kind === "failed" && outcome.byClose && isBroken(began, timeline.end, context.holes))
    return {
      verdict: "incomplete",
      summary: `How the TLS handshake in the tunnel to ${target} went is not in the capture, of which files are missing there.`,
    };
  if (outcome.kind === "failed") {
    const page = isPageForTunnel(timeline) ? ` ${pageSentence(timeline)}.` : "";
    const behind = askedBehind(tls);
    const what =
      behind === null
        ? `The TLS handshake in the tunnel to ${target} failed`
        : `The tunnel to ${target} ended when the client was asked for a certificate behind the TLS handshake (frame ${behind})`;
    const summary = `${what}: ${outcome.why}.${page}`;
    return { verdict: "tls-failed", summary };
  }
  if (outcome.kind === "unseen")
    return {
      verdict: "incomplete",
      summary: `The TLS handshake in the tunnel to ${target} is not whole in the capture: ${outcome.why}.`,
    };
  if (tunnel.inside !== "full" && context.told.sentBy === "proxy" && context.told.certainty === "certain")
    return {
      verdict: "tunnel-401-proxy",
      summary: `Inside the tunnel to ${target}, which cannot be read here, the proxy asked for credentials (401): its own records say so. It should have asked with 407 on the CONNECT.`,
    };
  if (asksNothing(timeline, tunnel, tls)) {
    const verdict = tunnel.inside === "full" ? passed(context) : "encrypted";
    return { verdict, summary: unaskedSentence(timeline, tunnel, tls) };
  }
  if (tunnel.inside === "full") {
    const more = context.ownAnswer?.text ?? unreached(tunnel.exchanges) ?? endedEarly(tunnel, tls);
    const inside = more === null ? "nothing wrong" : `no 401 or 407, but ${more}`;
    const read = asksFurther(tunnel) ? `it carries ${ASKS_FURTHER}` : inside;
    return { verdict: passed(context), summary: `The inside of the tunnel to ${target} was read: ${read}.` };
  }
  if (tunnel.inside === "partial")
    return {
      verdict: "encrypted",
      summary: `The inside of the tunnel to ${target} could be read in part only: nothing wrong as far as it goes.`,
    };
  if (context.signs?.suspected === true) {
    const otherwise = context.signs.orRefusal ? "; a proxy that refuses everything would look the same" : "";
    return {
      verdict: "tunnel-401-suspected",
      summary: `The tunnel to ${target} cannot be read${shutText(tls)}, but sizes and times of its records look as if the proxy itself had asked for credentials inside (401) instead of on the CONNECT (407)${otherwise}.`,
    };
  }
  return {
    verdict: "encrypted",
    summary: `The tunnel to ${target} was set up as it should be; its inside cannot be read${shutText(tls)}.`,
  };
}

/** A fatal alert behind the handshake, and what it left without an answer. */
function endedEarly({ exchanges }: TunnelFact, tls: TlsFacts): string | null {
  const alert = endedByAlert(tls);
  if (alert === null) return null;
  const left = exchanges.find(({ request, response }) => request !== null && response === null);
  return left === undefined ? alert : `${alert}, and ${requestText(left)} was not answered`;
}

// --- forwarded requests

function forwardJudgements(timeline: Timeline, context: JudgeContext): Judgement[] {
  const found: Judgement[] = [];
  for (const exchange of timeline.forwards) {
    const { response } = exchange;
    if (response?.status === 401) {
      const where = `${requestText(exchange)} was answered 401 (frame ${response.where.frame})`;
      const { sentBy, certainty, evidence } = context.attributions.get(exchange) ?? NOBODY;
      const weak = certainty === null || certainty === "possible";
      if (exchange.request === null && weak) {
        found.push({
          verdict: "incomplete",
          summary: `${where}: what was asked, and by that who sent it, cannot be told.`,
        });
      } else if (sentBy === "proxy") {
        const by = certainty === "possible" ? ", possibly by the proxy: then it" : " by the proxy, which";
        found.push({ verdict: "forward-401-proxy", summary: `${where}${by} should have asked with 407.` });
      } else if (response.cut && weak) {
        found.push({
          verdict: "incomplete",
          summary: `${where}, of which the head is cut: who sent it cannot be told.`,
        });
      } else {
        const told = sentBy === "origin" && certainty !== "possible" ? "" : ", as far as can be told,";
        const contested = sentBy === "unknown" && evidence.length > 0;
        const by = contested
          ? "; signs speak for both, the site and the proxy"
          : `${told} by the site itself: its own login`;
        found.push({ verdict: "forward-401-origin", summary: `${where}${by}.` });
      }
    } else if (response === null && exchange.unanswered !== "cancelled")
      found.push(unansweredRequest(exchange, timeline, context));
  }
  return found;
}

const NOBODY: Attribution = { sentBy: "unknown", certainty: null, evidence: [] };

/** `where`: " inside the tunnel", or nothing. */
function unansweredRequest(exchange: ExchangeFact, timeline: Timeline, context: JudgeContext, where = ""): Judgement {
  const sentence = `${requestText(exchange)} was not answered${where}`;
  const since = exchange.request?.where.time ?? timeline.end;
  if (
    exchange.unanswered === "not-captured" ||
    exchange.unanswered === null ||
    isBroken(since, timeline.end, context.holes)
  )
    return { verdict: "incomplete", summary: `The answer to ${requestText(exchange)}${where} is not in the capture.` };
  if (exchange.unanswered === "still-open") return stillOpen(since, sentence, context);
  return { verdict: "no-response", summary: `${sentence} (${closedText(timeline)}).` };
}

// --- TLS to the proxy itself

/** What could be read of it may be in order: of the rest nothing is known. */
function secureJudgements({ secure }: Timeline): Judgement[] {
  if (secure === null || secure.opened === 0 || secure.closed + secure.damaged === 0) return [];
  return [
    {
      verdict: "encrypted",
      summary:
        "The client speaks TLS to the proxy itself, which could be read in part only: nothing wrong as far as it goes.",
    },
  ];
}

/** Of what was only counted nothing is known. */
function beyondJudgements({ notes }: Timeline): Judgement[] {
  const beyond = notes.find(({ id }) => id === "proxy-streams-full")?.detail?.count;
  if (beyond === undefined) return [];
  const summary = `This connection has more tunnels and requests than are looked at: ${beyond} of them were only counted.`;
  return [{ verdict: "incomplete", summary }];
}

/** `auth-ok` where a 407 came first, else `ok`. */
function passed({ chain }: JudgeContext): Verdict {
  return chain.steps.some((step) => step.status === 407) ? "auth-ok" : "ok";
}

function fallback(timeline: Timeline, context: JudgeContext): Judgement {
  const failed = secureFailure(timeline);
  if (failed !== null)
    return { verdict: "tls-failed", summary: `The TLS handshake with the proxy itself failed: ${failed.why}.` };
  if (timeline.secure !== null && timeline.secure.opened === 0) {
    return {
      verdict: "encrypted",
      summary: `The client speaks TLS to the proxy itself, which cannot be read${shutText(timeline.secure)}.`,
    };
  }
  if (timeline.gaps.length > 0 || timeline.lateStart || timeline.oneSided) {
    return { verdict: "incomplete", summary: "Too little of this connection is in the capture." };
  }
  if (timeline.connects.length + timeline.forwards.length > 0) return forwardedAll(timeline, context);
  return {
    verdict: "ok",
    summary: timeline.notes.some(({ id }) => id === "http-malformed")
      ? "What came on this connection is not HTTP: no request to the proxy was seen."
      : "The client asked nothing of the proxy on this connection.",
  };
}
