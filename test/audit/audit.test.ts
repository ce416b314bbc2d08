// Audits: what is found, in which order, the journal and what survives its process, parts and their sum, rotated captures as one.
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuditProgress, auditCaptures, checkCapture, mergeJournals } from "../../src/audit/index.ts";
import type { AuditRow, Report } from "../../src/report/index.ts";
import { auditSchema } from "../../src/report/index.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CAPTURES = join(ROOT, "captures");
const hasEditcap = spawnSync("editcap", ["--version"]).status === 0;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-audit-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fresh = (name: string): string => {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
};
const put = (to: string, ...names: string[]): void => {
  for (const name of names) copyFileSync(join(CAPTURES, name), join(to, name));
};
const paths = (rows: readonly AuditRow[]): string[] => rows.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));

describe("what an audit finds", () => {
  it("goes into folders, recognises captures by content, and tells the rest apart", async () => {
    const all = fresh("found");
    put(all, "squid-basic.pcap", "format-gzip.pcap.gz");
    mkdirSync(join(all, "deep/er"), { recursive: true });
    copyFileSync(join(CAPTURES, "scripted-connect-401.pcap"), join(all, "deep/er/no-ending"));
    writeFileSync(join(all, "notes.txt"), "nothing to see\n");
    writeFileSync(join(all, "empty.pcap"), "");
    symlinkSync(all, join(all, "deep/loop"));
    const report = await auditCaptures([all], { allRows: true });
    expect(paths(report.rows)).toEqual(["no-ending", "format-gzip.pcap.gz", "squid-basic.pcap"]);
    expect(report.captures).toEqual({ total: 3, checked: 3, failed: 0, skipped: 2, interrupted: false });
    expect(report.verdict).toBe("connect-401");
    expect(report.exitCode).toBe(1);
  });

  it("makes a row of what was named and is none, and of what is broken", async () => {
    const all = fresh("broken");
    writeFileSync(join(all, "notes.txt"), "nothing to see\n");
    put(all, "squid-basic.pcap");
    const report = await auditCaptures(
      [join(all, "notes.txt"), join(all, "none.pcap"), join(all, "squid-basic.pcap")],
      {
        allRows: true,
      },
    );
    expect(report.captures).toMatchObject({ total: 3, checked: 1, failed: 2 });
    expect(report.rows.map(({ message }) => message)).toEqual([
      "there is no such file",
      expect.stringContaining("this is no packet capture"),
      null,
    ]);
    expect(report.exitCode).toBe(2);
  });

  it("tells how far it is, counting what is missing as well", async () => {
    const all = fresh("progress");
    put(all, "squid-basic.pcap", "scripted-connect-401.pcap");
    const told: AuditProgress[] = [];
    const onProgress = (progress: AuditProgress): number => told.push(progress);
    const { problems } = await auditCaptures([join(all, "none.pcap"), all], { onProgress });
    const sizes = ["scripted-connect-401.pcap", "squid-basic.pcap"].map((name) => statSync(join(all, name)).size);
    const bytesTotal = sizes[0]! + sizes[1]!;
    expect(told).toEqual([
      { captures: 1, capturesTotal: 3, bytes: 0, bytesTotal, problems: 0 },
      { captures: 2, capturesTotal: 3, bytes: sizes[0], bytesTotal, problems: problems.length },
      { captures: 3, capturesTotal: 3, bytes: bytesTotal, bytesTotal, problems: problems.length },
    ]);
  });

  it("takes globs and lists, and each capture once", async () => {
    const all = fresh("lists");
    put(all, "squid-basic.pcap", "squid-403.pcap", "mitm-noauth.pcap");
    const list = join(all, "list.txt");
    writeFileSync(list, `# of today\n${join(all, "squid-403.pcap")}\r\n\n${join(all, "mitm-noauth.pcap")}\n`);
    const report = await auditCaptures([join(all, "squid-*.pcap"), `@${list}`], { allRows: true });
    expect(paths(report.rows)).toEqual(["squid-403.pcap", "squid-basic.pcap", "mitm-noauth.pcap"]);
  });

  it("walks folders that a glob finds", async () => {
    const all = fresh("glob-folders");
    for (const [deep, name] of [
      ["x1/deeper", "squid-basic.pcap"],
      ["x2", "squid-403.pcap"],
      ["y", "mitm-noauth.pcap"],
    ] as const) {
      mkdirSync(join(all, deep), { recursive: true });
      put(join(all, deep), name);
    }
    const found = async (glob: string) => paths((await auditCaptures([join(all, glob)], { allRows: true })).rows);
    expect(await found("x*")).toEqual(["squid-basic.pcap", "squid-403.pcap"]);
    expect((await found("**")).sort()).toEqual(["mitm-noauth.pcap", "squid-403.pcap", "squid-basic.pcap"]);
  });

  it("takes a file once in whatever spelling, and a name that was given before one that was found", async () => {
    const all = fresh("spellings");
    put(all, "squid-basic.pcap");
    const [file, link] = [join(all, "squid-basic.pcap"), join(all, "a-link.pcap")];
    symlinkSync(file, link);
    const notes = join(all, "notes.txt");
    writeFileSync(notes, "nothing to see\n");
    const spelled = [`${all}/./squid-basic.pcap`, relative(process.cwd(), file), link, file];
    const audited = async (...named: string[]) => (await auditCaptures(named, { allRows: true })).rows;
    expect((await audited(...spelled)).map(({ path }) => path)).toEqual([spelled[0]]);
    expect(paths(await audited(all, join(all, "."), file))).toEqual(["squid-basic.pcap"]);
    expect(paths(await audited(all))).toEqual(["a-link.pcap"]);
    // What was named is told of if it is no capture, whatever stands before it.
    for (const named of [
      [notes, all],
      [all, notes],
      [all, `${all}/./notes.txt`],
    ]) {
      expect((await audited(...named)).filter(({ verdict }) => verdict === null)).toHaveLength(1);
    }
  });

  it("splits into parts that are all of it, none twice, the same every time", async () => {
    const whole = await auditCaptures([CAPTURES], { allRows: true });
    const parts = await Promise.all(
      [1, 2, 3].map((index) => auditCaptures([CAPTURES], { allRows: true, shard: { index, of: 3 } })),
    );
    const rows = parts.flatMap((part) => part.rows);
    expect(rows.length).toBe(whole.rows.length);
    expect(new Set(rows.map(({ path }) => path))).toEqual(new Set(whole.rows.map(({ path }) => path)));
    for (const part of parts) expect(part.rows.length).toBeGreaterThan(whole.rows.length / 6);
  });

  it("tells in every part of what was named and is missing, and of what is in no part that others have it", async () => {
    const all = fresh("parts-missing");
    put(all, "squid-basic.pcap");
    const named = [join(all, "none.pcap"), all];
    const parts = await Promise.all([1, 2].map((index) => auditCaptures(named, { shard: { index, of: 2 } })));
    expect(parts.map(({ captures }) => captures.failed)).toEqual([1, 1]);
    expect(parts.map(({ captures }) => captures.checked).sort()).toEqual([0, 1]);
    const found = await Promise.all([1, 2].map((index) => auditCaptures([all], { shard: { index, of: 2 } })));
    const seen = (await auditCaptures([all])).exitCode;
    expect(found.map(({ exitCode }) => exitCode).sort()).toEqual([0, seen].sort());
    // Files that are no captures are in no part.
    rmSync(join(all, "squid-basic.pcap"));
    writeFileSync(join(all, "notes.txt"), "nothing to see\n");
    const none = await Promise.all([1, 2].map((index) => auditCaptures([all], { shard: { index, of: 2 } })));
    expect(none.map(({ exitCode }) => exitCode)).toEqual([2, 2]);
  });
});

