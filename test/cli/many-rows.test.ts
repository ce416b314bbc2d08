// What an output tells of every capture is packed until its end: a merge of very many takes no more of V8's heap than one of a few.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PackedLines } from "../../src/cli/packed-lines.ts";
import { buildProgram, captured, type Program } from "./build.ts";

/** As rows they would take three times as much as the heap may have, as the texts of SARIF more than it. */
const CAPTURES = 20_000;
const HEAP_MIB = 20;

let program: Program;
let journal = "";
beforeAll(() => {
  program = buildProgram();
  journal = join(program.folder, "journal.ndjson");
  program.run(["audit", captured("behind-balancer.pcap"), captured("squid-403.pcap"), "--journal", journal]);
  const [head, ...rows] = readFileSync(journal, "utf8").trim().split("\n");
  const copies = Array.from({ length: CAPTURES }, (_, n) => {
    const row = JSON.parse(rows[n % rows.length]!) as object;
    return JSON.stringify({ ...row, path: `/captures/${n}.pcap` });
  });
  writeFileSync(journal, `${[head, ...copies].join("\n")}\n`);
});
afterAll(() => program.remove());

describe("a merge of very many captures", () => {
  it.each(["json", "sarif"])("as %s holds none of their rows", (format) => {
    const output = join(program.folder, format);
    const merge = [program.path, "merge", journal, "-f", format, "-o", output];
    expect(spawnSync(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, ...merge]).status).toBe(1);
    const whole = JSON.parse(readFileSync(output, "utf8")) as { rows: unknown[]; runs: { artifacts: unknown[] }[] };
    expect(format === "json" ? whole.rows : whole.runs[0]!.artifacts).toHaveLength(CAPTURES);
  });
});

describe("packed lines", () => {
  it("are what they were, each time", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 150_000, 300_000), (values, long) => {
        const lines = [...values, "ä€😀".repeat(long / 3)].map((value) => JSON.stringify(value));
        const packed = new PackedLines();
        for (const line of lines) packed.push(line);
        expect(packed.length).toBe(lines.length);
        for (const _ of [1, 2]) expect([...packed]).toEqual(lines);
      }),
      { numRuns: 20 },
    );
  });

  it("keep their order where most of them are packed", () => {
    const lines = Array.from({ length: 60 }, (_, i) => JSON.stringify([i, "ä".repeat(100_000)]));
    const packed = new PackedLines();
    for (const line of lines) packed.push(line);
    expect([...packed].map((line) => line.slice(0, 4))).toEqual(lines.map((line) => line.slice(0, 4)));
    expect(new Set([...packed].map(({ length }) => length)).size).toBe(2);
  });
});
