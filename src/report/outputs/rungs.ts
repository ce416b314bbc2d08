// What passed on one connection, step by step in the three stages of a tunnel: what ladders are drawn from.

import type {
  ReportConnection,
  ReportCredentials,
  ReportExchange,
  ReportResponse,
  ReportTls,
  ReportTransition,
} from "../types.ts";
import { certificateLines } from "./certificate-text.ts";
import { STAGES, type Stage } from "./stages.ts";
import { endpointText } from "./style.ts";

/** One step: a message from one side. Its texts are not escaped yet. */
export interface Rung {
  readonly frame: number;
  readonly time: string;
  readonly from: "client" | "proxy";
  readonly text: string;
  /** What is wrong about it. */
  readonly wrong: boolean;
  readonly beneath: readonly string[];
}

/** A stage that is shown, with its steps in the order of their frames. */
export interface LadderStage {
  /** "CONNECT tcp://  answered 200 after 407" */
  readonly title: string;
  readonly rungs: readonly Rung[];
  /** What stands there if there are no steps. */
  readonly empty: string;
}

/** The stages of `connection` that have something to show. */
export function ladderStages(connection: ReportConnection): readonly LadderStage[] {
  const stages: Readonly<Record<Stage, readonly Rung[]>> = {
    connect: [...headerRungs(connection), ...connectRungs(connection)],
    tls: tlsRungs(connection),
    https: [
      ...[...(connection.tunnel?.exchanges ?? []), ...connection.forwards].flatMap(exchangeRungs),
      ...signRungs(connection),
    ],
  };
  const shown: LadderStage[] = [];
  for (const [stage, title] of STAGES) {
    const rungs = [...stages[stage]].sort((a, b) => a.frame - b.frame);
    if (rungs.length === 0 && connection.connects.length === 0 && connection.tunnel === null) continue;
    shown.push({ title: titleOf(stage, title, connection), rungs, empty: emptyStage(stage, connection) });
  }
  return shown;
}

function titleOf(stage: Stage, title: string, { tunnel, forwards }: ReportConnection): string {
  const forwarded = stage === "https" && tunnel === null && forwards.length > 0;
  const said = tunnel === null ? "" : `  ${tunnel.stages[stage]}`;
  return `${forwarded ? "GET http://" : title}${said}`;
}

function emptyStage(stage: Stage, { tunnel }: ReportConnection): string {
  if (tunnel === null) return stage === "connect" ? "no CONNECT on this connection" : "not reached";
  if (stage === "connect") return "not in the capture";
  if (stage === "tls") return "no TLS";
  return tunnel.protocol === "tls" && tunnel.tls?.decrypted !== "full" ? "no exchange that could be read" : "nothing";
}

/** What a load balancer says in front of all else. */
function headerRungs({ client, namedClient }: ReportConnection): Rung[] {
  if (namedClient === null) return [];
  const { ip, port, frame, time } = namedClient;
  return [
    {
      frame,
      time,
      from: "client",
      text: `PROXY header: passed on for ${endpointText({ ip, port })}`,
      wrong: false,
      beneath: [
        `so says ${client.ip}, and nothing else in the capture shows it: whoever connects can write such a header, and a proxy has to take it from its load balancers only`,
      ],
    },
  ];
}

function connectRungs({ connects, continues }: ReportConnection): Rung[] {
  return connects.flatMap(({ frame, time, target, credentials, response }, i) => {
    const first = i === 0 && continues !== null;
    const rung: Rung = {
      frame,
      time,
      from: "client",
      text: `CONNECT ${target}${credentialsText(credentials)}`,
      wrong: false,
      beneath: first ? [`comes back from stream ${continues}, where the proxy asked`] : [],
    };
    if (response === null) return [{ ...rung, beneath: [...rung.beneath, "not answered in this capture"] }];
    return [rung, responseRung(response, response.status === 401, asked(response), "")];
  });
}

function responseRung(response: ReportResponse, wrong: boolean, beneath: readonly string[], by: string): Rung {
  const { frame, time, status, reason } = response;
  return { frame, time, from: "proxy", text: `${status}${reason === "" ? "" : ` ${reason}`}${by}`, wrong, beneath };
}

function asked({ challenges }: ReportResponse): string[] {
  return challenges.map(({ scheme, realm }) => `asks for ${scheme}${realm === null ? "" : ` (realm "${realm}")`}`);
}

