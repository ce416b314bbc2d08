// Journals of any size: rows are read where they stand, and a line that no row can be is not held.
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { auditCaptures, mergeJournals } from "../../src/audit/index.ts";
import { journalLines } from "../../src/audit/journal-lines.ts";
import { latestRows } from "../../src/audit/journal-rows.ts";
import type { AuditRow } from "../../src/report/index.ts";
import { captured } from "../cli/build.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-rows-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

/** Longer than any row. */
const LONG = "x".repeat((16 << 20) + 1);

async function journalOf(name: string, ...captures: readonly string[]): Promise<string> {
  for (const capture of captures) copyFileSync(captured("squid-403.pcap"), at(capture));
  await auditCaptures(captures.map(at), { journal: at(name) });
  return at(name);
}

describe("the rows of journals", () => {
  it("come in the order in which captures were first met, and as they were met last", async () => {
    const first = await journalOf("first", "a.pcap", "b.pcap", "c.pcap");
    const second = await journalOf("second", "d.pcap", "a.pcap", "c.pcap");
    // A row longer than what is read at a time.
    const [row] = [...latestRows([first])].slice(1);
    appendFileSync(second, `${JSON.stringify({ ...row, text: "y".repeat(100_000) })}\n`);
    const rows = [...latestRows([first, second])];
    expect(rows.map(({ path }) => path)).toEqual(["a.pcap", "b.pcap", "c.pcap", "d.pcap"].map(at));
    expect(rows[1]!.text).toHaveLength(100_000);
  });

  it("are not held: a journal that is cut while it is read is told of", async () => {
    const journal = await journalOf("journal", "a.pcap", "b.pcap");
    const rows = latestRows([journal]);
    truncateSync(journal, 300);
    expect(() => [...rows]).toThrow("the journal was changed while it was read");
  });

  it("are told from a line that is none, by its number", async () => {
    const journal = await journalOf("journal", "a.pcap");
    appendFileSync(journal, `${JSON.stringify({ path: LONG })}\n`);
    expect(() => mergeJournals([journal])).toThrow(`${journal}: the journal has a line that is no result: line 3`);
    // An audit goes on behind it.
    await journalOf("journal", "b.pcap");
    const { captures } = await auditCaptures([at("a.pcap"), at("b.pcap")], { journal });
    expect(captures).toMatchObject({ total: 2, checked: 2 });
  });
});

describe("a line of a journal", () => {
  it("are none where a field is not what the outputs take it for", async () => {
    const journal = await journalOf("journal", "a.pcap");
    const [head, line] = readFileSync(journal, "utf8").split("\n");
    const row = JSON.parse(line!) as AuditRow;
    const ofGroup = (change: object): object => ({ groups: [{ ...row.groups[0], ...change }] });
    const wrong: readonly object[] = [
      ...[{ text: 5 }, { text: undefined }, { message: {} }, { hash: 1 }, { start: 5 }, { end: [] }, { givenUp: 5 }],
      ...[{ givenUp: { limit: "time" } }, { wrong: "<b>" }, { unseen: "1" }, { tunnels: null }, { packets: undefined }],
      ...[{ ungrouped: "0" }, { verdict: "__proto__" }, { verdicts: { ok: "5" } }, { verdicts: { nope: 1 } }],
      ...[{ verdicts: [1] }, { findings: { ok: {} } }, ofGroup({ since: 5 }), ofGroup({ stream: "<b>" })],
      ...[
        ofGroup({ frame: null }),
        ofGroup({ verdict: "constructor" }),
        ofGroup({ possible: "1" }),
        ofGroup({ possible: null }),
      ],
    ];
    for (const change of wrong) {
      writeFileSync(journal, `${head}\n${line}\n${JSON.stringify({ ...row, ...change })}\n`);
      expect(() => mergeJournals([journal]), JSON.stringify(change)).toThrow("no result: line 3");
    }
  });

  it("is of another version with a verdict that is not known: named and counted as not checked, and nothing to compare with", async () => {
    const journal = await journalOf("journal", "a.pcap", "b.pcap");
    const [head, first, second] = readFileSync(journal, "utf8").split("\n");
    const row = JSON.parse(second!) as AuditRow;
    const ofGroups = { groups: row.groups.map((group) => ({ ...group, verdict: "tunnel-418" })) };
    const later = head!.replace(/"version":"[^"]*"/, '"version":"9.0.0"');
    for (const change of [{ verdict: "tunnel-418" }, { verdicts: { "tunnel-418": 1 } }, ofGroups]) {
      writeFileSync(journal, `${later}\n${first}\n${JSON.stringify({ ...row, ...change })}\n`);
      const { captures, connections, exitCode, rows } = mergeJournals([journal], { allRows: true });
      expect([captures.checked, captures.failed, connections, exitCode]).toEqual([1, 1, 1, 2]);
      expect(rows.find(({ path }) => path === at("b.pcap"))).toMatchObject({
        verdict: null,
        message: expect.stringContaining('the verdict "tunnel-418", which this version of pcapcheck'),
      });
      expect(() => mergeJournals([journal], { since: journal })).toThrow(
        `${journal}: line 3 has the verdict "tunnel-418"`,
      );
    }
    // One of this version cannot have it.
    writeFileSync(journal, `${head}\n${first}\n${JSON.stringify({ ...row, verdict: "tunnel-418" })}\n`);
    expect(() => mergeJournals([journal])).toThrow("no result: line 3");
    writeFileSync(journal, `${later}\n${first}\n${JSON.stringify({ ...row, verdict: "<b>" })}\n`);
    expect(() => mergeJournals([journal])).toThrow("no result: line 3");
  });

  it("are of an earlier version that did not count what is only possible", async () => {
    const journal = await journalOf("journal", "a.pcap");
    const [row] = latestRows([journal]);
    writeFileSync(journal, readFileSync(journal, "utf8").replaceAll(/"possible":\d+,/g, ""));
    expect(readFileSync(journal, "utf8")).not.toContain("possible");
    expect([...latestRows([journal])]).toEqual([row]);
  });

  it("are given without what else stands in their lines, be it nested as deep as it likes", async () => {
    const journal = await journalOf("journal", "a.pcap");
    const [row] = latestRows([journal]);
    const deep = `${"[".repeat(1e5)}${"]".repeat(1e5)}`;
    const text = readFileSync(journal, "utf8").replace('"ungrouped":', `"more":${deep},"ungrouped":`);
    writeFileSync(journal, text.replace('"groups":[{', '"groups":[{"more":1,'));
    expect([...latestRows([journal])]).toEqual([row]);
  });

  it("is not held if it is longer than any row, and what is behind the last end is none", () => {
    writeFileSync(at("lines"), `a\n${LONG}\n\nb\n${LONG}`);
    const descriptor = openSync(at("lines"), "r");
    try {
      expect([...journalLines(descriptor)]).toEqual([
        { text: "a", start: 0, length: 1, number: 1 },
        { text: null, start: 2, length: LONG.length, number: 2 },
        { text: "", start: LONG.length + 3, length: 0, number: 3 },
        { text: "b", start: LONG.length + 4, length: 1, number: 4 },
      ]);
    } finally {
      closeSync(descriptor);
    }
  });
});
