// The report of a policy trace as SARIF and HTML, checked by readers that are not ours, and with pseudonyms.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { checkTrace } from "../../src/audit/index.ts";
import { traceExplanations } from "../../src/policy-trace/index.ts";
import { REDACT_KINDS, TRACE_FORMATS, type TraceReport } from "../../src/report/index.ts";
import { createRedactor } from "../../src/report/redact/redact.ts";
import { htmlComplaints } from "../harness/html-valid.ts";
import { validSarif } from "./sarif-schema.ts";

const STYLE = { width: 100, colour: false, drawing: true, unicode: true, verbose: true };
const TRACE = fileURLToPath(new URL("../fixtures/policy-trace/context-lost.txt", import.meta.url));

let report: TraceReport;
beforeAll(async () => {
  const result = await checkTrace(TRACE, { name: "context-lost.txt" });
  if ("kind" in result) throw new Error(result.message);
  report = result;
});

/** A copy in which every text from the trace is `bad`. */
function poisoned(bad: string): TraceReport {
  const wild = new Set([
    "path",
    "client",
    "target",
    "site",
    "service",
    "url",
    "text",
    "realm",
    "mode",
    "user",
    "exception",
  ]);
  return JSON.parse(
    JSON.stringify(report, (key, value: unknown) => (wild.has(key) && typeof value === "string" ? bad : value)),
  ) as TraceReport;
}

describe("a policy trace", () => {
  it("as SARIF is valid, with findings at their lines and the rules of traces", async () => {
    const log = JSON.parse(await TRACE_FORMATS.sarif.text(report)) as {
      runs: [
        {
          tool: { driver: { rules: { id: string }[] } };
          results: {
            ruleId: string;
            ruleIndex: number;
            locations: [{ physicalLocation: { region: { startLine: number } } }];
          }[];
        },
      ];
    };
    expect(validSarif(log)).toEqual([]);
    const [{ tool, results }] = log.runs;
    expect(tool.driver.rules.map(({ id }) => id)).toEqual(traceExplanations().map(({ id }) => id));
    expect(results.map(({ ruleId }) => ruleId)).toEqual(report.findings.map(({ id }) => id));
    expect(results.length).toBeGreaterThan(0);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]!.id).toBe(ruleId);
    // The line that is pointed at is the one with the answer.
    const lines = readFileSync(TRACE, "utf8").split("\n");
    const [first] = results;
    expect(lines[first!.locations[0].physicalLocation.region.startLine - 1]).toContain("client.response.code: 401");
  });

  it("as HTML is one valid page, with each tunnel's stages side by side", async () => {
    const text = await TRACE_FORMATS.html.text(report);
    expect(await htmlComplaints(text)).toEqual([]);
    for (const { advice, title } of report.findings)
      for (const words of [advice.proxyAdmin, title]) expect(text).toContain(words.slice(0, 40));
    for (const stage of ["CONNECT tcp://", "unknown ssl://", "GET https://"])
      expect(text).toContain(`<th scope="col">${stage}</th>`);
  });

  it.each(["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\x1b[2J\r\n\u202e"])(
    "lets %j through nowhere",
    async (bad) => {
      const html = await TRACE_FORMATS.html.text(poisoned(bad));
      for (const [tag] of html.matchAll(/<[^>]*>/g)) expect(tag).not.toMatch(/^<(?:script|img)\b|\son\w+=/i);
      for (const name of ["html", "sarif"] as const)
        expect(/[^\P{Cc}\n]|\p{Cf}/u.exec(await TRACE_FORMATS[name].text(poisoned(bad)))?.[0]).toBeUndefined();
      expect(validSarif(JSON.parse(await TRACE_FORMATS.sarif.text(poisoned(bad))))).toEqual([]);
    },
  );

  it("tells no name with pseudonyms, in any format, and stays readable", async () => {
    const redacted = createRedactor(new Set(REDACT_KINDS)).redact(report);
    for (const name of Object.keys(TRACE_FORMATS) as (keyof typeof TRACE_FORMATS)[]) {
      const text = await TRACE_FORMATS[name].text(redacted, STYLE);
      expect(text, name).not.toMatch(/10\.44\.|example\.com|news|context-lost/);
    }
    const text = await TRACE_FORMATS.table.text(redacted, STYLE);
    for (const words of ["url.scheme=https", "url.domain=//host-1.site-1.example/", "client.response.code: 401"])
      expect(text).toContain(words);
  });
});
