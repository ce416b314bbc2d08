// A policy trace as one HTML page: findings with advice, then each tunnel with its three stages side by side.
import type { TraceReport, TraceReportStage, TraceReportTunnel } from "../../trace-types.ts";
import { page } from "../html/document.ts";
import { definitions, html, list, time } from "../html/text.ts";
import { STAGES } from "../stages.ts";
import { counted } from "../style.ts";

/** Tunnels that are shown; the totals have all. */
const MAX_TUNNELS = 200;

/** A policy trace as one page of HTML: its findings, and a section for each tunnel up to a limit. */
export function traceHtml(report: TraceReport): string {
  const { trace, tunnels, verdict } = report;
  const shown = tunnels.slice(0, MAX_TUNNELS);
  return page(`${verdict}: ${trace.path}`, report.tool.version, [
    summary(report),
    findings(report),
    ...(shown.length === 0 ? [] : ['<h2 id="tunnels">Tunnels</h2>']),
    ...shown.map(tunnelSection),
    ...(tunnels.length > shown.length ? [`<p>And ${counted(tunnels.length - shown.length, "more tunnel")}.</p>`] : []),
  ]);
}

function summary({ trace, totals, verdict }: TraceReport): string {
  const { lines, transactions, forwards, others, start, end, warnings } = trace;
  return `<section aria-labelledby="summary">
<h2 id="summary">Summary</h2>
${definitions([
  ["Verdict", html(verdict)],
  ["Transactions", html(`${transactions} in ${lines} lines; ${forwards} outside of tunnels, ${others} of other kinds`)],
  ["Tunnels", html(`${totals.tunnels}, ${totals.wrong} with a 401 by the proxy`)],
  ["Time", start === null || end === null ? "" : `from ${time(start)} to ${time(end)}`],
  [
    "Notes",
    list(
      warnings.map(
        ({ text, count, line }) => `${text} (${count === 1 ? "once" : `${count} times`}, first in line ${line})`,
      ),
    ),
  ],
])}
</section>`;
}

function findings({ findings: all, tunnels }: TraceReport): string {
  const articles = all.map(({ id, severity, certainty, tunnel, lines, title, detail, evidence, advice }, i) => {
    const place = tunnels[tunnel];
    return `<article class="${severity === "error" ? "wrong" : "unseen"}" aria-labelledby="finding-${i}">
<h3 id="finding-${i}">${html(title)} <span class="dim">(${html(id)}, ${severity})</span></h3>
${definitions([
  ["What", html(detail)],
  [
    "Where",
    html(
      `${place === undefined ? "" : `${place.target}, client ${place.client ?? "unknown"}; `}lines ${lines.join(", ")}`,
    ),
  ],
  ["Certainty", certainty],
  ["Evidence", list(evidence)],
  ["Helpdesk", html(advice.helpdesk)],
  ["Proxy", html(advice.proxyAdmin)],
])}
</article>`;
  });
  const text = articles.length === 0 ? "<p>None.</p>" : articles.join("\n");
  return `<section aria-labelledby="findings">\n<h2 id="findings">Findings</h2>\n${text}\n</section>`;
}

function tunnelSection(tunnel: TraceReportTunnel): string {
  const { target, client, firstLine, lastLine, verdict, stages } = tunnel;
  const id = `tunnel-${tunnel.tunnel}`;
  const heads = STAGES.map(([, title]) => `<th scope="col">${title}</th>`).join("");
  const rows = ROWS.map(([name, cell]) => {
    const cells = STAGES.map(([stage]) => `<td>${stages[stage] === null ? "" : cell(stages[stage])}</td>`).join("");
    return `<tr><th scope="row">${name}</th>${cells}</tr>`;
  });
  return `<section class="scroll" aria-labelledby="${id}" tabindex="0">
<h3 id="${id}">${tunnel.tunnel + 1}. ${html(target)}: ${html(verdict)}</h3>
<table>
<caption>Client ${html(client ?? "unknown")}, lines ${firstLine} to ${lastLine}.</caption>
<thead><tr><th scope="col">Stage</th>${heads}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</section>`;
}

const ruleTexts = (rules: TraceReportStage["rules"]): string => list(rules.map(({ line, text }) => `${line}: ${text}`));

/** What is told of each stage; the cells are HTML. */
const ROWS: readonly (readonly [name: string, cell: (stage: TraceReportStage) => string])[] = [
  [
    "Answers",
    ({ answers }) =>
      list(
        answers.map(
          ({ line, status, exception }) => `${line}: ${status}${exception === null ? "" : ` (${exception})`}`,
        ),
      ),
  ],
  ["Rules", ({ rules }) => ruleTexts(rules)],
  ["Did not hold", ({ missed }) => ruleTexts(missed)],
  ["Realm", ({ realm }) => html(realm ?? "")],
  ["Mode", ({ mode }) => html(mode ?? "")],
  ["User", ({ user, authenticated }) => html(user ?? (authenticated === false ? "unauthenticated" : ""))],
];
