// One capture of the HTML report: summary, findings with advice, the connections, a ladder for each that went wrong.
import type { Report, ReportCapture, ReportConnection, ReportFinding, ReportPolicy } from "../../types.ts";
import { classOf } from "../../verdicts.ts";
import { connectCell, httpsCell, tlsCell } from "../cells.ts";
import { beyondSummary, decisiveFrame, headline, targetOf } from "../headline.ts";
import { byKind, connectionOf } from "../kinds.ts";
import { droppedText, sourceTexts } from "../policy-text.ts";
import { clientText, counted, endpointText } from "../style.ts";
import { ladderSvg } from "./ladder-svg.ts";
import { definitions, html, list, time, verdictMark } from "./text.ts";

/** Ladders of one capture: a page with more is slow to open, and they look alike. */
const MAX_LADDERS = 20;
/** Cases of one kind of finding that are told with their evidence; the table has every connection. */
const MAX_CASES = 20;
/** Lines of evidence of one case. */
const MAX_EVIDENCE = 20;

/** The section as HTML; `id` is unique on the page, and the ids inside begin with it. `number`: "2. ", or nothing for the only one. */
export function captureSection(report: Report, id: string, number: string): string {
  return [
    `<section id="${id}" aria-labelledby="${id}-title">`,
    `<h2 id="${id}-title">${number}${html(report.capture.path)}</h2>`,
    `<p class="lead">${verdictMark(report.verdict)} <span>${html(headline(report))}</span></p>`,
    summary(report),
    findings(report, id),
    connections(report, id),
    ladders(report, id),
    "</section>",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function summary(report: Report): string {
  const { capture, totals, proxies, policy } = report;
  return definitions([
    [
      "Connections",
      html(
        `${totals.connections} to a proxy, ${counted(totals.tunnels, "tunnel")}; ${totals.wrong} wrong, ${totals.unseen} not seen whole`,
      ),
    ],
    ["Proxies", list(proxies.map(proxyText))],
    ["Capture", captureFacts(capture)],
    ["Records", list(policy === null ? [] : recordTexts(policy))],
    [
      "Keys",
      html(
        capture.keys.sessions === 0
          ? "none"
          : `of ${counted(capture.keys.sessions, "session")}, ${capture.keys.decrypted} used`,
      ),
    ],
    [
      "Notes",
      list(
        capture.quality.warnings.map(
          ({ text, count, frame }) =>
            `${text}${count > 1 ? ` (${count} times)` : ""}${frame === null ? "" : `, first in frame ${frame}`}`,
        ),
      ),
    ],
  ]);
}

/** What the proxy itself wrote down, and how it was joined to the connections. */
function recordTexts(policy: ReportPolicy): readonly string[] {
  const dropped = droppedText(policy);
  return [
    ...sourceTexts(policy).flatMap(({ label, facts, notes }) => [`${label} ${facts}`, ...notes]),
    ...(dropped === null ? [] : [dropped]),
  ];
}

function proxyText(proxy: Report["proxies"][number]): string {
  const { product, intercepts } = proxy;
  const sure = product === null || product.certainty === "certain" ? "" : ` (${product.certainty})`;
  return [
    endpointText(proxy),
    ...(product === null ? [] : [product.name + sure]),
    ...(intercepts === "yes" ? ["intercepts TLS"] : []),
    counted(proxy.connections, "connection"),
  ].join(", ");
}

function captureFacts({ format, compression, linkTypes, packets, bytes, start, end }: ReportCapture): string {
  const facts = [
    compression === null ? format : `${format} (${compression})`,
    linkTypes.join(", "),
    counted(packets, "packet"),
    counted(bytes, "byte"),
  ].filter((fact) => fact !== "");
  const when = start === null || end === null ? "" : `; from ${time(start)} to ${time(end)}`;
  return html(facts.join("; ")) + when;
}

function findings(report: Report, id: string): string {
  const kinds = byKind(report.findings);
  if (kinds.length === 0) return `<h3>Findings</h3>\n<p>None.</p>`;
  return [`<h3>Findings</h3>`, ...kinds.map((kind, i) => findingArticle(report, kind, `${id}-finding-${i + 1}`))].join(
    "\n",
  );
}

const SEVERITIES = { error: "wrong", warning: "unseen", info: "info" } as const;

/** All findings of one kind: the advice once, then its cases. */
function findingArticle(report: Report, kind: readonly ReportFinding[], id: string): string {
  const [first] = kind;
  if (first === undefined) return "";
  const cases = kind.slice(0, MAX_CASES);
  const rest = kind.slice(MAX_CASES).flatMap(({ stream }) => (stream === null ? [] : [stream]));
  return [
    `<article class="${SEVERITIES[first.severity]}" aria-labelledby="${id}">`,
    `<h4 id="${id}">${html(first.title)} <span class="dim">(${html(first.id)}, ${first.severity})</span></h4>`,
    ...cases.map((finding) => findingCase(report, finding)),
    ...(rest.length === 0 ? [] : [`<p>The same on ${counted(rest.length, "more connection")}.</p>`]),
    definitions([
      ["Helpdesk", html(first.advice.helpdesk, MAX_ADVICE)],
      ["Proxy", html(first.advice.proxyAdmin, MAX_ADVICE)],
    ]),
    "</article>",
  ].join("\n");
}

/** Advice is the program's own, and told whole. */
const MAX_ADVICE = 4_000;

function findingCase(report: Report, finding: ReportFinding): string {
  const connection = connectionOf(report, finding);
  const { certainty, evidence, displayFilter } = finding;
  const detail = [connection?.summary ?? "", beyondSummary(finding, connection)].filter((text) => text !== "");
  const shown = evidence.slice(0, MAX_EVIDENCE);
  return definitions([
    ["What", html(detail.join(" "))],
    ["Where", connection === null ? "" : `stream ${connection.stream}, frame ${decisiveFrame(connection, finding)}`],
    ["Certainty", certainty ?? ""],
    ["Filter", displayFilter === null ? "" : `<code>${html(displayFilter)}</code>`],
    ["Evidence", list(shown)],
  ]);
}

function connections(report: Report, id: string): string {
  if (report.connections.length === 0 && report.folded.length === 0) return "";
  const rows = [
    ...report.connections.map(connectionRow),
    ...report.folded.map(({ client, target, count, firstStream, verdict }) =>
      row(`${firstStream} and others`, [
        html(client),
        html(target ?? "several"),
        `${count} connections, only counted`,
        "",
        "",
        verdictMark(verdict),
      ]),
    ),
  ];
  const names = ["Stream", "Client", "Target", "CONNECT", "TLS", "HTTPS", "Verdict"];
  return `<h3 id="${id}-connections">Connections</h3>
<section class="scroll" aria-labelledby="${id}-title ${id}-connections" tabindex="0">
<table>
<caption>Connections to the proxy, with the status of each stage.</caption>
<thead><tr>${names.map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</section>`;
}

function connectionRow(connection: ReportConnection): string {
  return row(String(connection.stream), [
    html(clientText(connection)),
    html(targetOf(connection)),
    html(connectCell(connection)),
    html(tlsCell(connection)),
    html(httpsCell(connection)),
    verdictMark(connection.verdict),
  ]);
}

/** `cells` are HTML. */
function row(head: string, cells: readonly string[]): string {
  return `<tr><th scope="row">${html(head)}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function ladders(report: Report, id: string): string {
  const wrong = report.connections.filter(
    ({ verdict }) => classOf(verdict) === "wrong" || verdict === "tunnel-401-suspected",
  );
  if (wrong.length === 0) return "";
  const drawn = wrong.slice(0, MAX_LADDERS).map((connection) => {
    const { stream, summary: told } = connection;
    return `<figure>
<figcaption id="${id}-stream-${stream}">Stream ${stream}: ${html(told)}</figcaption>
<section class="scroll" aria-labelledby="${id}-title ${id}-stream-${stream}" tabindex="0">
${ladderSvg(connection, `${id}-ladder-${stream}`)}
</section>
</figure>`;
  });
  const more = wrong.length - drawn.length;
  if (more > 0) drawn.push(`<p>${counted(more, "more connection")} went wrong; pcapcheck --tunnel N shows each.</p>`);
  return [`<h3>Ladders</h3>`, ...drawn].join("\n");
}
