// An audit as one HTML page: what is wrong, what changed, the sums, the captures.
import type { AuditProblem, AuditReport, AuditRow, AuditTally } from "../../audit-types.ts";
import { page } from "../html/document.ts";
import { definitions, html, time, verdictMark } from "../html/text.ts";
import { counted } from "../style.ts";
import type { AuditDocument } from "./document.ts";
import { worstText } from "./worst-text.ts";

/** Rows of one table: a page with more is slow to open, and the other formats have all. */
const MAX_ROWS = 1_000;

/** One page, written when the last capture is done; of the captures it keeps those that it shows. */
export class AuditHtml implements AuditDocument {
  readonly #checked: AuditRow[] = [];
  readonly #failed: AuditRow[] = [];

  row(row: AuditRow): string {
    const list = row.verdict === null ? this.#failed : this.#checked;
    if (list.length < MAX_ROWS) list.push(row);
    return "";
  }

  end(report: AuditReport): string {
    return auditHtml(report, this.#checked, this.#failed);
  }
}

/** `checked` and `failed`: the first rows of captures that were and could not be checked. */
function auditHtml(report: AuditReport, checked: readonly AuditRow[], failed: readonly AuditRow[]): string {
  const { changes, captures } = report;
  const title = `pcapcheck audit: ${worstText(report)}`;
  return page(
    title,
    report.tool.version,
    [
      summary(report),
      problems("problems", "What is wrong", report.problems),
      ...(changes === null
        ? []
        : [
            problems("new", `New since ${changes.journal}`, changes.new),
            problems("perhaps-new", "Perhaps new: not all was seen then that may have shown it", changes.perhapsNew),
            problems("gone", "Gone", changes.gone),
            problems("still", "Still there", changes.still),
            problems("unclear", "Perhaps gone: not all was seen that may show it", changes.unclear),
          ]),
      tallies("verdicts", "Per verdict", report.verdicts),
      findings(report.findings),
      tallies("proxies", "Per proxy", report.proxies),
      tallies("hosts", "Per host", report.hosts),
      tallies("clients", "Per client", report.clients),
      table(
        "captures",
        "Captures",
        ["Capture", "Verdict", "Connections", "Wrong", "Not seen", "What was found"],
        [
          ...checked.map((row) => [
            html(row.path),
            row.verdict === null ? "" : verdictMark(row.verdict),
            ...[row.connections, row.wrong, row.unseen].map(String),
            html(row.text),
          ]),
        ],
        captures.checked,
      ),
      table(
        "unchecked",
        "Could not be checked",
        ["Capture", "Why"],
        failed.map(({ path, message }) => [html(path), html(message ?? "")]),
        captures.failed,
      ),
    ].filter((section) => section !== ""),
  );
}

function summary({ captures, connections, dropped }: AuditReport): string {
  return `<section aria-labelledby="summary">
<h2 id="summary">Summary</h2>
${definitions([
  [
    "Captures",
    html(`${captures.total}, of which ${captures.checked} were checked and ${captures.failed} could not be`),
  ],
  ["Passed over", captures.skipped === 0 ? "" : counted(captures.skipped, "other file")],
  ["Connections", html(`${connections} to proxies`)],
  ["Interrupted", captures.interrupted ? "before all captures were done" : ""],
  ["Left out", dropped === 0 ? "" : `${counted(dropped, "entry")} of the tables`],
])}
</section>`;
}

function problems(id: string, title: string, list: readonly AuditProblem[]): string {
  const heads = ["Host", "Verdict", "Client", "Proxy", "Connections", "Since", "Capture, stream, frame"];
  return table(
    id,
    title,
    heads,
    list.map(({ verdict, host, client, proxy, connections, possible, since, path, stream, frame }) => [
      html(host ?? "unknown"),
      verdictMark(verdict),
      html(client),
      html(proxy),
      String(connections) +
        (possible === 0 ? "" : `, ${possible === connections ? "" : `${possible} of them `}only possibly`),
      since === null ? "unknown" : time(since),
      // A name that is written from right to left would take the numbers along.
      `<bdi>${html(path)}</bdi>, ${stream}, ${frame}`,
    ]),
  );
}

function tallies(id: string, title: string, list: readonly AuditTally[]): string {
  return table(
    id,
    title,
    ["Name", "Connections", "Wrong", "Not seen", "Captures", "Since", "Worst"],
    list.map(({ name, connections, wrong, unseen, captures, since, worst }) => [
      html(name),
      ...[connections, wrong, unseen, captures].map(String),
      since === null ? "unknown" : time(since),
      worst === null ? "" : verdictMark(worst),
    ]),
  );
}

function findings(list: readonly AuditTally[]): string {
  return table(
    "findings",
    "Per finding",
    ["Name", "Times", "Captures", "Since"],
    list.map(({ name, connections, captures, since }) => [
      html(name),
      String(connections),
      String(captures),
      since === null ? "unknown" : time(since),
    ]),
  );
}

/** `rows` are HTML, the first cell of each is its header; `total`: how many there are, shown or not. Empty for none. */
function table(
  id: string,
  title: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  total = rows.length,
): string {
  if (rows.length === 0) return "";
  const shown = rows.slice(0, MAX_ROWS);
  const more = total > shown.length ? `<p>And ${total - shown.length} more.</p>` : "";
  return `<section class="scroll" aria-labelledby="${id}" tabindex="0">
<h2 id="${id}">${html(title)}</h2>
<table aria-labelledby="${id}">
<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr></thead>
<tbody>
${shown
  .map(
    ([head = "", ...cells]) =>
      `<tr><th scope="row">${head}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`,
  )
  .join("\n")}
</tbody>
</table>
${more}
</section>`;
}
