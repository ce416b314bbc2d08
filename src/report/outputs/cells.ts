// The stages of a connection in a word or two each, for tables.
import { NOTHING_ASKED } from "../connection.ts";
import type { ReportConnection } from "../types.ts";

/** What CONNECT or a forwarded request was answered: "407, 200", "GET 401", "-". */
export function connectCell({ connects, forwards }: ReportConnection): string {
  if (connects.length > 0) return [...new Set(connects.map(({ response }) => response?.status ?? "none"))].join(", ");
  const answers = forwards.map(({ method, response }) => `${method ?? "?"} ${response?.status ?? "none"}`);
  return answers.length === 0 ? "-" : [...new Set(answers)].slice(0, 3).join(", ");
}

/** The version of TLS, or what is there instead: "1.3", "failed", "no (ssh)". */
export function tlsCell({ tunnel }: ReportConnection): string {
  if (tunnel === null) return "-";
  if (tunnel.tls === null) return tunnel.protocol === "none" ? "-" : `no (${tunnel.protocol})`;
  const version = tunnel.tls.version?.replace("TLS ", "") ?? null;
  if (tunnel.stages.tls.startsWith("failed")) return "failed";
  return tunnel.tls.handshakeComplete ? (version ?? "yes") : `${version ?? "?"}, cut`;
}

/** What was answered inside: "401 proxy", "401 site?" where one sign only says who it was, "200", "none", "unseen". */
export function httpsCell({ tunnel }: ReportConnection): string {
  if (tunnel === null || tunnel.protocol === "none") return "-";
  const statuses = tunnel.exchanges.flatMap(({ response, sentBy, certainty }) => {
    if (response === null) return [];
    const by = sentBy === "proxy" ? " proxy" : sentBy === "origin" ? " site" : "";
    return [`${response.status}${by}${by !== "" && certainty === "possible" ? "?" : ""}`];
  });
  if (statuses.length > 0) return [...new Set(statuses)].slice(0, 4).join(", ");
  if (tunnel.protocol === "tls" && tunnel.tls?.decrypted !== "full")
    return tunnel.stages.https === NOTHING_ASKED ? "-" : "unseen";
  return tunnel.exchanges.length === 0 ? "-" : "none";
}
