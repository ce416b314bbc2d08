// NTLM authenticates a connection: whoever closes it between the legs of the handshake ends it for good.
import { gather } from "../../bytes/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { authSteps, isNtlmChallenge, ntlmMessage } from "../auth-steps.ts";
import type { JudgedConnection } from "../facts.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";

const TEXT: RuleText = {
  id: "ntlm-broken-connection",
  severity: "error",
  title: "The connection was closed in the middle of an NTLM handshake",
  meaning:
    "NTLM (alone or inside Negotiate) needs three messages on one and the same connection. If the proxy, or something between, closes the connection behind the challenge, the client has to start over on a new one, and the handshake never ends.",
  looksLike:
    "407 to an NTLM type 1 message with a type 2 message in it, then the end of the connection; or a type 3 message as first one on a connection.",
  example: [
    "> CONNECT with NTLM type 1",
    "< 407 with NTLM type 2, Connection: close",
    "FIN by the proxy: the type 3 message has nowhere to go",
  ],
  evidence:
    "The frame of the challenge and the end of the connection, or the frame of the type 3 message without its beginning.",
  advice: {
    helpdesk: "The password is not the problem. Give the frame numbers to the administrator of the proxy.",
    proxyAdmin:
      "Keep connections alive through the handshake: no Connection: close with the 407, no load balancer that spreads requests of one connection, no short idle time-out, HTTP/1.1 persistence for this listener. Kerberos through Negotiate needs no such connection.",
  },
  references: ["RFC 4559 §6 (security considerations)", "MS-NTHT: NTLM over HTTP", "RFC 9112 §9.3 (persistence)"],
};

export const ntlmBrokenConnection: Rule = {
  ...TEXT,
  find: (capture) => gather(capture.connections, broken),
};

function broken({ timeline, verdict }: JudgedConnection) {
  if (timeline.lateStart || timeline.gaps.length > 0) return [];
  const steps = authSteps(timeline);
  const last = steps.at(-1);
  const challenge = last !== undefined && isNtlmChallenge(last) ? last.responseFrame : null;
  if (last !== undefined && challenge !== null && timeline.closedBy !== "open") {
    if (leftByClient(timeline, challenge)) return [];
    const detail = `The proxy sent its NTLM challenge (frame ${challenge}), and the connection ended (${closedText(timeline.closedBy)}) before the client could answer on it.`;
    return [
      finding(TEXT, timeline.stream, {
        detail,
        frames: [last.frame, challenge, timeline.lastFrame],
        certainty: "certain",
      }),
    ];
  }
  const first = steps[0];
  if (first === undefined || ntlmMessage(first.credentials) !== 3 || verdict === "ok" || verdict === "auth-ok")
    return [];
  if (first.status !== 407 || first.responseFrame === null) return [];
  const detail = `The client's NTLM type 3 message (frame ${first.frame}) came on a connection that has not seen the messages before it, and was refused (frame ${first.responseFrame}).`;
  return [finding(TEXT, timeline.stream, { detail, frames: [first.frame, first.responseFrame], certainty: "certain" })];
}

/** The client ended the connection first, and the answer in this frame had not told it to: it broke the handshake off itself. */
function leftByClient({ fromClient, fromProxy, connects, forwards }: Timeline, frame: number): boolean {
  const answer = [...connects, ...forwards].find(({ response }) => response?.where.frame === frame)?.response;
  return answer?.connection !== "close" && endOf(fromClient) < endOf(fromProxy);
}

/** Frame in which a side ended its direction. */
function endOf({ finFrame, resetFrame }: Timeline["fromClient"]): number {
  return Math.min(finFrame ?? Infinity, resetFrame ?? Infinity);
}

function closedText(closedBy: JudgedConnection["timeline"]["closedBy"]): string {
  return closedBy === "fin" ? "FIN" : closedBy;
}
