// The sentence that a report leads with, and the connection and frame that it is about.
import { gather } from "../../bytes/index.ts";
import { deciding, isUnreached, type Verdict } from "../../diagnosis/index.ts";
import { NOTHING_ASKED } from "../connection.ts";
import type { Report, ReportAlert, ReportConnection, ReportFinding } from "../types.ts";
import { isSitesOwn, isUnseen, isWrong, toldBeside } from "../verdicts.ts";
import { counted } from "./style.ts";

/** What was found, in one sentence that can be pasted into a ticket, and whether it rests on a part of the connections. */
export function headline(report: Report): string {
  const single = report.folded.reduce((sum, { count }) => sum + count, 0);
  const found = sentence(report);
  return single === 0
    ? found
    : `${found} (${single} of ${counted(report.totals.connections, "connection")} were judged each by itself: --max-connections ${report.totals.connections} judges all together.)`;
}

function sentence(report: Report): string {
  const { totals, verdict } = report;
  if (totals.connections === 0) return "No connection to a proxy was found in this capture.";
  const worst = worstConnection(report);
  const leading = leadingFinding(report);
  if (leading !== null) return leading.detail;
  if (isWrong(verdict) || verdict === "tunnel-401-suspected") {
    if (worst === null) return `${counted(totals.verdicts[verdict] ?? 0, "connection")} with the verdict ${verdict}.`;
    return summaryOf(worst, report);
  }
  const told = toldBeside(report.findings);
  if (isUnseen(verdict)) {
    if (totals.connections === 1 && worst !== null) return worst.summary;
    const encrypted = totals.verdicts.encrypted ?? 0;
    const partly = totals.unseen - encrypted;
    const parts = [
      ...(encrypted === 0
        ? []
        : [`${encrypted} ${encrypted === 1 ? "was" : "were"} encrypted and could not be read${idleText(report)}`]),
      ...(partly === 0 ? [] : [`${partly} ${partly === 1 ? "is" : "are"} not whole in the capture`]),
    ];
    // No connection is what is not whole then, but the capture.
    const missing =
      verdict === "incomplete" && totals.verdicts.incomplete === undefined ? "files of the capture are missing" : "";
    const seen = parts.length === 0 ? "" : `of ${counted(totals.connections, "connection")} ${parts.join(", ")}`;
    const first = told === null ? "Nothing wrong was seen, but not" : `${told.detail} Not`;
    return `${first} all could be seen: ${[missing, seen].filter((text) => text !== "").join("; ")}.`;
  }
  if (worst !== null && totals.connections === 1) return worst.summary;
  const asked = report.connections.find((connection) => isSitesOwn(connection.verdict));
  if (asked !== undefined) return summaryOf(asked, report);
  if (told !== null) return told.detail;
  return allSeen(report);
}

/** Nothing is wrong with how credentials were asked for: where pages did not come, no more is said than that. */
function allSeen(report: Report): string {
  const { totals, connections } = report;
  const all = counted(totals.connections, "connection");
  const without = gather(connections, ({ tunnel, forwards }) => {
    const answers = gather(tunnel?.exchanges ?? forwards, ({ method, response }) =>
      response !== null && isUnreached(method, response.status) ? [response] : [],
    );
    return answers.slice(0, 1);
  });
  const ended = gather(connections, ({ tunnel }) => tunnel?.tls?.alerts.filter(isFatal).slice(0, 1) ?? []);
  const left = leftUnused(report).length;
  const [[first], [alert]] = [without, ended];
  const but = [
    ...(left === 0 ? [] : [`in ${left} of them the client closed the tunnel and asked nothing: ${AS_REFUSED}`]),
    ...(first === undefined
      ? []
      : [
          `in ${without.length} of them a site could not answer, or was not reached (${first.status}, frame ${first.frame})`,
        ]),
    ...(alert === undefined
      ? []
      : [
          `in ${ended.length} of them TLS was ended by an alert (${alert.description ?? "unknown"}, frame ${alert.frame})`,
        ]),
  ];
  if (but.length === 0) return `Nothing wrong in ${all} to the proxy, and all of it could be seen.`;
  return `Nobody asked for credentials in the wrong place in ${all} to the proxy, and all of it could be seen; but ${but.join(", and ")}.`;
}

const AS_REFUSED = "so does a client that does not accept the certificate, or that has nothing to ask";

/** What follows "3 were encrypted and could not be read": of what was not asked nothing is hidden. */
function idleText(report: Report): string {
  const idle = report.connections.filter((one) => one.verdict === "encrypted" && isIdle(one)).length;
  if (idle === 0) return "";
  if (idle < (report.totals.verdicts.encrypted ?? 0)) return `, and nothing was asked in ${idle} of them`;
  return `, and nothing was asked in them${leftUnused(report).length === 0 ? "" : `: ${AS_REFUSED}`}`;
}

/** The tunnels that were closed without a request, where all are so: a browser opens more than it needs beside those that it uses. */
function leftUnused({ connections, totals }: Report): readonly ReportConnection[] {
  const idle = connections.filter(isIdle);
  return idle.length < totals.tunnels ? [] : idle.filter(({ closedBy }) => closedBy !== "open");
}

