// The table and the page of a policy trace: what is counted and not shown, and what stands in the cells.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkTrace } from "../../src/audit/index.ts";
import { TRACE_FORMATS, type TraceReport } from "../../src/report/index.ts";

const LOST = readFileSync(fileURLToPath(new URL("../fixtures/policy-trace/context-lost.txt", import.meta.url)), "utf8");
const STYLE = { width: 100, colour: false, drawing: false, unicode: false, verbose: false };

/** So many tunnels to different hosts, one behind the other. */
function tunnels(count: number): string {
  return Array.from({ length: count }, (_, i) => LOST.replaceAll("news.example.com", `news-${i}.example.com`)).join("");
}

async function reportOf(trace: string): Promise<TraceReport> {
  const report = await checkTrace(Buffer.from(trace), { name: "trace.txt" });
  if ("kind" in report) throw new Error(report.message);
  return report;
}

async function table(trace: string, style: Partial<typeof STYLE> = {}): Promise<string> {
  return await TRACE_FORMATS.table.text(await reportOf(trace), { ...STYLE, ...style });
}

/** The cells of the rows of that name. */
function rows(text: string, name: string): readonly (readonly string[])[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `))
    .map((line) => line.split(/ {2,}/).slice(1));
}

describe("the table of a policy trace", () => {
  it("says who answered at each stage, and where nothing was said", async () => {
    expect(rows(await table(LOST), "answer")).toEqual([["200 by the proxy", "none", "401 by the proxy"]]);
    const asked = LOST.replace(
      /server\.response\.code: 0(?=\s+client\.response\.code: 401)/,
      "server.response.code: 401",
    );
    expect(rows(await table(asked.replace(/ *EXCEPTION.*\n/, "")), "answer")).toEqual([
      ["200 by the proxy", "none", "401 (server 401)"],
    ]);
  });

  it("has rules that log the user out beside those that ask", async () => {
    const logout = LOST.replace(/(\n *MATCH: +url\.scheme)/, "\n       MATCH:   user.login.log_out(yes)$1");
    // In the order of the trace, in the last column.
    expect((await table(logout)).replaceAll(/\s+/g, " ")).toMatch(
      / 43: .*user\.login\.log_out\(yes\) .*44: .*url\.domain/,
    );
  });

  it("counts the tunnels that are like the first one, and those that are not shown", async () => {
    expect(await table(LOST)).not.toMatch(/ more tunnel/);
    expect(await table(tunnels(2))).toContain("(and 1 more tunnel like it)");
    const seven = (await table(tunnels(7))).replaceAll(/\s+/g, " ");
    expect(seven).toContain("(and 6 more tunnels like it)");
    expect(seven).toContain("Also 6 more tunnels: -v");
    expect(seven).toMatch(/7 tunnels; .* UTC 2 more tunnels: -v $/);
    expect(seven).not.toContain("news-5");
    const whole = await table(tunnels(7), { verbose: true });
    expect(whole).toContain("news-6");
    expect(whole).not.toMatch(/more tunnels: -v/);
  });
});

describe("the page of a policy trace", () => {
  it("says how many tunnels it leaves out, and how often something was met", async () => {
    const page = async (trace: string): Promise<string> => await TRACE_FORMATS.html.text(await reportOf(trace));
    expect(await page(tunnels(200))).not.toContain("more tunnel");
    expect(await page(tunnels(201))).toContain("<p>And 1 more tunnel.</p>");
    expect(await page(tunnels(203))).toContain("<p>And 3 more tunnels.</p>");
    expect(await page(LOST.replace(/stop transaction -+\n$/, ""))).toMatch(/\(once, first in line 40\)/);
  });
});
