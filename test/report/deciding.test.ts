// A report of the deciding connection only: as good for a line and an exit code as one of all.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { ReportConnection } from "../../src/report/index.ts";
import { line } from "../../src/report/outputs/line.ts";
import { optionsOf, recordedReport } from "../harness/recorded-reports.ts";
import { loadTruth } from "../harness/truth.ts";

describe("the deciding connection alone", () => {
  it.each(loadTruth())("tells of $name what all tell in a line", async (capture) => {
    const all = await recordedReport(capture);
    const deciding = await checkCapture(capture.path, { ...optionsOf(capture), detail: "verdict" });
    if ("kind" in deciding) throw new Error(deciding.message);
    const worst = all.connections.find(({ verdict }) => verdict === all.verdict);
    expect(line(deciding)).toBe(line(all));
    expect(deciding).toEqual({ ...all, connections: worst === undefined ? [] : [withoutFingerprints(worst)] });
  });
});

function withoutFingerprints(connection: ReportConnection): ReportConnection {
  const { tunnel } = connection;
  if (tunnel === null || tunnel.tls === null) return connection;
  const { certificate } = tunnel.tls;
  const tls = {
    ...tunnel.tls,
    ja3: null,
    ja4: null,
    certificate: certificate === null ? null : { ...certificate, fingerprint: "" },
    chain: tunnel.tls.chain.map((behind) => ({ ...behind, fingerprint: "" })),
  };
  return { ...connection, tunnel: { ...tunnel, tls } };
}
