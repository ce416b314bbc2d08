// The verdict of one connection: the worst of what was seen, and one sentence that says why.
import { gather, millisBetween, type Nanos, type Where } from "../bytes/index.ts";
import type { ConnectFact, ExchangeFact, Timeline, TunnelFact } from "../proxy/index.ts";
import { isRefusal } from "./auth-steps.ts";
import { handshakeOutcome } from "./handshake.ts";
import { isForAnInnerProxy } from "./inner-proxy.ts";
import type { AuthChain } from "./joins.ts";
import { isAlsoOfWebServers } from "./known-proxy.ts";
import { shutText } from "./shut.ts";
import type { SignsFound } from "./signs/index.ts";
import { type Attribution, VERDICTS, type Verdict } from "./types.ts";
import { connectSentence, duration, requestText, schemesText, targetText } from "./wording.ts";

/** A verdict and the sentence for it. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly summary: string;
}

/** What is known around a connection when it is judged. */
export interface JudgeContext {
  readonly chain: AuthChain;
  readonly attributions: ReadonlyMap<ExchangeFact, Attribution>;
  /** Time of the capture's last packet. */
  readonly captureEnd: Nanos | null;
  /** What the tunnel's records tell without keys; null where nothing is asked of them. */
  readonly signs: SignsFound | null;
  /** What the proxy's own records say of a 401 inside a tunnel that cannot be read. */
  readonly told: Attribution;
}

/** A request that waited this long at the end of the capture counts as never answered; less, and the capture may just end too early. */
const PATIENCE_MS = 20_000;

/** The worst of all that the parts of the connection say. */
export function judge(timeline: Timeline, context: JudgeContext): Judgement {
  const judgements = [
    ...connectJudgements(timeline, context),
    ...(timeline.tunnel === null ? [] : tunnelJudgements(timeline, timeline.tunnel, context)),
    ...forwardJudgements(timeline, context),
    ...authJudgements(timeline, context),
    ...secureJudgements(timeline),
  ];
  return worst(judgements) ?? fallback(timeline);
}

/** The first of `judgements` with the worst verdict; null of none. */
export function worst(judgements: readonly Judgement[]): Judgement | null {
  let result: Judgement | null = null;
  for (const judgement of judgements) {
    if (result === null || VERDICTS.indexOf(judgement.verdict) < VERDICTS.indexOf(result.verdict)) result = judgement;
  }
  return result;
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
  if (last.response === null) found.push(unansweredConnect(last, timeline, context));
  else if (last.response.status >= 300 && last.response.status !== 401 && last.response.status !== 407) {
    const { status, reason } = last.response;
    const said = `${connectSentence(last)}${reason === "" ? "" : ` ${reason}`}`;
    const who = isAlsoOfWebServers(status) ? "the tunnel was not opened" : "the proxy did not open the tunnel";
    found.push({ verdict: "tunnel-refused", summary: `${said}: ${who}.` });
  }
  return found;
}

function unansweredConnect(connect: ConnectFact, timeline: Timeline, context: JudgeContext): Judgement {
  const sentence = connectSentence(connect);
  switch (connect.unanswered) {
    case "reset":
      return { verdict: "no-response", summary: `${sentence}; the connection was reset (${timeline.closedBy}).` };
    case "closed":
      return { verdict: "no-response", summary: `${sentence} before the connection was closed.` };
    case "still-open":
      return stillOpen(connect.request.where.time, sentence, context);
    default:
      return {
        verdict: "incomplete",
        summary: `The answer to CONNECT ${connect.target.text} (frame ${connect.request.where.frame}) is not in the capture.`,
      };
  }
}

function stillOpen(since: Nanos, sentence: string, context: JudgeContext): Judgement {
  const waited = context.captureEnd === null ? 0 : millisBetween(since, context.captureEnd);
  if (waited >= PATIENCE_MS) {
    return { verdict: "no-response", summary: `${sentence} within ${duration(waited)}, when the capture ended.` };
  }
  return { verdict: "incomplete", summary: `${sentence} when the capture ended ${duration(waited)} later.` };
}

// --- the stages `tls` and `https`