/** A tunnel that was set up, and in which nothing was asked. */
function isIdle({ tunnel }: ReportConnection): boolean {
  return tunnel?.tls?.handshakeComplete === true && tunnel.stages.https === NOTHING_ASKED;
}

function isFatal({ level, description }: ReportAlert): boolean {
  return level === "fatal" && description !== "close_notify";
}

/** Its sentence, and how many others there are of its verdict: those of which the same is said, and those of which it is not. */
function summaryOf(connection: ReportConnection, report: Report): string {
  const { summary, verdict } = connection;
  const others = (report.totals.verdicts[verdict] ?? 0) - 1;
  if (others <= 0) return summary;
  const alike = Math.min(others, likeIt(connection, report));
  const more = [
    ...(alike === 0 ? [] : [`${alike} more like it`]),
    ...(alike === others ? [] : [`${others - alike} more with the verdict ${verdict}`]),
  ];
  return `${summary.replace(/\.$/, "")} (and ${more.join(", ")}).`;
}

/** How many others the same is found of. What is certain of one may be only possible of the next: titles differ then. */
function likeIt({ verdict, stream }: ReportConnection, { totals, findings, folded }: Report): number {
  const found = findings.filter(({ id }) => id === verdict);
  const title = found.find((finding) => finding.stream === stream)?.title;
  if (title === undefined) return 0;
  const same = found.filter((finding) => finding.title === title);
  if (same.length < found.length) return same.length - 1;
  // Of very many findings only some are told. Of those that were only counted it is not known what would be found.
  const counted = gather(folded, (sum) => (sum.verdict === verdict ? [sum.count] : [])).reduce((all, n) => all + n, 0);
  return (totals.verdicts[verdict] ?? 0) - counted - 1;
}

/**
 * The finding whose sentence says more than that of any one connection: which hosts are asked where. It leads as long as
 * what went wrong is that.
 */
export function leadingFinding({ findings, verdict }: Report): ReportFinding | null {
  if (verdict !== "tunnel-401-proxy" && verdict !== "tunnel-407") return null;
  return findings.find(({ id }) => id === "mixed-auth-context") ?? null;
}

/**
 * The connection that the capture's verdict is told by: that of the first finding, which is the most certain, and of those that are
 * not worth one the first; null if it is only counted.
 */
export function worstConnection({ connections, findings, verdict }: Report): ReportConnection | null {
  return deciding(verdict, findings, connections, ({ stream }) => stream);
}

/** The target of a connection for people. */
export function targetOf(connection: ReportConnection): string {
  return (
    connection.tunnel?.target || connection.connects.at(-1)?.target || hostOf(connection.forwards.at(0)?.url) || "-"
  );
}

function hostOf(url: string | null | undefined): string {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(url ?? "")?.[1] ?? url ?? "";
}

/** The frame in which the thing happened that the verdict is about; the connection's first one if there is none. */
export function decisiveFrame(connection: ReportConnection, finding: ReportFinding | undefined): number {
  const wanted = STATUS[connection.verdict];
  const inTunnel = connection.verdict.startsWith("tunnel-");
  const { verdict, tunnel, connects, forwards } = connection;
  if (verdict === "tls-failed") {
    const fatal = tunnel?.tls?.alerts.find(({ level }) => level === "fatal");
    if (fatal !== undefined) return fatal.frame;
  }
  if (verdict === "tunnel-401-suspected") {
    const sign = tunnel?.signs[0];
    if (sign !== undefined) return sign.frame;
  }
  const answers = [...(inTunnel ? (tunnel?.exchanges ?? []) : [...connects, ...forwards])].flatMap((exchange) =>
    exchange.response === null ? [] : [{ ...exchange.response, by: "sentBy" in exchange ? exchange.sentBy : null }],
  );
  const matching = answers.filter(({ status }) => status === wanted);
  const answer =
    verdict === "tunnel-refused"
      ? connects.at(-1)?.response
      : verdict.startsWith("auth-")
        ? matching.at(-1)
        : (matching.find(({ by }) => by === "proxy") ?? matching[0]);
  return answer?.frame ?? finding?.frames.at(-1) ?? connection.firstFrame;
}

/** The status that a verdict is about. */
const STATUS: Readonly<Partial<Record<Verdict, number>>> = {
  "tunnel-401-proxy": 401,
  "tunnel-401-unattributed": 401,
  "tunnel-401-origin": 401,
  "tunnel-407": 407,
  "connect-401": 401,
  "forward-401-proxy": 401,
  "forward-401-origin": 401,
  "auth-loop": 407,
  "auth-no-scheme": 407,
  "auth-abandoned": 407,
};

/** What a finding says beyond the summary of its connection, which stands elsewhere already. */
export function beyondSummary(finding: ReportFinding, connection: ReportConnection | null): string {
  const { detail } = finding;
  const summary = connection?.summary ?? "";
  return summary !== "" && detail.startsWith(summary) ? detail.slice(summary.length).trim() : detail;
}
