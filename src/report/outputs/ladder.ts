// One connection in full: who sent what, when, in the three stages of a tunnel.
import type { Report, ReportConnection, ReportExchange } from "../types.ts";
import { exitCodeOf } from "../verdicts.ts";
import { labelled, paint, safe, type TerminalStyle, truncate, wrap } from "./style.ts";

type Stage = "connect" | "tls" | "https";

interface Rung {
  readonly frame: number;
  readonly time: string;
  readonly from: "client" | "proxy";
  readonly stage: Stage;
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
  const rungs = [...connectRungs(connection), ...tlsRungs(connection), ...exchangeRungs(connection)];
  const start = rungs.reduce((least, { time }) => (time < least ? time : least), connection.start);
  const lines = [header(connection, style), ""];
  for (const stage of ["connect", "tls", "https"] as const) {
    const own = rungs.filter((rung) => rung.stage === stage).sort((a, b) => a.frame - b.frame);
    lines.push(paint(style, "bold", stageTitle(stage, connection, style)));
    if (own.length === 0) lines.push(paint(style, "dim", `  ${emptyStage(stage, connection)}`));
    for (const rung of own) lines.push(...rungLines(rung, start, style));
    lines.push("");
  }
  lines.push(closing(connection));
  const findings = report.findings.filter(({ stream }) => stream === connection.stream);
  for (const { title, detail, advice, displayFilter } of findings) {
    lines.push("", paint(style, "bold", safe(style, title)), labelled(style, "What", detail));
    if (displayFilter !== null) lines.push(labelled(style, "Look at", displayFilter));
    lines.push(labelled(style, "Helpdesk", advice.helpdesk), labelled(style, "Proxy", advice.proxyAdmin));
  }
  if (style.verbose) {
    for (const note of connection.notes) lines.push(labelled(style, "Note", `frame ${note.frame}: ${note.text}`));
    const tls = connection.tunnel?.tls;
    if (tls?.ja3 != null) lines.push(labelled(style, "JA3", tls.ja3));
    if (tls?.ja4 != null) lines.push(labelled(style, "JA4", tls.ja4));
  }
  return `${lines.join("\n")}\n`;
}

function header(connection: ReportConnection, style: TerminalStyle): string {
  const code = exitCodeOf(connection.verdict);
  const verdict = paint(style, code === 1 ? "red" : code === 3 ? "yellow" : "green", connection.verdict);
  const place = `stream ${connection.stream}: ${connection.client.ip}:${connection.client.port} to proxy ${connection.proxy.ip}:${connection.proxy.port}`;
  return [
    `${safe(style, place)}  ${verdict}`,
    ...wrap(safe(style, connection.summary), style.width - 2).map((line) => `  ${line}`),
  ].join("\n");
}

function stageTitle(stage: Stage, connection: ReportConnection, style: TerminalStyle): string {
  const said = connection.tunnel?.stages[stage];
  const forwards = stage === "https" && connection.tunnel === null && connection.forwards.length > 0;
  return `${forwards ? "GET http://" : TITLES[stage]}${said === undefined ? "" : `  ${safe(style, said)}`}`;
}

function emptyStage(stage: Stage, connection: ReportConnection): string {
  if (connection.tunnel === null) return stage === "connect" ? "no CONNECT on this connection" : "not reached";
  if (stage === "https")
    return connection.tunnel.protocol === "tls" ? "cannot be seen: there are no keys for this connection" : "nothing";
  return stage === "tls" ? "no TLS" : "not in the capture";
}

function connectRungs(connection: ReportConnection): Rung[] {
  const before =
    connection.continues === null ? [] : [`continues stream ${connection.continues}, where the challenge was`];
  const rungs: Rung[] = [];
  for (const [i, { frame, time, target, credentials, response }] of connection.connects.entries()) {
    const sent = credentials === null ? "" : `  ${credentialsText(credentials)}`;
    rungs.push({
      frame,
      time,
      from: "client",
      stage: "connect",
      text: `CONNECT ${target}${sent}`,
      wrong: false,
      beneath: i === 0 ? before : [],
    });
    if (response === null) continue;
    const asked = response.challenges.map(
      ({ scheme, realm }) => `asks for ${scheme}${realm === null ? "" : ` (realm "${realm}")`}`,
    );
    rungs.push({
      ...response,
      from: "proxy",
      stage: "connect",
      text: `${response.status} ${response.reason}`,
      wrong: response.status === 401,
      beneath: asked,
    });
  }
  return rungs;
}

