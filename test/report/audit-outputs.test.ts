// The outputs of an audit against readers that are not ours, and against hostile strings in every field.
import { describe, expect, it } from "vitest";
import {
  AUDIT_FORMATS,
  type AuditFormatName,
  type AuditProblem,
  type AuditReport,
  type AuditRow,
  REDACT_KINDS,
} from "../../src/report/index.ts";
import { COLUMNS } from "../../src/report/outputs/csv.ts";
import { createRedactor } from "../../src/report/redact/redact.ts";
import { readCsv } from "../harness/csv-reader.ts";
import { htmlComplaints } from "../harness/html-valid.ts";
import { validSarif } from "./sarif-schema.ts";

const STYLE = { width: 80, colour: false, drawing: true, unicode: true, verbose: true };
const SINCE = "2026-03-09T08:15:02.000000000Z";

function row(path: string, change: Partial<AuditRow> = {}): AuditRow {
  return {
    ...{
      path,
      size: 100,
      modified: 0,
      hash: null,
      verdict: "tunnel-401-proxy",
      exitCode: 1,
      message: null,
      givenUp: null,
    },
    ...{ start: SINCE, end: SINCE, packets: 9, connections: 42, tunnels: 42, wrong: 40, unseen: 1 },
    verdicts: { "tunnel-401-proxy": 40, encrypted: 1, ok: 1 },
    findings: { "tunnel-401-proxy": 40 },
    groups: (["tunnel-401-proxy", "encrypted", "ok"] as const).map((verdict, i) => ({
      ...{ proxy: "192.0.2.80:8080", client: "192.0.2.17", host: "news.example.com", verdict },
      ...{ count: i === 0 ? 40 : 1, possible: 0, since: SINCE, stream: i, frame: 10 + i },
    })),
    ungrouped: 0,
    text: "It was answered 401 by the proxy.",
    ...change,
  } as AuditRow;
}

const FAILED = row("broken.pcap", {
  ...{ verdict: null, exitCode: 2, message: "there is no such file", connections: 0, groups: [], text: "" },
  ...{ start: null, end: null, verdicts: {}, findings: {} },
});
const ROWS = [row("a.pcap"), row("b, c.pcap"), FAILED];
const PROBLEM: AuditProblem = {
  ...{ verdict: "tunnel-401-proxy", proxy: "192.0.2.80:8080", client: "192.0.2.17", host: "news.example.com" },
  ...{ connections: 80, possible: 0, since: SINCE, path: "a.pcap", stream: 0, frame: 10 },
};
const tally = (name: string) => ({
  ...{ name, connections: 84, wrong: 80, unseen: 2, captures: 2, since: SINCE, worst: "tunnel-401-proxy" as const },
});
const REPORT: AuditReport = {
  ...{ schemaVersion: 1, kind: "audit", tool: { name: "pcapcheck", version: "0.1.0" } },
  captures: { total: 3, checked: 2, failed: 1, skipped: 4, interrupted: false },
  ...{ connections: 84, verdict: "tunnel-401-proxy", exitCode: 2, verdicts: [tally("tunnel-401-proxy")] },
  ...{ findings: [tally("tunnel-401-proxy")], proxies: [tally("192.0.2.80:8080")], hosts: [tally("news.example.com")] },
  ...{ clients: [tally("192.0.2.17")], problems: [PROBLEM], dropped: 1 },
  changes: {
    journal: "yesterday.ndjson",
    new: [PROBLEM],
    perhapsNew: [PROBLEM],
    gone: [PROBLEM],
    still: [PROBLEM],
    unclear: [PROBLEM],
  },
  rows: ROWS,
};

/** What a journal may have, whoever wrote it. */
const FROM_JOURNALS = new Set([
  ...["path", "host", "message", "text", "journal", "client", "proxy", "since", "start", "end"],
]);

async function output(name: AuditFormatName, report = REPORT, width = STYLE.width): Promise<string> {
  const document = await AUDIT_FORMATS[name].open({ ...STYLE, width });
  return report.rows.map((one) => document.row(one)).join("") + document.end(report);
}

