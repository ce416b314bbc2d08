// The folder of recorded captures: each has its truth, its keys and its row in the README, and together they stay small.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadTruth } from "../harness/truth.ts";

const FOLDER = new URL("../../captures/", import.meta.url);
const MAX_BYTES = 5_000_000;

describe("captures/", () => {
  const recorded = loadTruth();
  const files = readdirSync(FOLDER).filter((file) => statSync(new URL(file, FOLDER)).isFile());

  it("has a truth for every capture, and a capture for every truth", () => {
    const captures = files.filter((file) => /\.pcap(ng)?(\.gz)?$/.test(file));
    expect(recorded.map(({ truth }) => truth.capture).sort()).toEqual(captures.sort());
    expect(captures.length).toBeGreaterThanOrEqual(25);
  });

  it("names every capture in its README", () => {
    const readme = readFileSync(new URL("README.md", FOLDER), "utf8");
    for (const { truth } of recorded) expect(readme).toContain(`\`${truth.capture}\``);
  });

  it("stays below 5 MB", () => {
    const bytes = files.reduce((sum, file) => sum + statSync(new URL(file, FOLDER)).size, 0);
    expect(bytes).toBeLessThan(MAX_BYTES);
  });
});
