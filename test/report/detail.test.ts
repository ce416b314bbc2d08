// Reports with less in them: as good for what is printed of them as the full one.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { ReportConnection } from "../../src/report/index.ts";
import { line } from "../../src/report/outputs/line.ts";
import { table } from "../../src/report/outputs/table.ts";
import { optionsOf, recordedReport } from "../harness/recorded-reports.ts";
import { loadTruth } from "../harness/truth.ts";

describe("the deciding connection alone", () => {
  it.each(loadTruth())("tells of $name what all tell in a line", async (capture) => {
    const all = await recordedReport(capture);
    const deciding = await checkCapture(capture.path, { ...optionsOf(capture), detail: "verdict" });
    if ("kind" in deciding) throw new Error(deciding.message);
    const surest = all.findings.find(({ id }) => id === all.verdict);
    const worst = all.connections.find(
      ({ verdict, stream }) => verdict === all.verdict && (surest == null || surest.stream === stream),
    );
    expect(line(deciding)).toBe(line(all));
    expect(deciding.connections[0]).toEqual(worst === undefined ? undefined : withoutFingerprints(worst));
    const plain = all.connections.map(withoutFingerprints);
    const told = plain.filter((one) => deciding.connections.some((other) => isDeepStrictEqual(one, other)));
    expect(deciding).toEqual({ ...all, connections: told });
    // Where something is wrong or not seen, one is enough; others are kept only where nothing is.
    if (all.exitCode !== 0) expect(told).toHaveLength(worst === undefined ? 0 : 1);
  });
});

/** A classic capture's records, up to frame `last`. */
function recordsOf(name: string, last = Number.POSITIVE_INFINITY): Buffer {
  const bytes = readFileSync(loadTruth().find((one) => one.name === name)!.path);
  let at = 24;
  for (let frame = 0; frame < last && at < bytes.length; frame++) at += 16 + bytes.readUInt32LE(at + 8);
  return bytes.subarray(24, at);
}

it("a line does not call it right where a connection behind the deciding one was ended by an alert", async () => {
  const later = loadTruth().find((one) => one.name === "tls-13-certificate-later")!;
  const header = readFileSync(later.path).subarray(0, 24);
  const both = Buffer.concat([header, recordsOf("squid-noauth"), recordsOf(later.name, 20)]);
  const keylogs = [later.keysPath!, loadTruth().find((one) => one.name === "squid-noauth")!.keysPath!];
  const all = await checkCapture(both, { keylogs });
  const deciding = await checkCapture(both, { keylogs, detail: "verdict" });
  if ("kind" in all || "kind" in deciding) throw new Error("not read");
  expect(all.totals.verdicts).toEqual({ ok: 2 });
  expect(line(deciding)).toBe(line(all));
  expect(line(all)).toMatch(/but in 1 of them TLS was ended by an alert \(unsupported_certificate, frame \d+\)\.$/);
});

it("a line counts the same tunnels in which nothing was asked, with keys and without", async () => {
  const { path } = loadTruth().find((one) => one.name === "elinks-refuses-certificate")!;
  for (const [source, told] of [
    [path, "but in 3 of them the client closed the tunnel and asked nothing: so does a client"],
    [
      Uint8Array.from(readFileSync(path)),
      "3 were encrypted and could not be read, and nothing was asked in them: so does",
    ],
  ] as const) {
    const all = await checkCapture(source);
    const deciding = await checkCapture(source, { detail: "verdict" });
    if ("kind" in all || "kind" in deciding) throw new Error("not read");
    expect(line(all)).toContain(told);
    expect(line(deciding)).toBe(line(all));
  }
});

const DOUBT = { certain: 0, likely: 1, possible: 2 };

it.each(loadTruth())("findings of one kind in $name stand with the most certain first", async (capture) => {
  const { findings } = await recordedReport(capture);
  for (const id of new Set(findings.map((finding) => finding.id))) {
    const doubts = findings
      .filter((finding) => finding.id === id)
      .map(({ certainty }) => DOUBT[certainty ?? "certain"]);
    expect(doubts).toEqual(doubts.toSorted());
  }
});

describe("connections without fingerprints", () => {
  const style = { width: 120, colour: true, drawing: true, unicode: true, verbose: false };
  it.each(loadTruth())("of $name make the same table", async (capture) => {
    const all = await recordedReport(capture);
    const plain = await checkCapture(capture.path, { ...optionsOf(capture), detail: "connections" });
    if ("kind" in plain) throw new Error(plain.message);
    expect(plain).toEqual({ ...all, connections: all.connections.map(withoutFingerprints) });
    expect(table(plain, style)).toBe(table(all, style));
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