describe("an audit", () => {
  it("as CSV has the columns of single captures, a row for each group, and those that could not be checked", async () => {
    const [header, ...rows] = readCsv(await output("csv"));
    expect(header).toEqual(Object.keys(COLUMNS));
    const at = (cells: readonly string[], name: string): string => cells[header!.indexOf(name)]!;
    expect(
      rows.map((cells) => ["capture", "verdict", "class", "connections", "target"].map((name) => at(cells, name))),
    ).toEqual([
      ...["a.pcap", "b, c.pcap"].flatMap((path) => [
        [path, "tunnel-401-proxy", "wrong", "40", "news.example.com"],
        [path, "encrypted", "unseen", "1", "news.example.com"],
        [path, "ok", "fine", "1", "news.example.com"],
      ]),
      ["broken.pcap", "not-checked", "unchecked", "0", ""],
    ]);
    expect(rows.slice(0, 3).map((cells) => at(cells, "summary"))).toEqual([ROWS[0]!.text, "", ""]);
    expect(at(rows.at(-1)!, "summary")).toBe("there is no such file");
    expect([at(rows[0]!, "proxy_ip"), at(rows[0]!, "proxy_port")]).toEqual(["192.0.2.80", "8080"]);
  });

  it("as CSV has a row for what is in no group, by verdict, and how sure a group is", async () => {
    const [first] = ROWS;
    const [wrong, ...others] = first!.groups;
    const many = {
      ...first!,
      connections: 1_042,
      verdicts: { "tunnel-401-proxy": 40, encrypted: 1, ok: 1_001 },
      groups: [{ ...wrong!, possible: 40, count: 40 }, ...others],
    };
    const [header, ...rows] = readCsv(await output("csv", { ...REPORT, rows: [many] }));
    const shown = ["verdict", "connections", "stream", "certainty", "summary"].map((name) => header!.indexOf(name));
    expect(rows.map((cells) => shown.map((column) => cells[column]))).toEqual([
      ["tunnel-401-proxy", "40", "0", "possible", first!.text],
      ["encrypted", "1", "1", "", ""],
      ["ok", "1", "2", "", ""],
      ["ok", "1000", "", "", "1000 connections of which only the sum was kept."],
    ]);
  });

  it("as CSV has its header, also without captures", async () => {
    expect((await output("csv", { ...REPORT, rows: [] })).split("\r\n").length).toBe(2);
  });

  it("as SARIF is valid, with a result for each group that is wrong or not seen, and how many it stands for", async () => {
    const log = JSON.parse(await output("sarif")) as {
      runs: [{ results: { ruleId: string; occurrenceCount: number }[]; artifacts: unknown[]; invocations: unknown }];
    };
    expect(validSarif(log)).toEqual([]);
    const [{ results, artifacts, invocations }] = log.runs;
    expect(artifacts).toHaveLength(2);
    expect(results.map(({ ruleId, occurrenceCount }) => [ruleId, occurrenceCount])).toEqual([
      ...[
        ["tunnel-401-proxy", 40],
        ["encrypted", 1],
        ["tunnel-401-proxy", 40],
        ["encrypted", 1],
      ],
    ]);
    expect(invocations).toMatchObject([{ executionSuccessful: false }]);
    expect(validSarif(JSON.parse(await output("sarif", { ...REPORT, rows: [] })))).toEqual([]);
  });

  it("says of how many connections one sign only says it", async () => {
    const some = { ...PROBLEM, possible: 31 };
    const all = { ...PROBLEM, connections: 3, possible: 3 };
    const [first, ...others] = ROWS;
    const groups = first!.groups.map((group, i) => ({ ...group, possible: i === 0 ? 31 : group.count }));
    const doubted = { ...REPORT, problems: [some, all], rows: [{ ...first!, groups }, ...others] };
    const narrow = (await output("table", doubted, 70)).replaceAll(/\s+/g, " ");
    expect(narrow).toContain("Worst: tunnel-401-proxy for news.example.com, asked by 192.0.2.17");
    expect(narrow).toContain("(80 connections, 31 of them only possibly; a.pcap, stream 0, frame 10)");
    expect(narrow).toContain(
      "- tunnel-401-proxy for news.example.com: 80 connections, 31 of them only possibly, since",
    );
    expect(narrow).toContain("- possibly tunnel-401-proxy for news.example.com: 3 connections, since");
    expect(await output("table", { ...doubted, problems: [all] })).toContain("Worst: possibly tunnel-401-proxy for ");
    expect(await output("table", doubted, 200)).toMatch(/ n +only possibly +since/);
    expect(await output("table", REPORT, 200)).not.toContain("possibly");
    const page = await output("html", doubted);
    expect(page).toMatch(/<td>80, 31 of them only possibly<\/td>[\s\S]*<td>3, only possibly<\/td>/);
    const log = await output("sarif", doubted);
    expect(log).toContain("40 connections from 192.0.2.17 to news.example.com through");
    expect(log).toContain(": tunnel-401-proxy, 31 of them only possibly.");
    expect(log).toContain("through the proxy 192.0.2.80:8080: possibly encrypted.");
    const [header, wrong, unseen] = readCsv(await output("csv", doubted));
    expect([wrong, unseen].map((cells) => cells![header!.indexOf("certainty")])).toEqual(["", "possible"]);
  });

  it("as HTML is one valid page with every table", async () => {
    const text = await output("html");
    expect(await htmlComplaints(text)).toEqual([]);
    const titles = [...text.matchAll(/<h2[^>]*>([^<]*)</g)].map(([, title]) => title);
    expect(titles).toEqual([
      ...[
        "Summary",
        "What is wrong",
        "New since yesterday.ndjson",
        "Perhaps new: not all was seen then that may have shown it",
        "Gone",
        "Still there",
        "Perhaps gone: not all was seen that may show it",
        "Per verdict",
        "Per finding",
      ],
      ...["Per proxy", "Per host", "Per client", "Captures", "Could not be checked"],
    ]);
  });

  it("says how much it leaves out", async () => {
    const many = (count: number, change: Partial<AuditRow>): AuditRow[] =>
      Array.from({ length: count }, (_, i) => row(`${i}.pcap`, change));
    const failed = { verdict: null, message: "there is no such file" };
    const page = await output("html", {
      ...REPORT,
      captures: { ...REPORT.captures, checked: 1_002, failed: 1_001 },
      rows: [...many(1_002, {}), ...many(1_001, failed)],
    });
    expect(page.match(/And \d+ more\./g)).toEqual(["And 2 more.", "And 1 more."]);
    const brief = await AUDIT_FORMATS.table.open({ ...STYLE, verbose: false });
    const problems = Array.from({ length: 13 }, (_, i) => ({ ...PROBLEM, client: `192.0.2.${i}` }));
    const text = brief.end({ ...REPORT, changes: null, problems, rows: many(12, failed) });
    expect(text).toContain("\nand 3 more (-v shows all)\n");
    expect(text).toMatch(/\n {2}9\.pcap: there is no such file\n {2}and 2 more\n$/);
    expect(await output("table", { ...REPORT, problems, rows: many(12, failed) })).not.toMatch(/and \d+ more/);
  });

  it("says that it was ended before all was done, and what it is where nothing was checked", async () => {
    const captures = { ...REPORT.captures, failed: 0, interrupted: true };
    const ended = { ...REPORT, captures, rows: [row("a.pcap")] };
    expect(await output("table", ended, 200)).toContain("; interrupted: not all are in this summary\n");
    expect(await output("html", ended)).toContain("<dd>before all captures were done</dd>");
    const executed = async (report: AuditReport): Promise<unknown> =>
      JSON.parse(await output("sarif", report)).runs[0].invocations[0].executionSuccessful;
    expect(await executed(ended)).toBe(false);
    expect(await executed({ ...ended, captures: { ...captures, interrupted: false } })).toBe(true);
    for (const [exitCode, words] of [
      [0, "no capture is in this part"],
      [2, "nothing could be checked"],
    ] as const) {
      const nothing = { ...REPORT, verdict: null, exitCode, problems: [], rows: [] };
      expect(await output("table", nothing, 200)).toMatch(new RegExp(`^${words} `));
      expect(await output("html", nothing)).toContain(`<title>pcapcheck audit: ${words}</title>`);
    }
  });

  it("says that nothing changed only where nothing may have", async () => {
    const none = { journal: "yesterday.ndjson", new: [], perhapsNew: [], gone: [], still: [], unclear: [] };
    const calm = "Nothing wrong, neither now nor in the earlier journal.";
    expect(await output("table", { ...REPORT, changes: none })).toContain(calm);
    for (const list of ["new", "perhapsNew", "gone", "still", "unclear"])
      expect(await output("table", { ...REPORT, changes: { ...none, [list]: [PROBLEM] } }), list).not.toContain(calm);
  });

  it("as a table has no wrong connections among its findings, of which nobody knows which of them are", async () => {
    const lines = (await output("table")).split("\n");
    const headOf = (title: string): string[] => lines[lines.indexOf(title) + 1]!.trim().split(/ +/);
    expect(headOf("Per finding")).toEqual(["name", "n", "captures", "since"]);
    expect(headOf("Per verdict")).toEqual(["name", "n", "wrong", "unseen", "captures", "since", "worst"]);
  });

  it("as a table has the end of a long path, which tells captures of one folder apart", async () => {
    const path = `/srv/captures/${"of-a-branch-office/".repeat(4)}2026-03-09.pcap`;
    const text = await output("table", { ...REPORT, problems: [{ ...PROBLEM, path }] }, 140);
    expect(text).toContain("…h-office/of-a-branch-office/2026-03-09.pcap 0\n");
  });

  it.each([40, 60, 79])("as a table fits on a terminal of %i columns, and cuts no name there", async (width) => {
    const host = `${"a-long-label-".repeat(4)}.example.com`;
    const problem = { ...PROBLEM, host, path: "/srv/captures/of-a-branch-office/2026-03-09.pcap" };
    const text = await output("table", { ...REPORT, problems: [problem] }, width);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(width);
    const unbroken = text.replaceAll(/\n */g, "");
    expect(unbroken).toContain(host);
    expect(unbroken).toContain(problem.path);
  });

  it("as a table says each problem in two lines where its columns do not fit, and what was found in a list", async () => {
    const path = "/srv/captures/of-a-branch-office/2026-03-09.pcap";
    const lines = (await output("table", { ...REPORT, problems: [{ ...PROBLEM, path }] }, 100)).split("\n");
    const at = lines.indexOf("What is wrong");
    const { verdict, host, connections, since, client, proxy, stream } = PROBLEM;
    expect(lines.slice(at + 1, at + 3)).toEqual([
      `- ${verdict} for ${host}: ${connections} ${connections === 1 ? "connection" : "connections"}, since ${since?.slice(0, 10)}`,
      `  ${client} through ${proxy}; ${path}, stream ${stream}`,
    ]);
    const [tally] = REPORT.verdicts;
    const narrow = (await output("table", REPORT, 40)).replaceAll(/\n {2}/g, " ");
    expect(narrow).toContain(
      `- ${tally!.name} n ${tally!.connections}; wrong ${tally!.wrong}; unseen ${tally!.unseen}; captures`,
    );
  });

  it.each(Object.keys(AUDIT_FORMATS) as AuditFormatName[])("as %s lets no hostile string through", async (name) => {
    for (const bad of [
      "\x1b[2J",
      "\r\nx\ty",
      "\u202e\u2066",
      "<script>alert(1)</script>",
      "=1+1",
      '"><img src=x>',
      "\ud800",
    ]) {
      const poisoned = JSON.parse(
        JSON.stringify(REPORT, (key, value: unknown) =>
          FROM_JOURNALS.has(key) && typeof value === "string" ? bad : value,
        ),
      ) as AuditReport;
      const text = (await output(name, poisoned)).replaceAll("\r\n", name === "csv" ? "\n" : "\r\n");
      expect(/[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}]/u.exec(text)?.[0]).toBeUndefined();
      if (name === "html") expect(text).not.toMatch(/<script|<img/);
      if (name === "csv") expect(text).not.toMatch(/(?:^|,)"?=1/m);
    }
  });

  it("tells no name with --redact, in any format", async () => {
    for (const name of Object.keys(AUDIT_FORMATS) as AuditFormatName[]) {
      const redactor = createRedactor(new Set(REDACT_KINDS));
      const document = await AUDIT_FORMATS[name].open(STYLE);
      const text =
        ROWS.map((one) => document.row(redactor.redact(one))).join("") + document.end(redactor.redact(REPORT));
      expect(text).not.toMatch(/192\.0\.2\.|news|example\.com|(?:a|b, c|broken)\.pcap|yesterday/);
      expect(text).toContain("tunnel-401-proxy");
    }
  });
});
