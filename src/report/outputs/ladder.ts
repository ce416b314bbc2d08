// One connection in full: who sent what, when, in the three stages of a tunnel, with the evidence in its place.
import type {
  Report,
  ReportConnection,
  ReportCredentials,
  ReportExchange,
  ReportResponse,
  ReportTls,
  ReportTransition,
} from "../types.ts";
import { beyondSummary } from "./headline.ts";
import { colourOf, endpointText, labelled, paint, safe, type TerminalStyle, wrap } from "./style.ts";

type Stage = "connect" | "tls" | "https";

interface Rung {
  readonly frame: number;
  readonly time: string;
  readonly from: "client" | "proxy";
  readonly text: string;
  /** What is wrong about it. */
  readonly wrong: boolean;
  readonly beneath: readonly string[];
}

const TITLES: Readonly<Record<Stage, string>> = {
  connect: "CONNECT tcp://",
  tls: "unknown ssl://",
  https: "GET https://",
};

/** The ladder of `connection`, ending with a line end. */
export function ladder(report: Report, connection: ReportConnection, style: TerminalStyle): string {
  const stages: Readonly<Record<Stage, readonly Rung[]>> = {
    connect: connectRungs(connection),
    tls: tlsRungs(connection),
    https: [
      ...[...(connection.tunnel?.exchanges ?? []), ...connection.forwards].flatMap(exchangeRungs),
      ...signRungs(connection),
    ],
  };
  const lines = [header(connection, style), ""];
  for (const stage of ["connect", "tls", "https"] as const) {
    const rungs = [...stages[stage]].sort((a, b) => a.frame - b.frame);
    if (rungs.length === 0 && connection.connects.length === 0 && connection.tunnel === null) continue;
    lines.push(...title(stage, connection, style));
    if (rungs.length === 0) lines.push(paint(style, "dim", `  ${emptyStage(stage, connection)}`));
    for (const rung of rungs) lines.push(...rungLines(rung, connection.start, style));
    lines.push("");
  }
  lines.push(...wrap(closing(connection), style.width));
  lines.push(...findings(report, connection, style));
  if (style.verbose) {
    for (const { frame, text } of connection.notes) lines.push(labelled(style, "Note", `frame ${frame}: ${text}`));
  }
  return `${lines.join("\n")}\n`;
}

function header(connection: ReportConnection, style: TerminalStyle): string {
  const { stream, client, proxy, verdict, summary } = connection;
  const arrow = style.drawing ? "→" : "->";
  const place = safe(style, `${endpointText(client)} `) + arrow + safe(style, ` ${endpointText(proxy)}`);
  return [
    `${paint(style, colourOf(verdict), verdict)}  ${paint(style, "bold", `stream ${stream}`)}`,
    ...wrap(place, style.width - 2).map((line) => `  ${line}`),
    ...wrap(safe(style, summary), style.width - 2).map((line) => `  ${line}`),
  ].join("\n");
}

function title(stage: Stage, connection: ReportConnection, style: TerminalStyle): string[] {
  const { tunnel, forwards } = connection;
  const forwarded = stage === "https" && tunnel === null && forwards.length > 0;
  const said = tunnel === null ? "" : `  ${tunnel.stages[stage]}`;
  const text = `${forwarded ? "GET http://" : TITLES[stage]}${said}`;
  return wrap(safe(style, text), style.width).map((line) => paint(style, "bold", line));
}

function emptyStage(stage: Stage, { tunnel }: ReportConnection): string {
  if (tunnel === null) return stage === "connect" ? "no CONNECT on this connection" : "not reached";
  if (stage === "connect") return "not in the capture";
  if (stage === "tls") return "no TLS";
  return tunnel.protocol === "tls" ? "no exchange that could be read" : "nothing";
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

function tlsDetails({ frame, what }: ReportTransition, tls: ReportTls): string[] {
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
  if (what === "certificate" && tls.certificate !== null) {
    const { subject, issuer } = tls.certificate;
    return [`${subject}, issued by ${issuer}`, ...(tls.interceptedWhy === null ? [] : [tls.interceptedWhy])];
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

/** Terminals narrower than this get what passed below its time and frame. */
const NARROW = 64;
const ARROWS = { client: ["──▶", "-->"], proxy: ["◀──", "<--"] } as const;

function rungLines(rung: Rung, start: string, style: TerminalStyle): string[] {
  const arrow = ARROWS[rung.from][style.drawing ? 0 : 1];
  const head = `${milliseconds(start, rung.time).padStart(11)}  ${String(rung.frame).padStart(6)}  ${arrow}  `;
  const narrow = style.width < NARROW;
  const pad = " ".repeat(narrow ? 4 : head.length);
  const room = style.width - pad.length;
  const [first = "", ...rest] = wrap(safe(style, rung.text), room);
  const show = (text: string): string => (rung.wrong ? paint(style, "red", text) : text);
  return [
    ...(narrow ? [head.trim(), pad + show(first)] : [head + show(first)]),
    ...rest.map((text) => pad + show(text)),
    ...rung.beneath.flatMap((text) =>
      wrap(safe(style, text), room - 2).map((part) => paint(style, "dim", `${pad}  ${part}`)),
    ),
  ];
}

function closing({ closedBy, lastFrame, continuedBy }: ReportConnection): string {
  const next = continuedBy === null ? "" : ` The client came back on stream ${continuedBy}.`;
  return `The connection was ${ENDS[closedBy]} (frame ${lastFrame}).${next}`;
}

const ENDS = {
  fin: "closed",
  "reset-by-client": "reset by the client",
  "reset-by-proxy": "reset by the proxy",
  open: "still open when the capture ended",
} as const;

function findings(report: Report, connection: ReportConnection, style: TerminalStyle): string[] {
  return report.findings
    .filter(({ stream }) => stream === connection.stream)
    .flatMap((finding) => {
      const detail = beyondSummary(finding, connection);
      return [
        "",
        ...wrap(safe(style, finding.title), style.width).map((text) => paint(style, "bold", text)),
        ...(detail === "" ? [] : [labelled(style, "What", detail)]),
        ...(finding.displayFilter === null ? [] : [labelled(style, "Filter", finding.displayFilter)]),
        labelled(style, "Helpdesk", finding.advice.helpdesk),
        labelled(style, "Proxy", finding.advice.proxyAdmin),
      ];
    });
}

/** "12.345 ms" from `start` to `time`, rounded to the microsecond. */
function milliseconds(start: string, time: string): string {
  return `${(Number(nanosOf(time) - nanosOf(start)) / 1e6).toFixed(3)} ms`;
}

function nanosOf(time: string): bigint {
  return BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000_000n + BigInt(time.slice(20, 29));
}
