// The proxy offers schemes, the client knows others: it cannot answer, however right its password is.
import { gather, quoted } from "../../bytes/index.ts";
import { areOfAnotherScheme, authSteps } from "../auth-steps.ts";
import { clientKey } from "../client.ts";
import type { CaptureFacts, JudgedConnection } from "../facts.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import type { Finding } from "../types.ts";
import { SCHEME_ADVICE } from "./scheme-advice.ts";

const TEXT: RuleText = {
  id: "scheme-mismatch",
  severity: "warning",
  title: "Nothing that the client supports was offered",
  meaning:
    "The 407 offers only authentication schemes that this client does not use, so it gives up, or sends credentials of a scheme that was not asked for.",
  looksLike:
    "407 whose schemes differ from those of the client's own Proxy-Authorization; or a client whose defaults exclude what is offered.",
  example: [
    "> CONNECT www.example.com:443, User-Agent: Java/17.0.9",
    "< 407, Proxy-Authenticate: Basic",
    "the client gives up: Java leaves Basic out for tunnels",
  ],
  evidence: "The frame of the 407 with its schemes, and what shows which schemes the client uses.",
  advice: SCHEME_ADVICE,
  references: [
    "RFC 9110 §11.7.1 (Proxy-Authenticate)",
    "Java networking properties: jdk.http.auth.tunneling.disabledSchemes",
  ],
};

/** Clients whose defaults leave schemes out, by their User-Agent. */
const DEFAULTS = [
  {
    agent: /^Java\/(?:1\.8|9|[1-9]\d)/,
    connectOnly: true,
    without: ["basic"],
    why: "Java leaves Basic out for tunnels since 8u111 (jdk.http.auth.tunneling.disabledSchemes)",
  },
] as const;

export const schemeMismatch: Rule = {
  ...TEXT,
  find(capture) {
    const failed = capture.connections.filter(({ verdict }) => verdict === "auth-abandoned" || verdict === "auth-loop");
    if (failed.length === 0) return [];
    const used = schemesByClient(capture);
    return gather(failed, (connection) => mismatch(connection, used));
  },
};

function mismatch(
  connection: JudgedConnection,
  used: ReadonlyMap<string, ReadonlyMap<string, number>>,
): readonly Finding[] {
  const { timeline } = connection;
  const steps = authSteps(timeline);
  const last = steps.findLast(({ status }) => status === 407);
  if (last?.responseFrame == null || last.challenges.length === 0) return [];
  const offered = last.challenges.map(({ scheme }) => scheme.toLowerCase());
  const names = [...new Set(last.challenges.map(({ scheme }) => scheme))].join(", ");
  const sent = steps.find((step) => areOfAnotherScheme([step], steps));
  if (sent !== undefined) {
    const detail = `The proxy offers ${names} (frame ${last.responseFrame}), and the client sends ${sent.credentials?.scheme} (frame ${sent.frame}), which is not among them.`;
    return [finding(TEXT, timeline.stream, { detail, frames: [last.responseFrame, sent.frame], certainty: "likely" })];
  }
  if (steps.some(({ credentials }) => credentials !== null)) return [];
  const agent = timeline.connects.at(-1)?.request.userAgent ?? "";
  const elsewhere = [...(used.get(programOf(connection, agent)) ?? [])];
  // What a program sends, on its next connection for one, it supports, whatever its defaults are.
  if (elsewhere.some(([scheme]) => offered.includes(scheme))) return [];
  const preset = DEFAULTS.find((row) => row.agent.test(agent) && (!row.connectOnly || last.connect));
  if (preset !== undefined && offered.every((scheme) => preset.without.some((without) => without === scheme))) {
    const detail = `The proxy offers only ${names} (frame ${last.responseFrame}); ${preset.why}, and the client calls itself ${quoted(agent)}.`;
    return [finding(TEXT, timeline.stream, { detail, frames: [last.frame, last.responseFrame], certainty: "likely" })];
  }
  if (agent === "" || elsewhere.length === 0) return [];
  const [scheme, frame] = elsewhere[0]!;
  const detail = `The proxy offers only ${names} (frame ${last.responseFrame}); elsewhere in this capture the same client uses ${scheme} (frame ${frame}).`;
  return [finding(TEXT, timeline.stream, { detail, frames: [last.responseFrame, frame], certainty: "possible" })];
}

/** Schemes that each client, by address and User-Agent, sends to any proxy, with the frame of the first. */
function schemesByClient({ connections }: CaptureFacts): Map<string, Map<string, number>> {
  const used = new Map<string, Map<string, number>>();
  for (const connection of connections) {
    for (const { request } of connection.timeline.connects) {
      if (request.proxyAuthorization === null) continue;
      const key = programOf(connection, request.userAgent ?? "");
      const schemes = used.get(key) ?? new Map<string, number>();
      const scheme = request.proxyAuthorization.scheme.toLowerCase();
      if (!schemes.has(scheme)) schemes.set(scheme, request.where.frame);
      used.set(key, schemes);
    }
  }
  return used;
}

function programOf({ timeline }: JudgedConnection, agent: string): string {
  return `${clientKey(timeline)} ${agent}`;
}