function tlsRungs({ tunnel }: ReportConnection): Rung[] {
  const tls = tunnel?.tls ?? null;
  if (tls === null) return [];
  return tls.transitions.map((transition) => {
    const { frame, time, from, what } = transition;
    const alert = tls.alerts.find((candidate) => candidate.frame === frame && candidate.from === from);
    const isAlert = what === "alert" || what === "close-notify";
    const detail = isAlert && what === "alert" ? ` ${alert?.description ?? "(encrypted)"}` : "";
    return {
      frame,
      time,
      from,
      text: what.replaceAll("-", " ") + detail,
      wrong: isAlert && alert?.level === "fatal",
      beneath: tlsDetails(transition, tls),
    };
  });
}

function tlsDetails({ frame, from, what }: ReportTransition, tls: ReportTls): string[] {
  if (what === "client-hello" && frame === tls.clientHelloFrame) {
    return [
      `for ${tls.sni ?? "no name"}${tls.alpnOffered.length === 0 ? "" : `, offers ${tls.alpnOffered.join(", ")}`}`,
      ...(tls.ja4 === null ? [] : [`JA4 ${tls.ja4}`]),
      ...(tls.ja3 === null ? [] : [`JA3 ${tls.ja3}`]),
    ];
  }
  if (what === "server-hello" && frame === tls.serverHelloFrame) {
    return [[tls.version, tls.cipher, tls.alpn].filter((fact) => fact !== null).join(", ")];
  }
  // What a client shows of itself is not kept.
  if (what === "certificate" && from === "proxy" && tls.certificate !== null) {
    return [...certificateLines(tls), ...(tls.interceptedWhy === null ? [] : [tls.interceptedWhy])];
  }
  return [];
}

function exchangeRungs(exchange: ReportExchange): Rung[] {
  const { method, url, credentials, response, frame, time, sentBy, certainty, evidence } = exchange;
  const rungs: Rung[] = [];
  if (method !== null) {
    const text = `${method} ${url ?? ""}${credentialsText(credentials)}`;
    const beneath = response === null ? ["not answered in this capture"] : [];
    rungs.push({ frame, time, from: "client", text, wrong: false, beneath });
  }
  if (response === null) return rungs;
  const sure = certainty === null ? "" : ` (${certainty})`;
  const by = sentBy === null ? "" : `  by ${SENDERS[sentBy]}${sure}`;
  const wrong = (response.status === 401 && sentBy !== "origin") || response.status === 407;
  rungs.push(responseRung(response, wrong, [...asked(response), ...evidence], by));
  return rungs;
}

/** Records that stay closed, where something about them is a sign. */
function signRungs({ tunnel, verdict }: ReportConnection): Rung[] {
  const rungs = new Map<number, Rung>();
  for (const { frame, time, text } of tunnel?.signs ?? []) {
    const wrong = verdict === "tunnel-401-suspected";
    const what = wrong ? "not read; looks like a challenge by the proxy" : "not read";
    const beneath = [...(rungs.get(frame)?.beneath ?? []), text];
    rungs.set(frame, { frame, time, from: "proxy", text: what, wrong, beneath });
  }
  return [...rungs.values()];
}

const SENDERS = { proxy: "the proxy", origin: "the site", unknown: "an unknown sender" } as const;

function credentialsText(credentials: ReportCredentials | null): string {
  if (credentials === null) return "";
  const { scheme, step, user } = credentials;
  return `  [${scheme}${step === null ? "" : ` ${step}`}${user === null ? "" : `, user ${user}`}]`;
}

/** How the connection ended, in a sentence. */
export function closing({ closedBy, lastFrame, continuedBy }: ReportConnection): string {
  const next = continuedBy === null ? "" : ` The client came back on stream ${continuedBy}.`;
  return `The connection was ${ENDS[closedBy]} (frame ${lastFrame}).${next}`;
}

const ENDS = {
  fin: "closed",
  "reset-by-client": "reset by the client",
  "reset-by-proxy": "reset by the proxy",
  open: "still open when the capture ended",
} as const;

/** "12.345 ms" from `start` to `time`, rounded to the microsecond. */
export function milliseconds(start: string, time: string): string {
  return `${(Number(nanosOf(time) - nanosOf(start)) / 1e6).toFixed(3)} ms`;
}

function nanosOf(time: string): bigint {
  return BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000_000n + BigInt(time.slice(20, 29));
}
