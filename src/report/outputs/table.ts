// The report on a terminal: what is wrong and what to do, the connections, what could not be seen.

import type { Report, ReportCapture, ReportConnection, ReportTls } from "../types.ts";
import { certificateLines } from "./certificate-text.ts";
import { connectionsTable } from "./connections-table.ts";
import { headline } from "./headline.ts";
import { droppedText, sourceTexts } from "./policy-text.ts";
import { problems, unseen } from "./problems.ts";
import { colourOf, counted, endpointText, labelled, paint, safe, type TerminalStyle, truncate, wrap } from "./style.ts";

/** Notes on the capture, unless more is asked for. */
const MAX_NOTES = 3;

/** The whole report as text, ending with a line end. */
export function table(report: Report, style: TerminalStyle): string {
  const sections = [
    lead(report, style),
    ...problems(report, style),
    connectionsTable(report, style),
    ...(style.verbose ? [report.connections.map((connection) => details(connection, style)).join("\n")] : []),
    ...unseen(report, style),
    policyNotes(report, style),
    captureNotes(report.capture, style),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

const MARKS = { red: ["✗", "x"], yellow: ["?", "?"], green: ["✓", "ok"] } as const;

function lead(report: Report, style: TerminalStyle): string {
  const colour = colourOf(report.verdict);
  const verdict = `${MARKS[colour][style.drawing ? 0 : 1]} ${report.verdict}`;
  const path = truncate(style, safe(style, report.capture.path), Math.max(8, style.width - verdict.length - 2));
  const sentence = wrap(safe(style, headline(report)), style.width - 2);
  return [
    `${paint(style, colour, verdict)}  ${paint(style, "dim", path)}`,
    "",
    ...sentence.map((text) => `  ${paint(style, "bold", text)}`),
  ].join("\n");
}

/** What a connection has beside its row: with `-v` only. */
function details({ stream, summary, proxy, tunnel, notes }: ReportConnection, style: TerminalStyle): string {
  const lines = [paint(style, "bold", `stream ${stream}`), labelled(style, "Summary", summary)];
  lines.push(labelled(style, "Proxy", endpointText(proxy)));
  const tls = tunnel?.tls ?? null;
  if (tls !== null) {
    const facts = [
      `SNI ${tls.sni ?? "none"}`,
      `ALPN ${tls.alpn ?? "unknown"} of ${tls.alpnOffered.join(", ") || "none"}`,
      ...(tls.cipher === null ? [] : [tls.cipher]),
      `ECH ${ECH[tls.ech]}`,
    ];
    lines.push(labelled(style, "TLS", facts.join("; ")));
    const certificate = certificateLines(tls);
    if (certificate.length > 0) lines.push(labelled(style, "Chain", certificate.join("; ")));
    if (tls.ja3 !== null) lines.push(labelled(style, "JA3", tls.ja3));
    if (tls.ja4 !== null) lines.push(labelled(style, "JA4", tls.ja4));
  }
  for (const { frame, text } of notes) lines.push(labelled(style, "Note", `frame ${frame}: ${text}`));
  return lines.join("\n");
}

/** RFC 9849 §6.2: GREASE is made so that nobody on the way can tell it from a real offer. */
const ECH: Readonly<Record<ReportTls["ech"], string>> = {
  none: "none",
  grease: "none, most likely: GREASE without a server name",
  offered: "offered, or GREASE that looks the same",
};

/** How the proxy's own records were joined to the connections. */
function policyNotes({ policy }: Report, style: TerminalStyle): string {
  if (policy === null) return "";
  const lines = sourceTexts(policy).flatMap(({ label, facts, notes }) => [
    labelled(style, label, facts),
    ...notes.map((note) => labelled(style, "Note", note)),
  ]);
  const dropped = droppedText(policy);
  if (dropped !== null) lines.push(labelled(style, "Note", dropped));
  return lines.join("\n");
}

/** The capture in a line, and what was odd about it. */
function captureNotes(capture: ReportCapture, style: TerminalStyle): string {
  const { format, compression, linkTypes, packets, bytes, start, end, keys, quality } = capture;
  const facts = [
    compression === null ? format : `${format} (${compression})`,
    linkTypes.join(", "),
    counted(packets, "packet"),
    byteText(bytes),
    ...(start === null || end === null ? [] : [`${start.slice(0, 19).replace("T", " ")} UTC, ${seconds(start, end)}`]),
    ...(keys.sessions === 0 ? ["no keys"] : [`keys of ${counted(keys.sessions, "session")}, ${keys.decrypted} used`]),
  ];
  const { warnings } = quality;
  const shown = style.verbose ? warnings : warnings.slice(0, MAX_NOTES);
  const lines = [labelled(style, "Capture", facts.filter((fact) => fact !== "").join("; "))];
  for (const { text, count, frame } of shown) {
    const times = count > 1 ? ` (${count} times)` : "";
    lines.push(labelled(style, "Note", `${text}${times}${frame === null ? "" : `, first in frame ${frame}`}`));
  }
  const hidden = warnings.length - shown.length;
  if (hidden > 0) lines.push(labelled(style, "", `and ${counted(hidden, "note")} more: -v`));
  return lines.join("\n");
}

function byteText(bytes: number): string {
  if (bytes < 10_000) return counted(bytes, "byte");
  return bytes < 10_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1e6)} MB`;
}

function seconds(start: string, end: string): string {
  const ms = Date.parse(`${end.slice(0, 23)}Z`) - Date.parse(`${start.slice(0, 23)}Z`);
  return `${(ms / 1000).toFixed(1)} s`;
}