describe("the summary", () => {
  it("adds up what the reports of its captures say, and keeps to its schema", async () => {
    const report = await auditCaptures([CAPTURES], { allRows: true });
    const single = (await checkCapture(join(CAPTURES, "gateway-mixed.pcap"))) as Report;
    const row = report.rows.find(({ path }) => path.endsWith("/gateway-mixed.pcap"))!;
    expect(row).toMatchObject({
      verdict: single.verdict,
      connections: 4,
      wrong: single.totals.wrong,
      verdicts: single.totals.verdicts,
    });
    const sum = report.verdicts.reduce((total, { connections }) => total + connections, 0);
    expect(sum).toBe(report.connections);
    expect(report.proxies.reduce((total, { connections }) => total + connections, 0)).toBe(sum);
    expect(report.clients.reduce((total, { wrong }) => total + wrong, 0)).toBe(
      report.rows.reduce((total, { wrong }) => total + wrong, 0),
    );
    expect(report.problems[0]?.verdict).toBe("tunnel-401-proxy");
    const validate = new Ajv2020({ strict: true, allErrors: true }).compile(auditSchema);
    expect(validate(JSON.parse(JSON.stringify(report))), JSON.stringify(validate.errors)).toBe(true);
  });

  it("of captures without a connection to a proxy is that none was seen, and no success", async () => {
    const none = join(folder, "none.pcap");
    writeFileSync(none, readFileSync(join(CAPTURES, "squid-basic.pcap")).subarray(0, 24));
    expect(await auditCaptures([none])).toMatchObject({ verdict: "incomplete", exitCode: 3, connections: 0 });
  });

  it("says since when there were connections: of each by its own start, not by that of the capture", async () => {
    const report = await auditCaptures([join(CAPTURES, "cntlm-parent.pcapng")], { allRows: true });
    const { groups, start } = report.rows[0]!;
    const first = (name: string, of: "proxy" | "client" | "host") =>
      groups
        .filter((group) => group[of] === name)
        .map(({ since }) => since!)
        .sort()[0];
    for (const [tallies, of] of [
      [report.proxies, "proxy"],
      [report.clients, "client"],
      [report.hosts, "host"],
    ] as const)
      for (const { name, since } of tallies) expect(since, name).toBe(first(name, of));
    expect([report.proxies, report.clients].every((tallies) => tallies.some(({ since }) => since !== start))).toBe(
      true,
    );
  });

  it("points at the first of like connections", async () => {
    const { rows, problems } = await auditCaptures([join(CAPTURES, "squid-ntlm-broken.pcap")], { allRows: true });
    expect(rows[0]!.groups).toMatchObject([{ verdict: "auth-abandoned", count: 3, stream: 0, frame: 1 }]);
    expect(problems).toMatchObject([{ connections: 3, stream: 0, frame: 1 }]);
  });

  it("tells what is only possible apart, and puts it behind what is surer", async () => {
    const captures = ["labelled-gateway-basic.pcap", "mitm-401-basic.pcap"].map((name) => join(CAPTURES, name));
    const journal = join(folder, "possible.ndjson");
    const { rows, problems } = await auditCaptures(captures, { journal, allRows: true });
    const seen = ({ host, connections, possible }: (typeof problems)[number]) => [host, connections, possible];
    const sure = ["docs.example.org", "intranet.example.org", "mail.example.net", "news.example.com"];
    expect(problems.map(seen)).toEqual([
      ...sure.map((host) => [host, 1, 0]),
      ["shop.example.net", 1, 0],
      ["www.example.com", 1, 1],
      ["news.example.com", 1, 1],
    ]);
    const groups = rows.flatMap((row) => row.groups.map(({ host, count, possible }) => [host, count, possible]));
    expect(groups.filter(([, , possible]) => possible === 1)).toEqual([
      ["www.example.com", 1, 1],
      ["news.example.com", 1, 1],
    ]);
    expect(mergeJournals([journal, journal]).problems).toEqual(problems);
    // Of one problem it is the surer capture that is named, whichever comes first.
    const row = rows.find(({ path }) => path.endsWith("/labelled-gateway-basic.pcap"))!;
    const [doubted, surer] = [row.groups.find(({ possible }) => possible === 1)!, row.groups[1]!];
    const lines = [
      { ...row, path: "a.pcap", groups: [{ ...doubted, since: "2026-01-01T00:00:00.000000000Z" }] },
      { ...row, path: "b.pcap", groups: [{ ...surer, host: doubted.host }] },
      { ...row, path: "c.pcap", groups: [{ ...doubted, since: "2025-01-01T00:00:00.000000000Z" }] },
    ];
    const [head] = readFileSync(journal, "utf8").split("\n");
    const many = { ...row, groups: [{ ...doubted, count: 5, possible: 5 }, surer] };
    writeFileSync(journal, [head, JSON.stringify(many), ""].join("\n"));
    expect(mergeJournals([journal]).problems.map(({ host }) => host)).toEqual([surer.host, doubted.host]);
    for (const order of [lines, lines.toReversed()]) {
      writeFileSync(journal, [head, ...order.map((line) => JSON.stringify(line)), ""].join("\n"));
      const whole = { connections: 3, possible: 2, path: "b.pcap", stream: surer.stream };
      expect(mergeJournals([journal]).problems).toMatchObject([{ ...whole, since: "2025-01-01T00:00:00.000000000Z" }]);
    }
  });

  it("keeps the worst of very many rows, and counts a capture once for each name", async () => {
    const journal = join(folder, "very-many.ndjson");
    const { rows } = await auditCaptures(
      ["gateway-mixed.pcap", "squid-403.pcap"].map((name) => join(CAPTURES, name)),
      {
        journal,
        allRows: true,
      },
    );
    const [worst, refused] = rows;
    expect([worst!.verdict, refused!.verdict]).toEqual(["tunnel-401-proxy", "tunnel-refused"]);
    const [head] = readFileSync(journal, "utf8").split("\n");
    const lines = Array.from({ length: 2_500 }, (_, i) => JSON.stringify({ ...refused, path: `${i}.pcap` }));
    // Behind those that are kept as they come, and in front of where they are sorted out.
    lines.splice(1_500, 0, JSON.stringify(worst));
    writeFileSync(journal, [head, ...lines, ""].join("\n"));
    const merged = mergeJournals([journal]);
    expect(merged.rows).toHaveLength(1_000);
    expect(merged.rows[0]!.path).toBe(worst!.path);
    const captures = (name: string | undefined) => merged.clients.find((client) => client.name === name)!.captures;
    expect(worst!.groups.length).toBeGreaterThan(1);
    expect(captures(worst!.groups[0]!.client)).toBe(
      worst!.groups[0]!.client === refused!.groups[0]!.client ? 2_501 : 1,
    );
    expect(merged.verdicts.map(({ name, captures: count }) => [name, count])).toEqual(
      expect.arrayContaining([["tunnel-refused", 2_500]]),
    );
    expect(merged.captures).toMatchObject({ total: 2_501, checked: 2_501 });
  });

  it("tells what is new, gone and still there", async () => {
    const before = fresh("before");
    const after = fresh("after");
    put(before, "scripted-plain-401.pcap", "squid-403.pcap");
    put(after, "scripted-plain-401.pcap", "scripted-connect-401.pcap");
    const journal = join(folder, "before.ndjson");
    await auditCaptures([before], { journal });
    const { changes } = await auditCaptures([after], { since: journal });
    expect(changes?.still.map(({ verdict }) => verdict)).toEqual(["tunnel-401-proxy"]);
    expect(changes?.new.map(({ verdict }) => verdict)).toEqual(["connect-401"]);
    expect(changes?.gone.map(({ verdict }) => verdict)).toEqual(["tunnel-refused"]);
    expect(changes?.unclear).toEqual([]);
  });

  it("says of nothing that it is gone where it may be in what was not seen", async () => {
    const at = fresh("unclear");
    put(at, "mitm-401-basic.pcap", "squid-403.pcap");
    const journal = join(folder, "unclear.ndjson");
    const keylogs = [join(CAPTURES, "mitm-401-basic.keys")];
    await auditCaptures([at], { journal, keylogs });
    const since = async (options: Parameters<typeof auditCaptures>[1] = {}, paths = [at]) => {
      const { changes } = await auditCaptures(paths, { since: journal, ...options });
      return [changes?.gone, changes?.unclear].map((list) => list?.map(({ verdict }) => verdict));
    };
    expect(await since({ keylogs })).toEqual([[], []]);
    // Without keys the very same tunnels are encrypted.
    expect(await since()).toEqual([[], ["tunnel-401-proxy"]]);
    expect(await since({ keylogs, signal: { aborted: true } })).toEqual([[], ["tunnel-401-proxy", "tunnel-refused"]]);
    writeFileSync(join(at, "squid-403.pcap"), "no capture");
    const broken = join(at, "squid-403.pcap");
    expect(await since({ keylogs }, [at, broken])).toEqual([[], ["tunnel-refused"]]);
    rmSync(broken);
    expect(await since({ keylogs })).toEqual([["tunnel-refused"], []]);
    const parts = await Promise.all([1, 2].map((index) => since({ keylogs, shard: { index, of: 2 } })));
    expect(parts.flatMap(([gone]) => gone)).toEqual(["tunnel-refused"]);
  });

  it("says of nothing that it is gone or new where rows had no room for all of their groups", async () => {
    const paths = ["squid-403.pcap", "squid-basic.pcap"].map((name) => join(CAPTURES, name));
    const journal = join(folder, "full-rows.ndjson");
    const keylogs = [join(CAPTURES, "squid-basic.keys")].filter((path) => existsSync(path));
    const { rows } = await auditCaptures(paths, { journal, keylogs, allRows: true });
    const [head] = readFileSync(journal, "utf8").split("\n");
    const [refused, calm] = rows;
    const written = (name: string, row: AuditRow | undefined, ungrouped: number): string => {
      const file = join(folder, `full-${name}.ndjson`);
      writeFileSync(file, [head, JSON.stringify({ ...row, ungrouped }), ""].join("\n"));
      return file;
    };
    const [wrong, none] = [written("wrong", refused, 0), written("none", { ...calm!, groups: [] }, 0)];
    const more = written("more", { ...calm!, groups: [] }, 3);
    const found = (now: string, since: string) => {
      const { changes } = mergeJournals([now], { since });
      return Object.entries(changes!).flatMap(([kind, list]) => (kind !== "journal" && list.length > 0 ? [kind] : []));
    };
    expect([found(wrong, wrong), found(none, wrong), found(more, wrong)]).toEqual([["still"], ["gone"], ["unclear"]]);
    expect([found(wrong, none), found(wrong, more)]).toEqual([["new"], ["perhapsNew"]]);
  });

  it("says of nothing that it is new where it may have been in what was not seen then", async () => {
    const at = fresh("perhaps-new");
    put(at, "mitm-401-basic.pcap");
    const broken = join(at, "squid-403.pcap");
    writeFileSync(broken, "no capture");
    const keylogs = [join(CAPTURES, "mitm-401-basic.keys")];
    const [blind, seeing] = ["blind", "seeing"].map((name) => join(folder, `${name}.ndjson`));
    await auditCaptures([at, broken], { journal: blind! });
    await auditCaptures([at], { journal: seeing!, keylogs });
    put(at, "squid-403.pcap");
    const since = async (journal: string | undefined) => {
      const { changes } = await auditCaptures([at], { since: journal!, keylogs });
      return [changes?.new, changes?.perhapsNew, changes?.still].map((list) => list?.map(({ verdict }) => verdict));
    };
    // The tunnels were encrypted without keys, and the other file could not be read.
    expect(await since(blind)).toEqual([[], ["tunnel-401-proxy", "tunnel-refused"], []]);
    expect(await since(seeing)).toEqual([["tunnel-refused"], [], ["tunnel-401-proxy"]]);
  });
});