function tlsRungs({ tunnel }: ReportConnection): Rung[] {
  const tls = tunnel?.tls;
  if (tls == null) return [];
  return tls.transitions.map(({ frame, time, from, what }) => {
    const alert = tls.alerts.find((candidate) => candidate.frame === frame && candidate.from === from);
    const detail =
      what === "client-hello" && tls.sni !== null
        ? ` for ${tls.sni}`
        : what === "server-hello" && tls.version !== null
          ? ` (${tls.version}, ${tls.cipher})`
          : what === "alert" && alert !== undefined
            ? ` ${alert.description ?? "(encrypted)"}`
            : "";
    const wrong = alert?.level === "fatal";
    return {
      frame,
      time,
      from,
      stage: "tls" as const,
      text: `${what.replaceAll("-", " ")}${detail}`,
      wrong,
      beneath: [],
    };
  });
}

function exchangeRungs(connection: ReportConnection): Rung[] {
  return [...(connection.tunnel?.exchanges ?? []), ...connection.forwards].flatMap((exchange) =>
    exchangeRung(exchange),
  );
}

function exchangeRung(exchange: ReportExchange): Rung[] {
  const { method, url, credentials, response, sentBy, certainty, evidence, frame, time } = exchange;
  const rungs: Rung[] = [];
  if (method !== null) {
    const sent = credentials === null ? "" : `  ${credentialsText(credentials)}`;
    rungs.push({
      frame,
      time,
      from: "client",
      stage: "https",
      text: `${method} ${url ?? ""}${sent}`,
      wrong: false,
      beneath: [],
    });
  }
  if (response !== null) {
    const by =
      sentBy === null
        ? ""
        : sentBy === "unknown"
          ? "  by an unknown sender"
          : `  by the ${sentBy === "origin" ? "site" : "proxy"} (${certainty})`;
    const wrong = (response.status === 401 && sentBy !== "origin") || response.status === 407;
    rungs.push({
      ...response,
      from: "proxy",
      stage: "https",
      text: `${response.status} ${response.reason}${by}`,
      wrong,
      beneath: evidence,
    });
  }
  return rungs;
}

function credentialsText({ scheme, step, user }: NonNullable<ReportExchange["credentials"]>): string {
  return `[${scheme}${step === null ? "" : ` ${step}`}${user === null ? "" : `, user ${user}`}]`;
}

function rungLines(rung: Rung, start: string, style: TerminalStyle): string[] {
  const arrow = style.unicode ? (rung.from === "client" ? "──▶" : "◀──") : rung.from === "client" ? "-->" : "<--";
  const head = `${milliseconds(start, rung.time).padStart(11)}  ${String(rung.frame).padStart(6)}  ${arrow}  `;
  const text = truncate(style, safe(style, rung.text), Math.max(20, style.width - head.length));
  const pad = " ".repeat(head.length);
  return [
    head + (rung.wrong ? paint(style, "red", text) : text),
    ...rung.beneath.flatMap((line) =>
      wrap(safe(style, line), style.width - head.length).map((part) => paint(style, "dim", pad + part)),
    ),
  ];
}

function closing(connection: ReportConnection): string {
  const ends = {
    fin: "closed",
    "reset-by-client": "reset by the client",
    "reset-by-proxy": "reset by the proxy",
    open: "still open when the capture ended",
  };
  const next = connection.continuedBy === null ? "" : `; the client came back on stream ${connection.continuedBy}`;
  return `The connection was ${ends[connection.closedBy]} (frame ${connection.lastFrame})${next}.`;
}

/** "12.345 ms" between two time stamps of the report, exact to the microsecond. */
function milliseconds(from: string, to: string): string {
  const micros = (text: string): number =>
    Math.round(Date.parse(`${text.slice(0, 19)}Z`) * 1000 + Number(text.slice(20, 29)) / 1000);
  return `${((micros(to) - micros(from)) / 1000).toFixed(3)} ms`;
}
