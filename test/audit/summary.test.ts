// The sums of an audit: what stands first in them, and what is said where there is more than they hold.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditCaptures, mergeJournals } from "../../src/audit/index.ts";
import type { AuditGroup, AuditRow } from "../../src/report/index.ts";
import { captured } from "../cli/build.ts";

let folder: string;
let head: string;
let row: AuditRow;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-summary-"));
  const journal = join(folder, "one.ndjson");
  await auditCaptures([captured("squid-403.pcap")], { journal });
  [head = ""] = readFileSync(journal, "utf8").split("\n");
  row = JSON.parse(readFileSync(journal, "utf8").split("\n")[1]!) as AuditRow;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A journal with these rows; what they do not say is as in a capture with one connection that was refused. */
function journal(name: string, rows: readonly Partial<AuditRow>[]): string {
  const path = join(folder, name);
  writeFileSync(path, [head, ...rows.map((each) => JSON.stringify({ ...row, ...each })), ""].join("\n"));
  return path;
}

const group = (client: string, verdict: AuditGroup["verdict"], count: number, more: Partial<AuditGroup> = {}) => ({
  ...row.groups[0]!,
  ...{ client, host: `${client}.example`, verdict, count, possible: 0, ...more },
});

describe("the sums of an audit", () => {
  it("have first what is worst, then what is wrong most often, then what is seen most often", () => {
    const groups = [
      group("a", "auth-ok", 5),
      group("a", "tunnel-refused", 1),
      group("b", "tunnel-refused", 2),
      group("c", "tunnel-refused", 2),
      group("c", "auth-ok", 9),
      group("d", "tunnel-401-proxy", 1),
      group("e", "auth-ok", 50),
    ];
    const { clients, hosts } = mergeJournals([journal("order.ndjson", [{ groups }])]);
    expect(clients.map(({ name, worst, wrong, connections }) => [name, worst, wrong, connections])).toEqual([
      ["d", "tunnel-401-proxy", 1, 1],
      ["c", "tunnel-refused", 2, 11],
      ["b", "tunnel-refused", 2, 2],
      ["a", "tunnel-refused", 1, 6],
      ["e", "auth-ok", 0, 50],
    ]);
    expect(hosts.map(({ name }) => name)).toEqual(clients.map(({ name }) => `${name}.example`));
  });

  it("have first the problems that are surest, then those of more connections, and captures with more that is wrong", () => {
    const refused = (path: string, wrong: number, groups: readonly AuditGroup[]) => ({ path, wrong, groups });
    const { problems, rows } = mergeJournals([
      journal("problems.ndjson", [
        refused("a.pcap", 1, [group("a", "tunnel-refused", 2)]),
        refused("b.pcap", 5, [group("b", "tunnel-refused", 3, { possible: 1 })]),
        refused("c.pcap", 1, [group("c", "tunnel-refused", 9, { possible: 8 })]),
      ]),
    ]);
    expect(problems.map(({ client }) => client)).toEqual(["b", "a", "c"]);
    expect(rows.map(({ path }) => path)).toEqual(["b.pcap", "a.pcap", "c.pcap"]);
  });

  it("have a problem of several captures once, also one that is gone", () => {
    const one = [group("x", "tunnel-refused", 2, { possible: 1 })];
    const other = [group("x", "tunnel-refused", 3)];
    const since = journal("several.ndjson", [
      { path: "a.pcap", groups: one },
      { path: "b.pcap", groups: other },
    ]);
    const { changes } = mergeJournals([journal("none.ndjson", [{ groups: [] }])], { since });
    expect(changes?.gone).toMatchObject([{ client: "x", connections: 5, possible: 1, path: "a.pcap" }]);
    expect(mergeJournals([since]).problems).toMatchObject([{ client: "x", connections: 5, possible: 1 }]);
  });

  it("tell how much they have no room for, and say of nothing then that it is new or gone", () => {
    const many = Array.from({ length: 101 }, (_, i) => ({
      path: `${i}.pcap`,
      groups: Array.from({ length: 200 }, (_, j) => group("many", "tunnel-refused", 1, { host: `${i}-${j}.example` })),
    }));
    const large = journal("large.ndjson", many);
    const small = journal("small.ndjson", [{ path: "x.pcap", groups: [group("x", "tunnel-refused", 1)] }]);
    const now = mergeJournals([large], { since: small });
    // Problems, and hosts.
    expect([now.problems.length, now.hosts.length, now.dropped]).toEqual([20_000, 20_000, 400]);
    expect([now.changes?.gone, now.changes?.unclear.map(({ client }) => client)]).toEqual([[], ["x"]]);
    const then = mergeJournals([small], { since: large });
    expect([then.changes?.new, then.changes?.perhapsNew.map(({ client }) => client)]).toEqual([[], ["x"]]);
  });

  it("say of nothing that it is gone with a capture that is one of very many that could not be checked", () => {
    const failed = {
      verdict: null,
      exitCode: 2,
      message: "permission denied",
      wrong: 0,
      verdicts: {},
      groups: [],
    } as const;
    const paths = [...Array.from({ length: 20_000 }, (_, i) => `${i}.pcap`), "x.pcap"];
    const now = journal(
      "failed.ndjson",
      paths.map((path) => ({ ...failed, path })),
    );
    const since = journal("checked.ndjson", [{ path: "x.pcap", groups: [group("x", "tunnel-refused", 1)] }]);
    const { changes } = mergeJournals([now], { since });
    expect([changes?.gone, changes?.unclear.map(({ path }) => path)]).toEqual([[], ["x.pcap"]]);
  });
});
