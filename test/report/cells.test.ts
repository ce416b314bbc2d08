// The cells of tables, of recorded captures.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { httpsCell } from "../../src/report/outputs/cells.ts";
import { loadTruth } from "../harness/truth.ts";

async function insideOf(name: string): Promise<readonly string[]> {
  const report = await checkCapture(loadTruth().find((one) => one.name === name)!.path);
  if ("kind" in report) throw new Error(report.message);
  return report.connections.map(httpsCell);
}

describe("what was answered inside", () => {
  it.each([
    ["labelled-gateway-basic", ["401 proxy?", ...Array<string>(5).fill("401 proxy")]],
    ["labelled-site-basic", Array<string>(6).fill("401 site?, 200")],
    ["bump-origin-401", ["401 site, 200"]],
    ["bump-403-inside", ["403"]],
    ["squid-basic", ["200"]],
  ])("has a question mark where one sign only says who it was: %s", async (name, cells) => {
    expect(await insideOf(name)).toEqual(cells);
  });
});
