// What pcapcheck itself fails at costs one capture of several: the others are told of, and the exit code says so.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { check } from "../../src/cli/commands/check.ts";
import type { Report, ReportConnection } from "../../src/report/index.ts";
import { captured } from "./build.ts";

const told: string[] = [];
const printed: string[] = [];
const BAD = captured("squid-403.pcap");
/** It has a report so long that it is written in pieces; of its connections there are so many before one cannot be made. */
const LONG = captured("squid-digest.pcap");
let madeOfLong = 0;

vi.mock("../../src/audit/index.ts", async (original) => {
  const actual = await original<typeof import("../../src/audit/index.ts")>();
  const checkLazily: typeof actual.checkLazily = async (source, options) => {
    if (source === BAD) throw new RangeError("Maximum call stack size exceeded");
    const report = await actual.checkLazily(source, options);
    if (source !== LONG || "kind" in report) return report;
    const { connections } = report;
    function* made(): Generator<ReportConnection> {
      for (let i = 0; i < madeOfLong; i++) yield* connections;
      throw new RangeError("Maximum call stack size exceeded");
    }
    return { ...report, connections: { length: 2_000, [Symbol.iterator]: made } };
  };
  return { ...actual, checkLazily };
});

vi.mock("../../src/cli/standard-streams.ts", async (original) => {
  const actual = await original<typeof import("../../src/cli/standard-streams.ts")>();
  return { ...actual, warn: (text: string) => told.push(text), print: (text: string) => printed.push(text) };
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-own-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  told.splice(0);
  printed.splice(0);
});

describe("a capture that pcapcheck itself fails at", () => {
  it("is told of beside the others, and the exit code is 2", async () => {
    const output = join(folder, "out.json");
    const good = ["mitm-401-basic.pcap", "squid-basic.pcap"].map(captured);
    const code = await check([BAD, ...good], { format: "json", output, color: false });
    expect(code).toBe(2);
    expect(told).toEqual([
      `pcapcheck: ${BAD}: pcapcheck itself failed (Maximum call stack size exceeded): please report that\n`,
    ]);
    const reports = JSON.parse(readFileSync(output, "utf8")) as readonly Report[];
    expect(reports.map(({ capture }) => capture.path)).toEqual(good);
  });

  it("in the middle of its report has what was begun of it on a line of its own, and costs a file", async () => {
    const output = join(folder, "kept.ndjson");
    writeFileSync(output, "earlier");
    madeOfLong = 100;
    const captures = [LONG, captured("squid-basic.pcap")];
    expect(await check(captures, { format: "ndjson", color: false })).toBe(2);
    const lines = printed.join("").trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, 19))).toEqual(Array(2).fill('{"schemaVersion":1,'));
    expect((JSON.parse(lines[1] ?? "") as Report).capture.path).toBe(captures[1]);
    expect(await check(captures, { format: "ndjson", output, color: false })).toBe(2);
    expect(readFileSync(output, "utf8")).toBe("earlier");
    const failed = `pcapcheck: ${LONG}: pcapcheck itself failed (Maximum call stack size exceeded): please report that\n`;
    expect(told).toEqual([failed, failed, `pcapcheck: ${output}: it was not written, as a part of it is missing\n`]);
  });

  it("before its report has begun leaves the others valid", async () => {
    madeOfLong = 0;
    const good = ["mitm-401-basic.pcap", "squid-basic.pcap"].map(captured);
    expect(await check([LONG, ...good], { format: "csv", color: false })).toBe(2);
    const ofGood = printed.splice(0).join("");
    expect(await check(good, { format: "csv", color: false })).not.toBe(2);
    expect(ofGood).toBe(printed.join(""));
  });

  it("ends the program where it is the only one, with its place in the program", async () => {
    await expect(check([BAD], { format: "table", color: false })).rejects.toThrow(RangeError);
  });
});