describe("the journal", () => {
  it("is gone on with: only what changed is checked again", async () => {
    const all = fresh("again");
    put(all, "squid-basic.pcap", "squid-403.pcap");
    const journal = join(folder, "again.ndjson");
    const first = await auditCaptures([all], { journal, allRows: true });
    const text = readFileSync(journal, "utf8");
    expect(await auditCaptures([all], { journal, allRows: true })).toEqual(first);
    expect(readFileSync(journal, "utf8")).toBe(text);
    copyFileSync(join(CAPTURES, "scripted-connect-401.pcap"), join(all, "squid-403.pcap"));
    const second = await auditCaptures([all], { journal, allRows: true });
    expect(second.verdict).toBe("connect-401");
    expect(readFileSync(journal, "utf8").split("\n").length).toBe(text.split("\n").length + 1);
    expect(mergeJournals([journal]).verdict).toBe("connect-401");
  });

  it("with hashes, a new time alone changes nothing", async () => {
    const all = fresh("hashes");
    put(all, "squid-basic.pcap");
    const journal = join(folder, "hashes.ndjson");
    await auditCaptures([all], { journal, hash: true });
    const text = readFileSync(journal, "utf8");
    utimesSync(join(all, "squid-basic.pcap"), 1, 1);
    await auditCaptures([all], { journal, hash: true });
    expect(readFileSync(journal, "utf8")).toBe(text);
  });

  it.each([
    ["that comes beside a capture", "lost.keys", undefined],
    ["that was named and has grown", "named.log", "named.log"],
  ])("checks again what was not seen with a key log %s", async (_what, file, named) => {
    const all = fresh(`keys-${file}`);
    put(all, "squid-basic.pcap");
    copyFileSync(join(CAPTURES, "far-context-lost.pcap"), join(all, "lost.pcap"));
    const log = join(all, file);
    if (named !== undefined) writeFileSync(log, "# nothing yet\n");
    const options = { ...(named === undefined ? {} : { keylogs: [log] }), journal: join(folder, `${file}.ndjson`) };
    const verdicts = async (): Promise<unknown> =>
      (await auditCaptures([all], { ...options, allRows: true })).rows.map(({ verdict }) => verdict);
    const before = await verdicts();
    expect(before).toEqual(["encrypted", expect.any(String)]);
    copyFileSync(join(CAPTURES, "far-context-lost.keys"), log);
    expect(await verdicts()).toEqual(["tunnel-401-proxy", expect.any(String)]);
    const text = readFileSync(options.journal, "utf8");
    // What was seen as a whole is not checked again, whatever happens to its keys.
    utimesSync(log, 1, 1);
    expect(await verdicts()).toEqual(["tunnel-401-proxy", expect.any(String)]);
    const again = readFileSync(options.journal, "utf8").slice(text.length);
    expect(again).not.toContain("lost.pcap");
    // The stamps stay in the journal.
    expect(mergeJournals([options.journal], { allRows: true }).rows[0]).not.toHaveProperty("keys");
  });

  it("checks again when the certificates hold something else, and not when their files are only newer", async () => {
    const all = fresh("trust");
    put(all, "bump-both-legs.pcapng", "squid-403.pcap");
    const [trust, proxyCa] = [join(folder, "trust.pem"), join(folder, "ca.pem")];
    const journal = join(folder, "trust.ndjson");
    const pki = (name: string): string => join(CAPTURES, "record/pki", name);
    const lines = async (): Promise<number> => {
      const { rows } = await auditCaptures([all], { trust: [trust], proxyCa: [proxyCa], journal, allRows: true });
      expect(rows).toHaveLength(2);
      expect(rows[0]).not.toHaveProperty("trust");
      return readFileSync(journal, "utf8").split("\n").length - 2;
    };
    for (const file of [trust, proxyCa]) copyFileSync(pki("mitmproxy-ca.crt"), file);
    expect(await lines()).toBe(2);
    expect(await lines()).toBe(2);
    utimesSync(trust, 1, 1);
    expect(await lines()).toBe(2);
    copyFileSync(pki("origin-root.crt"), trust);
    expect(await lines()).toBe(4);
    copyFileSync(pki("gateway-ca.crt"), proxyCa);
    expect(await lines()).toBe(6);
    // What is the proxy's is not what an origin has.
    copyFileSync(pki("gateway-ca.crt"), trust);
    copyFileSync(pki("origin-root.crt"), proxyCa);
    expect(await lines()).toBe(8);
    expect(mergeJournals([journal], { allRows: true }).rows).toHaveLength(2);
  });

  it("has one row of a capture, in whatever spelling it is named in different runs", async () => {
    const all = fresh("spelled");
    put(all, "squid-basic.pcap");
    const file = join(all, "squid-basic.pcap");
    const near = relative(process.cwd(), file);
    const journal = join(folder, "spelled.ndjson");
    const spellings = [near, `./${near}`, file, `${all}//./squid-basic.pcap`, all];
    const journals: string[] = [];
    let text = "";
    for (const [i, spelling] of spellings.entries()) {
      const { rows, captures } = await auditCaptures([spelling], { journal, allRows: true });
      expect([captures.total, rows[0]?.path]).toEqual([1, spelling === all ? file : spelling]);
      text ||= readFileSync(journal, "utf8");
      expect(readFileSync(journal, "utf8")).toBe(text);
      journals.push(join(folder, `spelled-${i}.ndjson`));
      await auditCaptures([spelling], { journal: journals[i]! });
    }
    expect(mergeJournals(journals).captures.total).toBe(1);
    // Whoever is missing comes back under another name.
    rmSync(file);
    expect((await auditCaptures([`./${near}`], { journal })).captures.failed).toBe(1);
    put(all, "squid-basic.pcap");
    await auditCaptures([file], { journal });
    expect(mergeJournals([journal]).captures).toMatchObject({ total: 1, checked: 1 });
  });

  it("keeps captures apart that only seem to have one path, and parts that name them differently whole", async () => {
    const all = fresh("apart");
    mkdirSync(join(all, "real/deep"), { recursive: true });
    put(all, "squid-basic.pcap");
    put(join(all, "real"), "squid-basic.pcap");
    symlinkSync(join(all, "real/deep"), join(all, "link"));
    const journals = ["a", "b"].map((name) => join(folder, `apart-${name}.ndjson`));
    await auditCaptures([join(all, "squid-basic.pcap")], { journal: journals[0]! });
    // Behind the link, "..": the folder that it leads to.
    await auditCaptures([`${all}/link/../squid-basic.pcap`], { journal: journals[1]! });
    expect(mergeJournals(journals).captures.total).toBe(2);
    const near = relative(process.cwd(), join(all, "squid-basic.pcap"));
    const parts = await Promise.all(
      [near, `./${near}`].map((path, i) => auditCaptures([path], { shard: { index: i + 1, of: 2 } })),
    );
    expect(parts[0]!.captures.total + parts[1]!.captures.total).toBe(1);
  });

  it("refuses to go on with rotated files as one where they were apart", async () => {
    const all = fresh("apart-joined");
    for (const ending of ["", "1"]) copyFileSync(join(CAPTURES, "squid-basic.pcap"), join(all, `ring.pcap${ending}`));
    const journal = join(folder, "apart-joined.ndjson");
    await auditCaptures([all], { journal });
    await expect(auditCaptures([all], { journal, join: true })).rejects.toThrow("other options");
  });

  it("forgets a torn last line, and refuses what is no journal, other options and a second writer", async () => {
    const all = fresh("torn");
    put(all, "squid-basic.pcap", "squid-403.pcap");
    const journal = join(folder, "torn.ndjson");
    await auditCaptures([all], { journal });
    const text = readFileSync(journal, "utf8");
    writeFileSync(journal, text.slice(0, -30));
    await auditCaptures([all], { journal });
    expect(readFileSync(journal, "utf8")).toBe(text);
    await expect(auditCaptures([all], { journal, proxies: [{ port: 1 }] })).rejects.toThrow("other options");
    expect(existsSync(`${journal}.lock`)).toBe(false);
    const notes = join(folder, "notes.md");
    writeFileSync(notes, "# notes\n");
    await expect(auditCaptures([all], { journal: notes })).rejects.toThrow("no journal");
    expect(readFileSync(notes, "utf8")).toBe("# notes\n");
    const later = join(folder, "later.ndjson");
    writeFileSync(later, text.replace('"schemaVersion":1', '"schemaVersion":2'));
    const unknown = "this is a journal with schemaVersion 2, which this version of pcapcheck (";
    await expect(auditCaptures([all], { journal: later })).rejects.toThrow(unknown);
    expect(() => mergeJournals([later])).toThrow(unknown);
    expect(readFileSync(later, "utf8")).toContain('"schemaVersion":2');
    const other = text.replace(/"version":"[^"]*"/, '"version":"0.0.9"');
    writeFileSync(later, other);
    await expect(auditCaptures([all], { journal: later })).rejects.toThrow(
      "the journal was written by version 0.0.9; begin another one",
    );
    expect(readFileSync(later, "utf8")).toBe(other);
    writeFileSync(`${journal}.lock`, `${process.ppid}\n`);
    await expect(auditCaptures([all], { journal })).rejects.toThrow("another audit");
    rmSync(`${journal}.lock`);
    const both = await Promise.allSettled([auditCaptures([all], { journal }), auditCaptures([all], { journal })]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    // One that was killed in a container had the number that this one has now.
    writeFileSync(`${journal}.lock`, `${process.pid}\n`);
    await auditCaptures([all], { journal });
    expect(existsSync(`${journal}.lock`)).toBe(false);
  });

  it("does not grow by what is missing again, and tells when that is there", async () => {
    const all = fresh("missing-again");
    put(all, "squid-basic.pcap");
    const journal = join(folder, "missing-again.ndjson");
    const late = join(all, "late.pcap");
    const audited = async () => {
      const { captures } = await auditCaptures([late, all], { journal });
      return { captures, text: readFileSync(journal, "utf8") };
    };
    const first = await audited();
    expect(first.captures).toMatchObject({ checked: 1, failed: 1 });
    expect((await audited()).text).toBe(first.text);
    put(all, "squid-403.pcap");
    renameSync(join(all, "squid-403.pcap"), late);
    const { captures, text } = await audited();
    expect(captures).toMatchObject({ checked: 2, failed: 0 });
    expect(
      text
        .slice(first.text.length)
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { path: late, withdrawn: true },
      { path: late, verdict: "tunnel-refused" },
    ]);
    expect(mergeJournals([journal]).captures).toMatchObject({ checked: 2, failed: 0 });
  });

  it("does not keep that a capture could not be read", async () => {
    const journal = join(folder, "unreadable.ndjson");
    const path = join(folder, "late.pcap");
    writeFileSync(path, "no capture");
    const time = new Date(1_700_000_000_000);
    utimesSync(path, time, time);
    expect((await auditCaptures([path], { journal })).captures.failed).toBe(1);
    const rows = readFileSync(journal, "utf8").replace("this is no packet capture", "permission denied");
    writeFileSync(journal, rows);
    const { rows: again } = await auditCaptures([path], { journal, allRows: true });
    expect(again[0]?.message).toMatch(/^this is no packet capture/);
  });

  it("of all parts give the same summary as the whole", async () => {
    const whole = await auditCaptures([CAPTURES]);
    const journals = [1, 2, 3].map((index) => join(folder, `part-${index}.ndjson`));
    for (const [i, journal] of journals.entries())
      await auditCaptures([CAPTURES], { journal, shard: { index: i + 1, of: 3 } });
    const merged = mergeJournals(journals);
    const { captures, rows, ...sums } = whole;
    expect(merged).toMatchObject({ ...sums, captures: { ...captures, skipped: 0 } });
    expect(merged.rows).toEqual(rows);
  });
});