function tunnelJudgements(timeline: Timeline, tunnel: TunnelFact, context: JudgeContext): Judgement[] {
  const hello = tunnel.plaintextAnswer ? (tunnel.tls?.clientHello?.where.frame ?? null) : null;
  const found = gather(tunnel.exchanges, (exchange) => tunnelExchange(exchange, hello, context));
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
  // What was found inside says more than what kind of protocol it is.
  const content = carried(timeline, tunnel, context);
  if (found.length === 0 || content.verdict !== "not-tls") found.push(content);
  return found;
}

/** `hello`: frame of the ClientHello, where it was answered in plain HTTP. */
function tunnelExchange(exchange: ExchangeFact, hello: number | null, context: JudgeContext): Judgement[] {
  const { response } = exchange;
  if (response === null || isForAnInnerProxy(exchange)) return [];
  const asked =
    exchange.request === null && hello !== null ? `The ClientHello (frame ${hello})` : requestText(exchange);
  const where = `${asked} was answered ${response.status} inside the tunnel (frame ${response.where.frame})`;
  if (response.status === 407) {
    return [{ verdict: "tunnel-407", summary: `${where}: too late, the client accepts a 407 only on the CONNECT.` }];
  }
  if (response.status !== 401) return [];
  const attribution = context.attributions.get(exchange);
  switch (attribution?.sentBy) {
    case "proxy":
      return [
        {
          verdict: "tunnel-401-proxy",
          summary:
            attribution.certainty === "possible"
              ? `${where}, possibly by the proxy: then it should have asked with 407 on the CONNECT.`
              : `${where} by the proxy, which should have asked with 407 on the CONNECT.`,
        },
      ];
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
      return {
        verdict: passed(context),
        summary: `The tunnel to ${target} was opened and closed without anything in it.`,
      };
    default:
      if (tunnel.serverBytes === 0) return silent(timeline, tunnel, context);
      if (tunnel.exchanges.some(({ unanswered }) => unanswered === "not-captured")) {
        return {
          verdict: "incomplete",
          summary: `Bytes are missing from the tunnel to ${target} where an answer would be.`,
        };
      }
      if (tunnel.protocol === "unknown" && beginsUnseen(timeline, tunnel)) {
        return {
          verdict: "incomplete",
          summary: `The beginning of the tunnel to ${target} is not in the capture, and what is there does not tell what it carries.`,
        };
      }
      return { verdict: "not-tls", summary: `The tunnel to ${target} carries ${protocolText(tunnel)}.` };
  }
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

function protocolText(tunnel: TunnelFact): string {
  switch (tunnel.protocol) {
    case "http":
      return tunnel.exchanges.some(({ response }) => response?.status === 401 || response?.status === 407)
        ? "requests to a further proxy, which asks for credentials itself"
        : "plain HTTP, without a 401 or 407";
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

/** The proxy opened the tunnel, the client sent something, and nothing came back. */
function silent(timeline: Timeline, tunnel: TunnelFact, context: JudgeContext): Judgement {
  const sentence = `Nothing came back through the tunnel to ${targetText(timeline)}`;
  if (timeline.fromProxy.gaps > 0 || timeline.fromProxy.segments === 0) {
    return { verdict: "incomplete", summary: `${sentence}, but the capture has gaps there.` };
  }
  if (timeline.closedBy === "open") return stillOpen(tunnel.firstClient?.time ?? timeline.end, sentence, context);
  return { verdict: "no-response", summary: `${sentence} (${closedText(timeline)}).` };
}

function tlsCarried(timeline: Timeline, tunnel: TunnelFact, context: JudgeContext): Judgement {
  const tls = tunnel.tls;
  if (tls === null || (tunnel.serverBytes === 0 && tls.alerts.length === 0)) return silent(timeline, tunnel, context);
  const target = targetText(timeline);
  const outcome = handshakeOutcome(timeline, tunnel, tls);
  if (outcome.kind === "failed")
    return { verdict: "tls-failed", summary: `The TLS handshake in the tunnel to ${target} failed: ${outcome.why}.` };
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
  if (tunnel.inside === "full")
    return { verdict: passed(context), summary: `The inside of the tunnel to ${target} was read: nothing wrong.` };
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

// --- forwarded requests

function forwardJudgements(timeline: Timeline, context: JudgeContext): Judgement[] {
  const found: Judgement[] = [];
  for (const exchange of timeline.forwards) {
    const { response } = exchange;
    if (response?.status === 401) {
      const where = `${requestText(exchange)} was answered 401 (frame ${response.where.frame})`;
      const { sentBy, certainty, evidence } = context.attributions.get(exchange) ?? NOBODY;
      if (sentBy === "proxy") {
        const by = certainty === "possible" ? ", possibly by the proxy: then it" : " by the proxy, which";
        found.push({ verdict: "forward-401-proxy", summary: `${where}${by} should have asked with 407.` });
      } else {
        const told = sentBy === "origin" && certainty !== "possible" ? "" : ", as far as can be told,";
        const contested = sentBy === "unknown" && evidence.length > 0;
        const by = contested
          ? "; signs speak for both, the site and the proxy"
          : `${told} by the site itself: its own login`;
        found.push({ verdict: "forward-401-origin", summary: `${where}${by}.` });
      }
    } else if (response === null) found.push(unansweredForward(exchange, timeline, context));
  }
  return found;
}

const NOBODY: Attribution = { sentBy: "unknown", certainty: null, evidence: [] };

function unansweredForward(exchange: ExchangeFact, timeline: Timeline, context: JudgeContext): Judgement {
  const sentence = `${requestText(exchange)} was not answered`;
  if (exchange.unanswered === "not-captured" || exchange.unanswered === null) {
    return { verdict: "incomplete", summary: `The answer to ${requestText(exchange)} is not in the capture.` };
  }
  if (exchange.unanswered === "still-open")
    return stillOpen(exchange.request?.where.time ?? timeline.end, sentence, context);
  return { verdict: "no-response", summary: `${sentence} (${closedText(timeline)}).` };
}

// --- authentication at the proxy

function authJudgements(timeline: Timeline, { chain }: JudgeContext): Judgement[] {
  if (timeline.forwards.some(({ request, response }) => request === null && response !== null)) {
    return [
      { verdict: "incomplete", summary: "Responses of the proxy are in the capture, the requests to them are not." },
    ];
  }
  const bare = chain.steps.find((step) => step.status === 407 && step.challenges.length === 0);
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
      ? [{ verdict: "ok", summary: "The proxy forwarded every request." }]
      : [];
  const refusals = chain.steps.filter(isRefusal);
  const schemes = schemesText(challenged.challenges);
  if (last.status === 407) {
    if (refusals.length >= 2) {
      return [
        {
          verdict: "auth-loop",
          summary: `The proxy refused complete credentials ${refusals.length} times (frames ${refusals.map((step) => step.responseFrame).join(", ")}), until the client gave up.`,
        },
      ];
    }
    if (refusals.length === 1 && isRefusal(last)) {
      return [
        {
          verdict: "auth-abandoned",
          summary: `The proxy refused the client's credentials (frame ${last.responseFrame}), and the client did not try again.`,
        },
      ];
    }
    return [
      {
        verdict: "auth-abandoned",
        summary: `The proxy asked for credentials (407 with ${schemes}, frame ${last.responseFrame}), and the client never came back with any.`,
      },
    ];
  }
  if (last.status === null || last.status >= 400) return [];
  // The tunnel's inside decides for the connection that carries it; a connection that was only challenged is in order.
  if (timeline.tunnel !== null) return [];
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

/** `auth-ok` where a 407 came first, else `ok`. */
function passed({ chain }: JudgeContext): Verdict {
  return chain.steps.some((step) => step.status === 407) ? "auth-ok" : "ok";
}

function fallback(timeline: Timeline): Judgement {
  if (timeline.secure !== null && timeline.secure.opened === 0) {
    return {
      verdict: "encrypted",
      summary: `The client speaks TLS to the proxy itself, which cannot be read${shutText(timeline.secure)}.`,
    };
  }
  if (timeline.gaps.length > 0 || timeline.lateStart || timeline.oneSided) {
    return { verdict: "incomplete", summary: "Too little of this connection is in the capture." };
  }
  if (timeline.connects.length + timeline.forwards.length > 0)
    return { verdict: "ok", summary: "The proxy forwarded every request." };
  return {
    verdict: "ok",
    summary: timeline.notes.some(({ id }) => id === "http-malformed")
      ? "What came on this connection is not HTTP: no request to the proxy was seen."
      : "The client asked nothing of the proxy on this connection.",
  };
}

function closedText(timeline: Timeline): string {
  switch (timeline.closedBy) {
    case "fin":
      return "the connection was closed";
    case "reset-by-client":
      return "the client reset the connection";
    case "reset-by-proxy":
      return "the proxy reset the connection";
    default:
      return "the connection was still open";
  }
}
