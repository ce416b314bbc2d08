// The proxy's own records joined to recorded captures: exact with keys and without, with clocks that differ, masked, with other line ends.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { maskFits } from "../../src/policy-trace/masks.ts";
import type { Report } from "../../src/report/index.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";

const recorded = loadTruth().filter(({ truth }) => truth.told !== undefined);
const folder = mkdtempSync(join(tmpdir(), "pcapcheck-join-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const captures = fileURLToPath(new URL("../../captures/", import.meta.url));
const read = (name: string, suffix: string): string => readFileSync(join(captures, `${name}.${suffix}`), "utf8");

/** All times of a trace or log moved by so many seconds. */
function moved(text: string, seconds: number): string {
  return text.replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/g, (_, day: string, time: string) =>
    new Date(Date.parse(`${day}T${time}Z`) + seconds * 1000).toISOString().slice(0, 19).replace("T", " "),
  );
}

interface Around {
  readonly keys?: boolean;
  readonly trace?: string;
  readonly log?: string;
}

async function checked(
  { name, path, keysPath }: RecordedCapture,
  { keys = false, trace, log }: Around,
): Promise<Report> {
  const copy = join(folder, `${name}.pcap`);
  copyFileSync(path, copy);
  const files = { trace: join(folder, `${name}.trace.txt`), log: join(folder, `${name}.access.log`) };
  if (trace !== undefined) writeFileSync(files.trace, trace);
  if (log !== undefined) writeFileSync(files.log, log);
  const result = await checkCapture(copy, {
    keylogs: keys && keysPath !== null ? [keysPath] : [],
    policyTraces: trace === undefined ? [] : [files.trace],
    accessLogs: log === undefined ? [] : [files.log],
  });
  if ("kind" in result) throw new Error(result.message);
  return result;
}

/** Lines by client, as the truth has them. */
function joins(report: Report, source: number): Record<string, readonly number[]> {
  return Object.fromEntries(
    report.connections.map(({ client, stream }) => [
      `${client.ip}:${client.port}`,
      [...(report.policy?.joins.find((found) => found.stream === stream && found.source === source)?.lines ?? [])].sort(
        (a, b) => a - b,
      ),
    ]),
  );
}

const told = ({ truth }: RecordedCapture, kind: "trace" | "log"): Record<string, readonly number[]> =>
  Object.fromEntries(
    Object.entries(truth.told ?? {}).map(([client, lines]) => [client, [...lines[kind]].sort((a, b) => a - b)]),
  );

/** What has to come out without keys: what the proxy did wrong inside is told by its records, and nothing else is. */
const expected = ({ truth }: RecordedCapture): Record<string, string> =>
  Object.fromEntries(
    truth.connections.map(({ client, verdict, verdictWithoutKeys }) => [
      client,
      verdict === "tunnel-401-proxy" ? verdict : verdictWithoutKeys,
    ]),
  );

const verdicts = (report: Report): Record<string, string> =>
  Object.fromEntries(report.connections.map(({ client, verdict }) => [`${client.ip}:${client.port}`, verdict]));

const MOVES = [0, 90, -90, 3600];

describe.each(recorded.map((capture) => [capture.name, capture] as const))("%s", (name, capture) => {
  const trace = read(name, "trace.txt");
  const log = read(name, "access.log");

  it.each(MOVES)("is joined line by line with a clock moved by %d s, without keys and with", async (seconds) => {
    for (const keys of [false, true]) {
      const report = await checked(capture, { keys, trace: moved(trace, seconds), log: moved(log, seconds) });
      expect(joins(report, 0)).toEqual(told(capture, "trace"));
      expect(joins(report, 1)).toEqual(told(capture, "log"));
      for (const { clockDifferenceMs, clockCertain } of report.policy!.sources) {
        expect(Math.abs(clockDifferenceMs! - seconds * 1000)).toBeLessThan(1_500);
        expect(clockCertain).toBe(true);
      }
      if (!keys) expect(verdicts(report)).toEqual(expected(capture));
      else expect(report.verdict).toBe(capture.truth.verdict);
    }
  });

  it("is told by the trace alone, and by the log alone", async () => {
    expect(verdicts(await checked(capture, { trace }))).toEqual(expected(capture));
    expect(verdicts(await checked(capture, { log }))).toEqual(expected(capture));
  });

  it("cites file and line, certain also without keys", async () => {
    const report = await checked(capture, { trace });
    const finding = report.findings.find(({ id }) => id === "tunnel-401-proxy");
    expect(finding).toMatchObject({ certainty: "certain" });
    const cited = /^(?:one of \d+ that say the same: )?.*\.trace\.txt:(\d+): /.exec(finding!.evidence[0]!);
    expect(trace.split("\n")[Number(cited?.[1]) - 1]).toContain("client.response.code: 401");
  });

  it("reads the same with mixed line ends", async () => {
    const mixed = (text: string): string =>
      text
        .split("\n")
        .map((line, i, all) => (i === all.length - 1 ? line : line + (i % 3 === 0 ? "\r\n" : "\n")))
        .join("");
    const report = await checked(capture, { trace: mixed(trace), log: mixed(log) });
    expect(joins(report, 0)).toEqual(told(capture, "trace"));
    expect(joins(report, 1)).toEqual(told(capture, "log"));
  });

  it("blames nobody wrongly where clients are masked, and claims no more than with keys", async () => {
    const masked = trace.replace(/client\.address=10\.44\.1\.\d+/g, "client.address=10.4X.X.X");
    const truth = Object.fromEntries(capture.truth.connections.map(({ client, verdict }) => [client, verdict]));
    for (const [client, verdict] of Object.entries(verdicts(await checked(capture, { trace: masked })))) {
      if (verdict === "tunnel-401-proxy") expect(truth[client]).toBe("tunnel-401-proxy");
    }
  });

  it("claims nothing from the records of another day or another client", async () => {
    const stranger = trace.replace(/client\.address=10\.44\.1\.\d+/g, "client.address=10.44.9.9");
    for (const other of [moved(trace, 200_000), stranger]) {
      const report = await checked(capture, { trace: other });
      expect(report.policy!.joins).toEqual([]);
      expect(Object.values(verdicts(report))).not.toContain("tunnel-401-proxy");
    }
  });

  it("takes no tunnel of the trace for one of the capture where the trace has more of them", async () => {
    // The same transactions twice, a second apart: which of the two was recorded is not certain.
    const report = await checked(capture, {
      trace: trace.replaceAll(/ client\.port=\d+/g, "") + moved(trace, 60).replaceAll(/ client\.port=\d+/g, ""),
    });
    expect(report.policy!.sources[0]!.clockCertain).toBe(false);
    expect(report.findings.filter(({ id, certainty }) => id === "tunnel-401-proxy" && certainty === "certain")).toEqual(
      [],
    );
  });
});

it.each([
  ["10.7X.XXX.XXX", "10.71.2.3", true],
  ["10.7X.XXX.XX", "10.71.22.33", true],
  ["10.7X.XXX.XXX", "10.81.2.3", false],
  ["10.7X.XXX.XXX", "10.7.2.3", false],
  ["*.*.*.*", "10.7.2.3", true],
  ["10.1.2.3", "10.1.2.30", false],
  ["fd00:x:x:1::2", "fd00:0:7:1::2", true],
  ["xxxx.example.com", "news.example.com", true],
  ["xxxx.example.com", "news.example.net", false],
  ["example.com", "www.example.com", false],
])("a masked %s can stand for %s: %s", (written, real, fits) => expect(maskFits(written, real)).toBe(fits));
