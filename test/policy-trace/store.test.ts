// Which records are kept beside a capture: those that can be about it, wherever they stand in logs of days and of all clients.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Nanos } from "../../src/bytes/index.ts";
import type { ProxyRecord } from "../../src/policy-trace/records.ts";
import { RecordStore } from "../../src/policy-trace/store.ts";
import { client, play, proxy } from "../proxy/play.ts";

const captures = fileURLToPath(new URL("../../captures/", import.meta.url));
const CAPTURE = `${captures}policy-trace-context-lost.pcap`;
const LOG = readFileSync(`${captures}policy-trace-context-lost.access.log`, "utf8");
const isDirective = (line: string): boolean => line.startsWith("#");

/** Lines of other clients, a second apart over a day, with those of the capture where they belong. */
function logOfDay(lines: number): string {
  const own = LOG.split("\n").filter((line) => line !== "" && !isDirective(line));
  const [first = ""] = own;
  const [day = "", time = "", , address = ""] = first.split(" ");
  const around = Array.from({ length: lines }, (_, i) => {
    const at = new Date(Date.parse(`${day}T00:00:00Z`) + (i * 86_400_000) / lines).toISOString().slice(11, 19);
    return first.replace(time, at).replace(address, `10.9.${i % 250}.${i % 200}`);
  });
  const place = around.findIndex((line) => (line.split(" ")[1] ?? "") > time);
  return [...LOG.split("\n").filter(isDirective), ...around.slice(0, place), ...own, ...around.slice(place), ""].join(
    "\n",
  );
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

describe("a log of a whole day and of all clients", () => {
  it("tells the same of a capture's connections as its own lines alone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pcapcheck-day-"));
    const sourceOf = async (text: string) => {
      writeFileSync(`${folder}/day.log`, bytesOf(text));
      const report = await checkCapture(CAPTURE, { accessLogs: [`${folder}/day.log`] });
      if ("kind" in report) throw new Error(report.message);
      const [source] = report.policy?.sources ?? [];
      return { verdict: report.verdict, source, dropped: report.policy?.dropped, findings: report.findings.length };
    };
    const [alone, day] = [await sourceOf(LOG), await sourceOf(logOfDay(210_000))];
    rmSync(folder, { recursive: true });
    expect(day.verdict).toBe(alone.verdict);
    expect(day.findings).toBe(alone.findings);
    expect(day.dropped).toBe(0);
    expect(day.source).toMatchObject({ records: 210_005, joined: 5, unmatched: 210_000, ambiguous: 0 });
    expect(alone.source).toMatchObject({ records: 5, joined: 5, unmatched: 0 });
  });
});

describe("records", () => {
  const [timeline] = play([
    client("CONNECT a.example:443 HTTP/1.1\r\n\r\n"),
    proxy("HTTP/1.1 200 OK\r\n\r\n"),
  ]).timelines;
  if (timeline === undefined) throw new Error("no timeline");
  const MINUTE = 60_000_000_000n;
  const record = (minutes: number, about: Partial<ProxyRecord> = {}): ProxyRecord => ({
    ...{ source: 0, line: minutes, decisive: minutes, time: (timeline.end + BigInt(minutes) * MINUTE) as Nanos },
    ...{ client: timeline.client.ip, clientPort: null, host: "a.example", port: 443, stage: "connect", path: "" },
    ...{ status: 200, says: null, weight: "certain", text: "" },
    ...about,
  });
  const keep = (records: readonly ProxyRecord[], most?: number): RecordStore => {
    const store = new RecordStore([timeline], most);
    for (const one of records) store.add(one);
    return store;
  };

  it.each([
    ["another client", { client: "192.0.2.99" }],
    ["another host", { host: "b.example" }],
    ["another port of the client", { clientPort: 1 }],
  ])("about %s are counted only", (_what, about) => {
    const { records, foreign, dropped } = keep([record(0), record(0, about), record(0, { ...about, source: 2 })]);
    expect([records.length, foreign[0], foreign[2], dropped]).toEqual([1, 1, 1, 0]);
  });

  it("of other days are, too, but not those of a clock in another zone", () => {
    expect(keep([record(14 * 60), record(-14 * 60)]).records).toHaveLength(2);
    expect(keep([record(27 * 60), record(-27 * 60)]).foreign).toEqual([2]);
  });

  it("may be masked, as their hosts and clients", () => {
    expect(
      keep([record(0, { host: "x.example" }), record(0, { host: "*.example", client: null })]).records,
    ).toHaveLength(2);
    expect(keep([record(0, { host: "x.x" }), record(0, { host: "x.y.example" })]).foreign).toEqual([1]);
  });

  it("that are too many are those nearest to the capture, in the order of the file", () => {
    const minutes = Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) - 50);
    const { records, dropped } = keep(
      minutes.map((at) => record(at)),
      20,
    );
    const kept = records.map(({ line }) => line);
    expect(kept).toEqual(minutes.filter((at) => kept.includes(at)));
    expect(kept.length + dropped).toBe(100);
    expect(kept.length).toBeGreaterThanOrEqual(10);
    expect(Math.max(...kept.map(Math.abs))).toBeLessThan(15);
  });

  it("that are all as near are the first ones", () => {
    const { records, dropped } = keep(
      Array.from({ length: 100 }, (_, i) => record(0, { line: i })),
      20,
    );
    expect(records.slice(0, 10).map(({ line }) => line)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(records.length + dropped).toBe(100);
    expect(records.length).toBeLessThanOrEqual(20);
  });
});
