// Which files are of one rotated capture, and which numbers are missing among them: by their names alone.
import { describe, expect, it } from "vitest";
import { missingBetween, rotatedSets } from "../../src/audit/rotation.ts";

const T1 = "20240102030405";
const T2 = "20240102030505";

describe("a set", () => {
  it.each([
    ["has its numbers in order, not its names", ["c.pcap", "c.pcap10", "c.pcap9"], [["c.pcap", "c.pcap9", "c.pcap10"]]],
    [
      "has times of seconds since 1970",
      ["c-1700000060.pcap", "c-1700000000.pcap"],
      [["c-1700000000.pcap", "c-1700000060.pcap"]],
    ],
    ["has files that are compressed", ["c.pcap.zst", "c.pcap1"], [["c.pcap.zst", "c.pcap1"]]],
  ])("%s", async (_what, names, sets) => {
    const found = await rotatedSets(names.map((path) => ({ path })));
    expect(found.map((set) => set.map(({ path }) => path))).toEqual(sets);
  });

  it.each([
    [`x/c_00001_${T1}.pcap`, `y/c_00002_${T2}.pcap`],
    [`c_00001_${T1}.pcap`, `d_00002_${T2}.pcap`],
    [`c_00001_${T1}.pcap`, `c_00002_${T2}.pcapng`],
    [`c_00001_${T1}.pcap`, `c_00001_${T2}.pcap`],
    [`c_1_${T1}.pcap`, `c_2_${T2}.pcap`],
    [`x/c-${T1}.pcap`, `y/c-${T2}.pcap`],
    [`c-${T1}.pcap`, `d-${T2}.pcap`],
    ["x/c.pcap", "y/c.pcap1"],
    ["x/c.pcap1", "y/c.pcap2"],
    ["c.pcap", "d.pcap1"],
  ])("is not of %s and %s", async (...names) => {
    expect(await rotatedSets(names.map((path) => ({ path })))).toHaveLength(2);
  });
});

describe("numbers between", () => {
  it.each([
    ["c.pcap1", "d.pcap5", null],
    ["c.pcap1", "c.pcap5", "numbers 2 to 4 are missing"],
    ["c.pcap", "c.pcap2", "number 1 is missing"],
    ["c.pcap7", "c.pcap10", "numbers 8 to 9 are missing"],
    ["c.pcap07", "c.pcap10", "numbers 08 to 09 are missing"],
    ["c.pcap", "c.pcap10", "numbers 1 to 9 are missing"],
    // A ring that went round.
    ["c.pcap3", "c.pcap1", "number 0 is missing"],
    ["c.pcap3", "c.pcap0", null],
    [`c-${T1}.pcap2`, `c-${T2}.pcap5`, "numbers 0 to 4 are missing"],
    [`c-${T1}.pcap2`, `c-${T2}.pcap`, null],
    [`c_00009_${T1}.pcap`, `c_00011_${T2}.pcap`, "number 00010 is missing"],
  ])("%s and %s: %s", (one, next, said) => {
    expect(missingBetween(one, next)).toBe(said);
  });
});
