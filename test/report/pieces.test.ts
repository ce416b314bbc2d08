// Outputs in pieces: together what they are at once, and none of them grows with the number of connections or captures.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AUDIT_FORMATS, type AuditReport, FORMATS, type FormatName } from "../../src/report/index.ts";
import { jsonPieces } from "../../src/report/outputs/json-pieces.ts";
import { judged, report, SAMPLES } from "./samples.ts";

const STYLE = { width: 80, colour: false, drawing: true, unicode: true, verbose: true };
const IN_PIECES = ["json", "ndjson", "csv"] as const satisfies readonly FormatName[];

const longest = (pieces: readonly string[]): number => Math.max(...pieces.map(({ length }) => length));

describe("JSON in pieces", () => {
  it("is what JSON.stringify gives, of whatever value", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.array(fc.jsonValue()))),
        fc.constantFrom(0 as const, 2 as const),
        fc.integer({ min: 60, max: 200 }),
        (value, indent, length) => {
          const whole = { ...value, long: Array.from({ length }, (_, n) => ({ n, list: [n] })), odd: [undefined] };
          const text = [...jsonPieces(whole, indent)].join("");
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(whole)));
          if (/^[\x20-\x7e\n]*$/.test(JSON.stringify(whole))) expect(text).toBe(JSON.stringify(whole, null, indent));
        },
      ),
    );
    expect([...jsonPieces({}, 2)].join("")).toBe("{}");
  });
});

describe.each(IN_PIECES)("%s", (name) => {
  it("is the same in pieces, alone and among others", async () => {
    for (const many of [false, true]) {
      const [whole, pieces] = [await FORMATS[name].open(STYLE, many), await FORMATS[name].open(STYLE, many)];
      for (const sample of [...SAMPLES.values(), report([])])
        expect([...pieces.pieces!(sample)].join("")).toBe(whole.add(sample));
      expect(pieces.end()).toBe(whole.end());
    }
  });

  it("has no piece that grows with the connections", async () => {
    const lengths = [200, 2_000].map(async (count) => {
      const connections = Array.from({ length: count }, (_, n) => judged(1000 + n, "tunnel-401-proxy"));
      return longest([...(await FORMATS[name].open(STYLE, false)).pieces!(report(connections))]);
    });
    const [few, more] = await Promise.all(lengths);
    expect(more).toBe(few);
  });
});

describe("the JSON of an audit", () => {
  it("has no piece that grows with the captures", async () => {
    const lengths = [200, 2_000].map(async (count) => {
      const document = await AUDIT_FORMATS.json.open();
      const rows = Array.from({ length: count }, (_, n) => ({ path: `${1000 + n}.pcap` }));
      const audit = { kind: "audit", rows } as unknown as AuditReport;
      expect([...document.endPieces(audit)].join("")).toBe(`${JSON.stringify(audit, null, 2)}\n`);
      return longest([...document.endPieces(audit)]);
    });
    const [few, more] = await Promise.all(lengths);
    expect(more).toBe(few);
  });
});
