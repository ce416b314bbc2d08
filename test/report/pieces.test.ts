// Outputs in pieces: together what they are at once, and none of them grows with the number of connections or captures.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkLazily } from "../../src/audit/index.ts";
import { AUDIT_FORMATS, type AuditReport, type AuditRow, FORMATS, type FormatName } from "../../src/report/index.ts";
import { madeOf } from "../../src/report/lazy.ts";
import { jsonPieces } from "../../src/report/outputs/json-pieces.ts";
import { createRedactor } from "../../src/report/redact/redact.ts";
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

describe.each([...IN_PIECES, "sarif"] as const)("%s of connections that do not exist yet", (name) => {
  const connections = Array.from({ length: 1_000 }, (_, n) => judged(1000 + n, "tunnel-401-proxy"));

  it.each([false, true])("makes no more of them than a piece tells of, with pseudonyms: %s", async (redacted) => {
    let made = 0;
    const whole = report(connections);
    const counted = madeOf(connections, (connection) => {
      made++;
      return { ...connection };
    });
    const shown = <T>(value: T): T =>
      redacted ? createRedactor(new Set(["ip", "host"] as const)).redact(value) : value;
    const lazy = shown({ ...whole, connections: counted });
    const document = await FORMATS[name].open(STYLE, false);
    const before = made;
    let last = made;
    let most = 0;
    let text = "";
    for (const piece of document.pieces!(lazy)) {
      text += piece;
      most = Math.max(most, made - last);
      last = made;
    }
    // SARIF has a place for those that findings are about, and looks for them once.
    if (name !== "sarif") expect(most).toBeLessThanOrEqual(64);
    expect(made - before).toBe(connections.length);
    const once = await FORMATS[name].open(STYLE, false);
    expect(text + document.end()).toBe(once.add(shown(whole)) + once.end());
  });
});

describe("a capture that is checked for outputs in pieces", () => {
  it("has connections that are made each time they are gone through", async () => {
    const checked = await checkLazily("captures/mitm-401-basic.pcap", {});
    if ("kind" in checked) expect.fail(checked.message);
    const [[first], [again]] = [[...checked.connections], [...checked.connections]];
    expect(first).toEqual(again);
    expect(first).not.toBe(again);
  });
});

describe("an audit of very many captures", () => {
  const group = { verdict: "ok", proxy: "192.0.2.80:8080", client: "192.0.2.17", host: null, count: 1, since: null };
  const captureOf = (n: number, verdict: string | null): AuditRow =>
    ({
      path: `${10_000 + n}.pcap`,
      verdict,
      text: "",
      groups: [{ ...group, stream: 1, frame: 1 }],
    }) as unknown as AuditRow;
  const reportOf = (checked: number, failed: number): AuditReport =>
    ({
      ...{ schemaVersion: 1, kind: "audit", tool: { name: "pcapcheck", version: "0.1.0" }, verdict: "ok", exitCode: 0 },
      captures: { total: checked + failed, checked, failed, skipped: 0, interrupted: false },
      ...{ connections: 1, verdicts: [], findings: [], proxies: [], hosts: [], clients: [], problems: [] },
      ...{ dropped: 0, changes: null, rows: [] },
    }) as AuditReport;

  it("as SARIF has no piece that grows with them", async () => {
    const lengths = [1_000, 5_000].map(async (count) => {
      const document = await AUDIT_FORMATS.sarif.open();
      for (let n = 0; n < count; n++) document.row(captureOf(n, "tunnel-401-proxy"));
      const pieces = [...document.endPieces(reportOf(count, 0))];
      const log = JSON.parse(pieces.join("")) as { runs: [{ artifacts: unknown[] }] };
      expect(log.runs[0].artifacts.length).toBe(count);
      return longest(pieces.slice(1));
    });
    const [few, more] = await Promise.all(lengths);
    expect(more).toBeLessThan(few! + 1_000);
  });

  it("as HTML needs no row but those that it shows, and counts the others", async () => {
    const document = await AUDIT_FORMATS.html.open();
    for (let n = 0; n < 1_300; n++) document.row(captureOf(n, n < 1_200 ? "ok" : null));
    const html = document.end(reportOf(1_200, 100));
    expect(AUDIT_FORMATS.html.allRows).toBe(false);
    expect(html.match(/And \d+ more/g)).toEqual(["And 200 more"]);
    expect(html).toContain("10999.pcap");
    expect(html).not.toContain("11000.pcap");
    expect(html).toContain("11299.pcap");
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
