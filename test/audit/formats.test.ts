// A real audit in every format, each held by a reader that is not ours: a schema, Python, an HTML validator.
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuditReport, type AuditRow, auditSchema } from "../../src/report/index.ts";
import { buildProgram, captured, type Program } from "../cli/build.ts";
import { readCsv } from "../harness/csv-reader.ts";
import { htmlComplaints } from "../harness/html-valid.ts";
import { validSarif } from "../report/sarif-schema.ts";

const CAPTURES = dirname(captured("squid-basic.pcap"));
const validates = new Ajv2020({ strict: true, allErrors: true }).compile(auditSchema);

let program: Program;
let report: AuditReport;
beforeAll(() => {
  program = buildProgram();
  const at = (name: string): string => join(program.folder, name);
  // Other captures yesterday than today, and some of both days.
  copy(at("before"), /^(?:squid|mitm|scripted)-/);
  copy(at("now"), /^(?!scripted-)/);
  expect(program.run(["audit", "before", "-q", "--journal", "before.ndjson"]).code).toBe(1);
  writeFileSync(at("broken.pcap"), "no capture");
  report = JSON.parse(output("json")) as AuditReport;
});
afterAll(() => program.remove());

/** Copies the captures of such names with their key logs. */
function copy(to: string, names: RegExp): void {
  mkdirSync(to);
  for (const name of readdirSync(CAPTURES))
    if (names.test(name) && /\.(?:pcap|pcapng|gz|keys)$/.test(name)) copyFileSync(join(CAPTURES, name), join(to, name));
}

function output(format: string): string {
  const args = ["audit", "now", "broken.pcap", "none.pcap", "--since", "before.ndjson", "-f", format];
  const { code, out, err } = program.run(args);
  expect([code, err]).toEqual([2, ""]);
  return out;
}

describe("an audit of the recorded captures", () => {
  it("as JSON keeps to the schema, and shows all that it has", () => {
    expect(validates(report), JSON.stringify(validates.errors)).toBe(true);
    expect(report.captures.failed).toBe(2);
    expect(report.rows).toHaveLength(report.captures.total);
    for (const list of [report.changes?.new, report.changes?.gone, report.changes?.still])
      expect(list?.length).toBeGreaterThan(0);
  });

  it("as NDJSON is its rows, each as in the whole, and the report without them", () => {
    const lines = output("ndjson")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditRow | AuditReport);
    const last = lines.pop();
    expect(validates(last), JSON.stringify(validates.errors)).toBe(true);
    expect({ ...last, rows: [] }).toEqual({ ...report, rows: [] });
    const byPath = (a: AuditRow, b: AuditRow): number => (a.path < b.path ? -1 : 1);
    expect((lines as AuditRow[]).sort(byPath)).toEqual([...report.rows].sort(byPath));
  });

  it("as lines has one for each capture, with as many fields", () => {
    const lines = output("line")
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(lines.map(([, path]) => path).sort()).toEqual(report.rows.map(({ path }) => path).sort());
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
  });

  it("as lines tells of each capture what its own line does, but for ports of targets, later frames and words", () => {
    const fields = (text: string): string[][] =>
      text
        .trimEnd()
        .split("\n")
        .map((line) =>
          line
            .replace(/(?::\d+)?@\d+(?=\t)/, "")
            .split("\t")
            .slice(0, 7),
        )
        .filter(([verdict]) => verdict !== "not-checked")
        .sort(([, a], [, b]) => (a! < b! ? -1 : 1));
    const paths = report.rows.filter(({ verdict }) => verdict !== null).map(({ path }) => path);
    expect(fields(output("line"))).toEqual(fields(program.run(["-f", "line", ...paths]).out));
  });

  it("as CSV is read by Python, and its connections add up", () => {
    const [header, ...rows] = readCsv(output("csv"));
    for (const cells of rows) expect(cells).toHaveLength(header!.length);
    const sums: Record<string, number> = {};
    for (const cells of rows) {
      const verdict = cells[header!.indexOf("verdict")]!;
      sums[verdict] = (sums[verdict] ?? 0) + Number(cells[header!.indexOf("connections")]);
    }
    for (const { name, connections } of report.verdicts) expect(sums[name]).toBe(connections);
    expect(rows.filter((cells) => cells.includes("not-checked"))).toHaveLength(2);
  });

  it("as SARIF keeps to its schema, with a place in an artifact for every result", () => {
    const log = JSON.parse(output("sarif")) as {
      runs: [
        {
          artifacts: { location: { uri: string } }[];
          results: {
            occurrenceCount: number;
            locations: { physicalLocation: { artifactLocation: { uri: string; index: number } } }[];
          }[];
          invocations: [{ toolExecutionNotifications: unknown[] }];
        },
      ];
    };
    expect(validSarif(log)).toEqual([]);
    const [{ artifacts, results, invocations }] = log.runs;
    expect(artifacts).toHaveLength(report.captures.checked);
    expect(invocations[0].toolExecutionNotifications).toHaveLength(2);
    for (const { locations } of results) {
      const { uri, index } = locations[0]!.physicalLocation.artifactLocation;
      expect(artifacts[index]!.location.uri).toBe(uri);
    }
    const wrongOrUnseen = report.verdicts.reduce((sum, { wrong, unseen }) => sum + wrong + unseen, 0);
    expect(results.reduce((sum, { occurrenceCount }) => sum + occurrenceCount, 0)).toBe(wrongOrUnseen);
  });

  it("as HTML is a valid page", async () => {
    expect(await htmlComplaints(output("html"))).toEqual([]);
  });
});
