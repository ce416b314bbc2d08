// Identities by their digests: as a `Map` would have it, and without their texts.
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Places } from "../../src/audit/identity-places.ts";
import { VERSION } from "../../src/audit/version.ts";
import { buildProgram, type Program } from "../cli/build.ts";

describe("numbers of identities", () => {
  it("are those that a Map would have, whatever is forgotten and comes again", () => {
    const step = fc.tuple(fc.constantFrom("add", "get", "forget"), fc.integer({ min: 0, max: 3_000 }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 2_000, maxLength: 4_000, size: "max" }), (steps) => {
        const places = new Places();
        const map = new Map<string, number>();
        let made = 0;
        for (const [what, n] of steps) {
          const identity = `/captures/${n % 7 === 0 ? n % 70 : n}.pcap`;
          if (what === "add") {
            if (!map.has(identity)) map.set(identity, made++);
            expect(places.add(identity)).toBe(map.get(identity));
          } else expect(places[what as "get" | "forget"](identity)).toBe(map.get(identity));
          if (what === "forget") map.delete(identity);
        }
        expect(places.made).toBe(made);
      }),
      { numRuns: 20 },
    );
  });

  it("differ for names that are no text in UTF-8", () => {
    const places = new Places();
    expect(["\ud800", "\ud801", "\ufffd"].map((name) => places.add(name))).toEqual([0, 1, 2]);
  });
});

describe("a journal whose paths are larger than the heap", () => {
  let program: Program;
  beforeAll(() => {
    program = buildProgram();
  });
  afterAll(() => program.remove());

  it("is merged", () => {
    const journal = join(program.folder, "journal");
    const head = { journal: "pcapcheck audit", schemaVersion: 1, version: VERSION, options: "" };
    writeFileSync(journal, `${JSON.stringify(head)}\n`);
    const row = { size: 9, modified: 1, verdict: "ok", exitCode: 0, message: null, connections: 1, tunnels: 1 };
    const none = { hash: null, givenUp: null, start: null, end: null, packets: 9, wrong: 0, unseen: 0, ungrouped: 0 };
    const rest = JSON.stringify({ ...row, ...none, verdicts: { ok: 1 }, findings: {}, groups: [], text: "." }).slice(1);
    const descriptor = openSync(journal, "a");
    const long = "p".repeat(4_000);
    // 100 MB.
    for (let i = 0; i < 25; i++) {
      const lines = Array.from({ length: 1_000 }, (_, n) => `{"path":"/${long}/${i}/${n}.pcap",${rest}\n`);
      writeSync(descriptor, lines.join(""));
    }
    closeSync(descriptor);
    const env = { NODE_OPTIONS: "--max-old-space-size=64" };
    expect(program.run(["merge", journal, "-q"], { env })).toEqual({ code: 0, out: "ok\n", err: "" });
  }, 60_000);
});
