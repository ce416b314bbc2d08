// Facts of connections to a proxy by hand: CONNECTs with challenges and credentials, tunnels that were read.
import type { Challenge, Credentials, NtlmMessage, RequestHead, ResponseHead } from "../../src/http/index.ts";
import type { ConnectFact, ExchangeFact, Timeline, TunnelFact } from "../../src/proxy/index.ts";
import type { TlsAlert } from "../../src/tls-parse/index.ts";
import {
  atMs,
  connectFact,
  exchangeFact,
  requestHead,
  responseHead,
  timeline,
  tunnelOf,
  where,
} from "./record-talk.ts";

export const BASIC: Challenge = {
  scheme: "Basic",
  realm: "Example gateway",
  parameters: [],
  stale: false,
  ntlm: null,
  negotiate: null,
};
export const NEGOTIATE: Challenge = { ...BASIC, scheme: "Negotiate", realm: null };
export const NTLM: Challenge = { ...BASIC, scheme: "NTLM", realm: null };

export function ntlm(type: 1 | 2 | 3): NtlmMessage {
  return {
    type,
    targetName: type === 2 ? "EXAMPLE" : null,
    domain: null,
    user: null,
    workstation: null,
    anonymous: false,
  };
}

export const SENT: Credentials = {
  scheme: "Basic",
  step: null,
  user: "kim",
  domain: null,
  workstation: null,
  length: 30,
  tag: "a",
  complete: true,
  malformed: false,
};
export const TYPE_1: Credentials = { ...SENT, scheme: "NTLM", step: "type 1", user: null, complete: false };
export const TYPE_3: Credentials = { ...SENT, scheme: "NTLM", step: "type 3" };

/** A CONNECT and its answer. */
export interface Asked {
  readonly target?: string;
  readonly with?: Credentials | null;
  readonly agent?: string;
  readonly status: number | null;
  readonly challenges?: readonly Challenge[];
}

/** CONNECTs of one connection; frames 10, 12, 14, …. */
function connects(asked: readonly Asked[]): ConnectFact[] {
  return asked.map(
    ({ target = "www.example.com:443", with: credentials = null, agent = null, status, challenges = [] }, i) =>
      connectFact(
        target,
        where(10 + 4 * i, 10 + 4 * i),
        status === null ? null : responseHead(where(12 + 4 * i, 12 + 4 * i), status, { proxyChallenges: challenges }),
        { proxyAuthorization: credentials, userAgent: agent },
      ),
  );
}

/** A connection that was only asked, of this stream. */
export function asked(stream: number, steps: readonly Asked[], change: Partial<Timeline> = {}): Timeline {
  const startMs = stream * 1_000;
  return timeline({
    stream,
    start: atMs(startMs),
    end: atMs(startMs + 900),
    client: { ip: "192.0.2.17", port: 50_000 + stream },
    connects: connects(steps).map((connect) => later(connect, startMs)),
    ...change,
  });
}

/** The same CONNECT, later, with frames of its own. */
function later(connect: ConnectFact, ms: number): ConnectFact {
  const move = <Head extends RequestHead | ResponseHead>(head: Head): Head => ({
    ...head,
    where: { ...head.where, frame: head.where.frame + ms, time: head.where.time + BigInt(ms) * 1_000_000n },
  });
  return {
    ...connect,
    request: move(connect.request),
    response: connect.response === null ? null : move(connect.response),
  };
}

/** The head that a gateway sends: what names its sender as the proxy. */
export const GATEWAY: Partial<ResponseHead> = { names: ["www-authenticate", "proxy-connection"], challenges: [BASIC] };

/** A tunnel that was read, with these answers to GET /. */
export function read(
  stream: number,
  steps: readonly Asked[],
  answers: readonly Partial<ResponseHead>[],
  change: Partial<Timeline> = {},
): Timeline {
  const target = steps.at(-1)?.target ?? "www.example.com:443";
  const host = target.split(":")[0]!;
  const shell = tunnelOf({ host, stream, inside: "full", records: [] });
  const startMs = stream * 1_000;
  const exchanges = answers.map((answer, i): ExchangeFact => {
    const request = requestHead(where(startMs + 200 + 2 * i, startMs + 200 + 2 * i), {
      method: "GET",
      target: "/",
      form: "origin",
      host,
    });
    const response = responseHead(where(startMs + 201 + 2 * i, startMs + 201 + 2 * i), answer.status ?? 200, answer);
    return exchangeFact(request, response);
  });
  const tunnel: TunnelFact = { ...shell.tunnel!, exchanges };
  return asked(stream, steps, { tunnel, ...change });
}

export const CHALLENGED: Asked = { status: 407, challenges: [BASIC] };
export const ACCEPTED: Asked = { with: SENT, status: 200 };

/** A handshake that ended in an alert. */
export function refusing(description: string, from: TlsAlert["from"] = "client"): Timeline {
  const shell = tunnelOf({ records: [] });
  const tunnel = shell.tunnel!;
  const alert: TlsAlert = { where: where(40, 40), from, encrypted: false, level: "fatal", description };
  const tls = { ...tunnel.tls!, alerts: [alert], handshakeComplete: false, handshakeCompleteWhere: null };
  return { ...shell, tunnel: { ...tunnel, tls } };
}

/** A tunnel that carried a request and its answer, and cannot be read. */
export function unread(agent: string): Timeline {
  const records = [
    { from: "client", bytes: 200, ms: 1 },
    { from: "server", bytes: 900, ms: 50 },
  ] as const;
  const shell = tunnelOf({ records });
  return {
    ...shell,
    connects: shell.connects.map((one) => ({ ...one, request: { ...one.request, userAgent: agent } })),
  };
}