describe("rotated captures", () => {
  it.skipIf(!hasEditcap)("are whole when they are joined (needs editcap)", async () => {
    const all = fresh("rotated");
    execFileSync("editcap", ["-c", "9", join(CAPTURES, "gateway-mixed.pcap"), join(all, "ring.pcap")]);
    copyFileSync(join(CAPTURES, "gateway-mixed.keys"), join(folder, "ring.keys"));
    const options = { allRows: true, keylogs: [join(folder, "ring.keys")] };
    const apart = await auditCaptures([all], options);
    const joined = await auditCaptures([all], { ...options, join: true });
    const whole = (await checkCapture(join(CAPTURES, "gateway-mixed.pcap"))) as Report;
    expect(apart.rows.length).toBeGreaterThan(5);
    expect(joined.rows.length).toBe(1);
    expect(joined.rows[0]).toMatchObject({ packets: whole.capture.packets, verdicts: whole.totals.verdicts });
    expect(joined.rows[0]?.groups.map(({ frame }) => frame)).toEqual(
      expect.arrayContaining(whole.connections.map(({ firstFrame }) => firstFrame)),
    );
  });

  it.skipIf(!hasEditcap)("cut as tcpdump -C names them (needs editcap)", async () => {
    const all = fresh("tcpdump-c");
    const source = join(CAPTURES, "squid-basic.pcap");
    const keys = join(CAPTURES, "squid-basic.keys");
    for (const [i, range] of ["1-8", "9-16", "17-1000"].entries())
      execFileSync("editcap", ["-r", source, join(all, `trace.pcap${i === 0 ? "" : i}`), range]);
    const report = await auditCaptures([all], { join: true, allRows: true, keylogs: [keys] });
    expect(report.rows.map(({ verdict }) => verdict)).toEqual(["auth-ok"]);
  });
});

describe("the sentence of a row", () => {
  it("whose worst connection is only counted is that of the first finding", async () => {
    const options = { allRows: true, maxConnections: 1 };
    const { rows } = await auditCaptures([join(CAPTURES, "tinyproxy-basic.pcap")], options);
    const text = expect.stringMatching(/^1 request carried Basic credentials/);
    expect(rows).toMatchObject([{ verdict: "auth-ok", text }]);
  });
});
