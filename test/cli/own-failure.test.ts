// What pcapcheck itself fails at costs one capture of several: the others are told of, and the exit code says so.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { check } from "../../src/cli/commands/check.ts";
import type { Report } from "../../src/report/index.ts";
import { captured } from "./build.ts";

const told: string[] = [];
const BAD = captured("squid-403.pcap");

vi.mock("../../src/audit/index.ts", async (original) => {
  const actual = await original<typeof import("../../src/audit/index.ts")>();
  const checkLazily: typeof actual.checkLazily = (source, options) => {
    if (source === BAD) throw new RangeError("Maximum call stack size exceeded");
    return actual.checkLazily(source, options);
  };
  return { ...actual, checkLazily };
});

vi.mock("../../src/cli/standard-streams.ts", async (original) => {
  const actual = await original<typeof import("../../src/cli/standard-streams.ts")>();
  return { ...actual, warn: (text: string) => told.push(text) };
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-own-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => told.splice(0));

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

  it("ends the program where it is the only one, with its place in the program", async () => {
    await expect(check([BAD], { format: "table", color: false })).rejects.toThrow(RangeError);
  });
});
