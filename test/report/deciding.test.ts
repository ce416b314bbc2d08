// A report of the deciding connection only: as good for a line and an exit code as one of all.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { line } from "../../src/report/outputs/line.ts";
import { optionsOf, recordedReport } from "../harness/recorded-reports.ts";
import { loadTruth } from "../harness/truth.ts";

describe("the deciding connection alone", () => {
  it.each(loadTruth())("tells of $name what all tell in a line", async (capture) => {
    const all = await recordedReport(capture);
    const deciding = await checkCapture(capture.path, { ...optionsOf(capture), connections: "deciding" });
    if ("kind" in deciding) throw new Error(deciding.message);
    const worst = all.connections.find(({ verdict }) => verdict === all.verdict);
    expect(line(deciding)).toBe(line(all));
    expect(deciding).toEqual({ ...all, connections: worst === undefined ? [] : [worst] });
  });
});
