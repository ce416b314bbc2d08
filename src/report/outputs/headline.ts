// The sentence that a report leads with.
import type { Verdict } from "../../diagnosis/index.ts";
import type { Report, ReportConnection } from "../types.ts";
import { isUnseen, isWrong } from "../verdicts.ts";

/** What was found, in one sentence that can be pasted into a ticket. */
export function headline(report: Report): string {
  const { totals, verdict } = report;
  if (totals.connections === 0) return "No connection to a proxy was found in this capture.";
  const worst = report.connections.find((connection) => connection.verdict === verdict);
  const others = (report.totals.verdicts[verdict] ?? 0) - 1;
  const more = others > 0 ? ` (and ${others} more like it)` : "";
  if (worst !== undefined && (isWrong(verdict) || verdict === "tunnel-401-suspected"))
    return `${worst.summary.replace(/\.$/, "")}${more}.`;
  if (worst === undefined && isWrong(verdict))
    return `${totals.verdicts[verdict] ?? 0} connections with the verdict ${verdict}.`;
  if (isUnseen(verdict)) {
    const tunnels = totals.unseen === 1 ? "one connection" : `${totals.unseen} of ${totals.connections} connections`;
    return `Nothing wrong was seen, but not all could be seen: ${tunnels} ${totals.unseen === 1 ? "was" : "were"} ${verdict === "encrypted" ? "encrypted and could not be read" : "not whole in the capture"}.`;
  }
  return `Nothing wrong in ${totals.connections} connection${totals.connections === 1 ? "" : "s"} to the proxy, and all of it could be seen.`;
}

/** The first connection that is wrong: its target and the frame to look at. */
export function firstWrong(report: Report): { readonly target: string; readonly frame: number } | null {
  const connection = report.connections.find((candidate) => isWrong(candidate.verdict));
  if (connection === undefined) return null;
  const finding = report.findings.find(({ stream, id }) => stream === connection.stream && id === connection.verdict);
  return {
    target: targetOf(connection),
    frame: decisiveFrame(connection) ?? finding?.frames.at(-1) ?? connection.firstFrame,
  };
}

/** The target of a connection for people. */
export function targetOf(connection: ReportConnection): string {
  return connection.tunnel?.target || connection.connects.at(-1)?.target || connection.forwards[0]?.url || "-";
}

/** The frame in which the thing happened that the verdict is about; null if it has none. */
function decisiveFrame(connection: ReportConnection): number | null {
  const status = STATUS[connection.verdict];
  if (status === undefined) return null;
  const exchanges = [...(connection.tunnel?.exchanges ?? []), ...connection.forwards];
  const answer =
    exchanges.find(({ response }) => response?.status === status)?.response ??
    connection.connects.find(({ response }) => response?.status === status)?.response;
  return answer?.frame ?? null;
}

const STATUS: Readonly<Partial<Record<Verdict, number>>> = {
  "tunnel-401-proxy": 401,
  "tunnel-401-unattributed": 401,
  "tunnel-407": 407,
  "connect-401": 401,
  "forward-401-proxy": 401,
  "auth-no-scheme": 407,
  "auth-abandoned": 407,
};
