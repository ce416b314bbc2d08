// Rotated captures through the program: cut by the programs that rotate, read as one with --join.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFiles } from "../../src/audit/joined-files.ts";
import { missingInFront, rotatedSets } from "../../src/audit/rotation.ts";
import type { AuditReport, AuditRow, Report } from "../../src/report/index.ts";
import { buildProgram, captured, type Program } from "../cli/build.ts";
import { pcapFile } from "../harness/capture-file.ts";

const CAPTURES = dirname(captured("squid-basic.pcap"));
const NEEDED = ["tcpdump", "dumpcap", "editcap", "mergecap"] as const;
const there = NEEDED.every((name) => spawnSync(name, ["--version"]).status === 0);

let program: Program;
/** Recorded captures in one file of 2.1 MB, and a second time a day later: tcpdump -C counts in millions of bytes. */
let whole: string;
let keys: string;
const inside = (...names: string[]): string => join(program.folder, ...names);
const folder = (name: string): string => {
  mkdirSync(inside(name));
  return inside(name);
};

beforeAll(() => {
  program = buildProgram();
  if (!there) return;
  const names = readdirSync(CAPTURES).filter((name) => /^(?:far|labelled|mitm|gateway)-.*\.(?:pcap|keys)$/.test(name));
  const at = (ending: string): string[] =>
    names.filter((name) => name.endsWith(ending)).map((name) => join(CAPTURES, name));
  keys = inside("all.keys");
  writeFileSync(
    keys,
    at(".keys")
      .map((path) => readFileSync(path, "utf8"))
      .join("\n"),
  );
  execFileSync("mergecap", ["-F", "pcap", "-w", inside("once.pcap"), ...at(".pcap")]);
  execFileSync("editcap", ["-F", "pcap", "-t", "1000000", inside("once.pcap"), inside("later.pcap")]);
  whole = inside("whole.pcap");
  execFileSync("mergecap", ["-F", "pcap", "-w", whole, inside("once.pcap"), inside("later.pcap")]);
});
afterAll(() => program.remove());

/** What both ways of reading must agree on. */
const essence = ({ capture, totals, connections }: Report) => ({
  packets: capture.packets,
  ...totals,
  streams: connections.map(({ stream, verdict, start }) => [stream, verdict, start]),
});

function check(...paths: string[]): Report {
  const { out, err } = program.run(["-f", "json", "--join", "-k", keys, ...paths]);
  expect(err).toBe("");
  return JSON.parse(out) as Report;
}

function audit(...args: string[]): AuditReport {
  const { out, err } = program.run(["audit", "-f", "json", "-k", keys, ...args]);
  expect(err).toBe("");
  return JSON.parse(out) as AuditReport;
}

const byPath = (a: AuditRow, b: AuditRow): number => (a.path < b.path ? -1 : 1);

/** Files that are parts of `as`: joined they give what it gives, by `check` in any order and by `audit`. */
function expectWhole(at: string, parts: number, as: string): void {
  const paths = readdirSync(at).map((name) => join(at, name));
  expect(paths).toHaveLength(parts);
  const wanted = essence(check(as));
  expect(essence(check(...paths))).toEqual(wanted);
  expect(essence(check(...paths.reverse()))).toEqual(wanted);
  const joined = audit("--join", at);
  expect(joined.captures).toMatchObject({ total: 1, checked: 1, skipped: 0 });
  expect(joined.rows[0]).toMatchObject({ packets: wanted.packets, verdicts: wanted.verdicts });
  // The files have connections that were cut: apart they tell another story.
  const apart = audit(at);
  expect(apart.captures.total).toBe(parts);
  expect(apart.connections).toBeGreaterThan(joined.connections);
}

describe.skipIf(!there)(`a rotated capture that is joined (needs ${NEEDED.join(", ")})`, () => {
  it("as tcpdump -C leaves it", () => {
    const at = folder("size");
    execFileSync("tcpdump", ["-Z", "root", "-r", whole, "-C", "1", "-w", join(at, "trace.pcap")], { stdio: "ignore" });
    expect(readdirSync(at)).toEqual(["trace.pcap", "trace.pcap1", "trace.pcap2"]);
    expectWhole(at, 3, whole);
    // tcpdump -z gzip: what is full is compressed.
    execFileSync("gzip", [join(at, "trace.pcap"), join(at, "trace.pcap1")]);
    expectWhole(at, 3, whole);
  });

  it("as tcpdump -C -W leaves a ring that went round", () => {
    const at = folder("ring");
    execFileSync("tcpdump", ["-Z", "root", "-r", whole, "-C", "1", "-W", "2", "-w", join(at, "ring.pcap")], {
      stdio: "ignore",
    });
    expect(readdirSync(at)).toEqual(["ring.pcap0", "ring.pcap1"]);
    // The first of three files was written over by the third one.
    const all = check(whole).capture.packets;
    const kept = all - check(inside("size", "trace.pcap.gz")).capture.packets;
    execFileSync("editcap", ["-F", "pcap", "-r", whole, inside("kept.pcap"), `${all - kept + 1}-${all}`]);
    expectWhole(at, 2, inside("kept.pcap"));
  });

  it("as tcpdump -G -C leaves it: a time, and a number behind it", () => {
    const at = folder("time");
    const bytes = 1_500_000;
    // tcpdump looks at the clock: on a busy machine either half may take longer than it should, and then there are more names.
    const slowly = `(head -c ${bytes} '${whole}'; sleep 3.1; tail -c +${bytes + 1} '${whole}')`;
    execFileSync(
      "bash",
      ["-c", `${slowly} | tcpdump -Z root -r - -G 3 -C 1 -w '${join(at, "trace-%Y%m%d-%H%M%S.pcap")}'`],
      { stdio: "ignore" },
    );
    const names = readdirSync(at);
    expect(new Set(names.map((name) => name.replace(/\d+$/, ""))).size).toBeGreaterThanOrEqual(2);
    expect(names.some((name) => name.endsWith(".pcap1"))).toBe(true);
    expectWhole(at, names.length, whole);
  });

  it("as dumpcap -b leaves it", () => {
    const at = folder("dumpcap");
    const command = `dumpcap -q -i - -b packets:1500 -w '${join(at, "trace.pcapng")}' < '${whole}'`;
    execFileSync("bash", ["-c", command], { stdio: "ignore" });
    expect(readdirSync(at)[1]).toMatch(/^trace_00002_\d{14}\.pcapng$/);
    expectWhole(at, readdirSync(at).length, whole);
  });

  it("with a file in it that is none: what is around it is read, and which one it was is said", () => {
    const at = folder("damaged");
    execFileSync("editcap", ["-F", "pcap", "-c", "1500", whole, join(at, "one.pcap")]);
    const paths = readdirSync(at).map((name) => join(at, name));
    for (const gone of paths) {
      const rest = paths.filter((path) => path !== gone);
      const content = readFileSync(gone);
      writeFileSync(gone, "no capture\n");
      const { capture } = check(...paths);
      const before = rest.filter((path) => path < gone).map((path) => check(path).capture.packets);
      const frame = before.reduce((sum, packets) => sum + packets, 0);
      expect(capture.packets).toBe(check(...rest).capture.packets);
      expect(capture.quality.warnings.map(({ id }) => id)).not.toContain("stopped");
      expect(capture.quality.warnings.find(({ id }) => id === "capture-file-unread")).toMatchObject({
        frame: frame === 0 ? null : frame,
        text: `"${gone}" could not be read: it seems to be a text file; reading went on with the other files`,
      });
      writeFileSync(gone, content);
    }
    const { out, code } = program.run(["-f", "json", "--join", ...paths.map((path) => `${path}.gone`)]);
    expect([out, code]).toEqual(["", 2]);
  });

  it("as editcap -c cuts it, split over machines: a set is in one part", () => {
    const at = folder("parts");
    execFileSync("editcap", ["-F", "pcap", "-c", "1500", whole, join(at, "one.pcap")]);
    execFileSync("editcap", ["-F", "pcap", "-c", "900", inside("once.pcap"), join(at, "two.pcap")]);
    copyFileSync(captured("squid-403.pcap"), join(at, "three.pcap"));
    const all = audit("--join", at);
    expect(all.rows.map(({ packets }) => packets).sort()).toEqual(
      [whole, inside("once.pcap"), join(at, "three.pcap")].map((path) => check(path).capture.packets).sort(),
    );
    const parts = [1, 2, 3].map((i) =>
      audit("--join", at, "--shard", `${i}/3`, "--journal", inside(`part-${i}.ndjson`)),
    );
    expect(parts.flatMap(({ rows }) => rows.map(({ path }) => path)).sort()).toEqual(
      all.rows.map(({ path }) => path).sort(),
    );
    const journals = [1, 2, 3].map((i) => inside(`part-${i}.ndjson`));
    const merged = JSON.parse(program.run(["merge", "-f", "json", ...journals]).out) as AuditReport;
    expect(merged.verdicts).toEqual(all.verdicts);
    expect([...merged.rows].sort(byPath)).toEqual([...all.rows].sort(byPath));
  });
});

describe("a set that is not whole", () => {
  /** A folder with a set of which the parts are recorded captures that all are fine. */
  function setOf(name: string, files: readonly string[]): string {
    const at = folder(name);
    const parts = ["squid-basic.pcap", "squid-noauth.pcap"];
    for (const [i, file] of files.entries()) copyFileSync(captured(parts[i % 2]!), join(at, file));
    return at;
  }

  const withKeys = ["squid-basic.keys", "squid-noauth.keys"].flatMap((name) => ["-k", captured(name)]);

  function checked(at: string): Report {
    const { out, err } = program.run([
      "-f",
      "json",
      "--join",
      ...withKeys,
      ...readdirSync(at).map((file) => join(at, file)),
    ]);
    expect(err).toBe("");
    return JSON.parse(out) as Report;
  }

  const notes = ({ capture }: Report): string[] => capture.quality.warnings.map(({ text }) => text);

  it.each([
    ["dumpcap", ["c_00001_20240102030405.pcap", "c_00002_20240102030406.pcap", "c_00005_20240102030409.pcap"], 2],
    ["tcpdump -C", ["c.pcap", "c.pcap2"], 1],
    ["tcpdump -C -W", ["c.pcap00", "c.pcap01", "c.pcap03"], 2],
    ["tcpdump -G -C", ["c-20240102-030405.pcap", "c-20240102-030405.pcap2", "c-20240102-030410.pcap"], 1],
  ] as const)("as %s leaves it: names what is missing, and is no more than not wrong", (_name, files, behind) => {
    const at = setOf(`holed-${files[0]}`, files);
    const report = checked(at);
    const [before, after] = [files[behind - 1]!, files[behind]!].map((file) => `"${join(at, file)}"`);
    expect(notes(report)).toEqual([expect.stringContaining(`between ${before} and ${after}`)]);
    expect(notes(report)[0]).toMatch(/^of the rotated capture numbers? \d+( is|( to \d+)? are) missing, /);
    expect(report.findings.find(({ id }) => id === "capture-quality")?.detail).toContain(before);
    expect([report.verdict, report.exitCode]).toEqual(["incomplete", 3]);
    const line = program.run(["-f", "line", "--join", ...withKeys, ...readdirSync(at).map((file) => join(at, file))]);
    expect([line.code, line.out]).toEqual([3, expect.stringContaining("files of the capture are missing")]);
    const { rows, captures, verdict, exitCode } = JSON.parse(
      program.run(["audit", "--join", "-f", "json", ...withKeys, at]).out,
    ) as AuditReport;
    expect([captures.total, verdict, exitCode]).toEqual([1, "incomplete", 3]);
    const failOn = (verdicts: string) =>
      program.run(["audit", "--join", "-q", ...withKeys, "--fail-on", verdicts, at]).code;
    expect([failOn("incomplete"), failOn("none")]).toEqual([1, 3]);
    expect(rows[0]).toMatchObject({ verdict: "incomplete", text: expect.stringContaining(before!) });
  });

  it("says nothing of a set that is whole", () => {
    for (const files of [
      ["c.pcap", "c.pcap1", "c.pcap2"],
      ["c.pcap0", "c.pcap1"],
      ["c_00000_20240102030405.pcap", "c_00001_20240102030406.pcap"],
      ["c_00001_20240102030405.pcap", "c_00002_20240102030406.pcap"],
    ]) {
      const report = checked(setOf(`whole-${files[0]}`, files));
      expect(notes(report)).toEqual([]);
      expect(report.exitCode).toBe(0);
    }
  });

  it("has each file once, however often it is named", () => {
    const at = setOf("twice named", ["c.pcap", "c.pcap1"]);
    const [first = "", second = ""] = readdirSync(at).map((file) => join(at, file));
    const packets = (...paths: string[]): number =>
      (JSON.parse(program.run(["-f", "json", "--join", ...withKeys, ...paths]).out) as Report).capture.packets;
    expect(packets(first, second, first, second)).toBe(packets(first, second));
  });

  it("may have lost its first files to a ring buffer: that is said, and is nothing wrong", () => {
    const report = checked(setOf("late", ["c_00007_20240102030405.pcap", "c_00008_20240102030406.pcap"]));
    expect(notes(report)).toEqual([
      "the rotated capture begins with number 00007; earlier files may have been deleted, as a ring buffer does, or were not named",
    ]);
    expect(report.exitCode).toBe(0);
  });

  it("may have lost all but one: that is said where it is asked for as a part of a set, and nowhere else", () => {
    const at = setOf("alone", ["c.pcap3"]);
    expect(notes(checked(at))).toEqual([
      "the rotated capture begins with number 3; earlier files may have been deleted, as a ring buffer does, or were not named",
    ]);
    const one = join(at, "c.pcap3");
    for (const paths of [one, "--join -", "--join /dev/stdin"]) {
      const command = `cat "${one}" | "${process.execPath}" "${program.path}" -f json ${withKeys.join(" ")} ${paths}`;
      const { stdout } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
      expect(notes(JSON.parse(stdout) as Report)).toEqual([]);
    }
  });

  it.each([
    [["c.pcap1", "c.pcap2"], "1"],
    [["c.pcap03", "c.pcap04"], "03"],
    [["c-20240102-030405.pcap2", "c-20240102-030405.pcap3", "c-20240102-030410.pcap"], "2"],
    [["c.pcap2", "c.pcap0", "c.pcap1"], null],
    [["c.pcap0", "c.pcap1"], null],
    [["c.pcap", "c.pcap1"], null],
    [["c-20240102-030405.pcap", "c-20240102-030410.pcap"], null],
    [["a.pcap", "b.pcap"], null],
  ])("begins with a later number: %j", (names, number) => {
    const said = number === null ? null : `the rotated capture begins with number ${number}`;
    expect(missingInFront(names.map((name) => `caps/${name}`))).toBe(said);
  });

  it("has a file that ends in the middle of a packet, and goes on behind it", () => {
    const at = setOf("torn", ["c.pcap", "c.pcap1"]);
    truncateSync(join(at, "c.pcap"), readFileSync(join(at, "c.pcap")).length - 5);
    expect(notes(checked(at))).toContain(
      `"${join(at, "c.pcap")}" is not whole: it ends in the middle of a packet; reading went on with the other files`,
    );
  });

  it("has a file that is no capture: an audit of the folder reads the others, and says so", () => {
    const at = setOf("foreign", ["c.pcap", "c.pcap1", "c.pcap2"]);
    writeFileSync(join(at, "c.pcap1"), "no capture\n");
    const { out } = program.run(["audit", "--join", "-f", "csv", ...withKeys, at]);
    expect(out).toContain("could not be read: it seems to be a text file");
  });
});

/**
 * Writes files that each have a packet of the given second; null: none, a text: that instead of a capture. Gives the sets, as indexes
 * of `files`.
 */
async function setsOf(name: string, files: readonly (readonly [name: string, content: number | null | string])[]) {
  const at = folder(name);
  const paths = files.map(([file, content]) => {
    const packets = typeof content === "number" ? [{ data: new Uint8Array(60), seconds: 1_700_000_000 + content }] : [];
    writeFileSync(join(at, file), typeof content === "string" ? content : pcapFile(packets));
    return { path: join(at, file) };
  });
  const sets = await rotatedSets([...paths].sort((a, b) => (a.path < b.path ? -1 : 1)));
  return sets.map((set) => set.map((file) => paths.indexOf(file)));
}

describe("a ring of tcpdump -C -W", () => {
  const names = ["r.pcap0", "r.pcap1", "r.pcap2", "r.pcap3"] as const;

  it.each<[string, readonly (number | null | string)[], readonly number[]]>([
    ["went round", [40, 50, 20, 30], [2, 3, 0, 1]],
    ["did not", [10, 20, 30, 40], [0, 1, 2, 3]],
    ["did not, and has a file that begins a little before the one in front", [10, 20, 19, 30], [0, 1, 2, 3]],
    ["has two files that begin at one time", [10, 10, 20, 30], [0, 1, 2, 3]],
    ["has just begun its second file anew", [40, null, 20, 30], [2, 3, 0, 1]],
    ["has not written the header of that", [40, "", 20, 30], [2, 3, 0, 1]],
    ["has just begun its first file anew", [null, 10, 20, 30], [1, 2, 3, 0]],
    ["has not written the header of that, either", ["", 10, 20, 30], [1, 2, 3, 0]],
    ["has just begun its last file", [10, 20, 30, null], [0, 1, 2, 3]],
    ["lost its first file to a text", ["text", 10, 20, 30], [0, 1, 2, 3]],
    ["lost the file behind the newest to a text", [40, "text", 20, 30], [2, 3, 0, 1]],
    ["has nothing", [null, null, null, null], [0, 1, 2, 3]],
  ])("that %s is in the order in which it was written", async (what, contents, order) => {
    const files = names.map((name, i) => [name, contents[i]!] as const);
    expect(await setsOf(`ring that ${what}`, files)).toEqual([order]);
  });
});

it("a set takes time that grows with the number of its files only", { timeout: 120_000 }, async () => {
  writeFileSync(inside("piece.pcap"), pcapFile([{ data: new Uint8Array(60), seconds: 1_700_000_000 }]));
  const sink = { packet() {}, secrets() {}, name() {}, note() {} };
  const millisecondsOf = async (count: number): Promise<number> => {
    const started = process.cpuUsage();
    const { outcome } = await readFiles(Array(count).fill(inside("piece.pcap")), sink, { note() {} });
    expect(outcome).toMatchObject({ kind: "capture", summary: { packets: count } });
    if (outcome.kind === "capture") expect(outcome.summary.interfaces).toHaveLength(count);
    return process.cpuUsage(started).user / 1_000;
  };
  await millisecondsOf(1_000);
  const few = await millisecondsOf(5_000);
  // Four times as many; copying what all files before had takes forty times as long.
  expect(await millisecondsOf(20_000)).toBeLessThan(12 * few);
});

describe("files of dumpcap that have one name and lie in one folder", () => {
  it("are of two recordings where a number is there twice", async () => {
    const files = [
      ["c_00001_20240102030405.pcap", 0],
      ["c_00002_20240102030505.pcap", 60],
      ["c_00003_20240102030605.pcap", null],
      ["c_00001_20240103030405.pcap", 86_400],
      ["c_00002_20240103030505.pcap", 86_460],
    ] as const;
    expect(await setsOf("twice", files)).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
  });

  it("are of two recordings where the later one has lower numbers: of the first one a ring buffer left the last files", async () => {
    const files = [
      ["c_00005_20240102030405.pcap", 0],
      ["c_00006_20240102030505.pcap", 60],
      ["c_00001_20240103030405.pcap", 86_400],
      ["c_00002_20240103030505.pcap", 86_460],
    ] as const;
    expect(await setsOf("lower", files)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it("have their number behind the date, too, where that was asked for (-b nametimenum:2)", async () => {
    const files = [
      ["c_20240102030405_00001.pcapng", 0],
      ["c_20240102030505_00002.pcapng", 60],
    ] as const;
    expect(await setsOf("date-first", files)).toEqual([[0, 1]]);
    const later = ["caps/c_20240102030405_00003.pcapng", "caps/c_20240102030505_00004.pcapng"];
    expect(missingInFront(later)).toBe("the rotated capture begins with number 00003");
  });

  it("are of one where local time goes back, with and without a hole among them", async () => {
    const files = [
      ["c_00001_20241027023000.pcap", 0],
      ["c_00002_20241027025900.pcap", 1_740],
      ["c_00003_20241027020500.pcap", 2_100],
      ["c_00004_20241027023500.pcap", 3_900],
    ] as const;
    expect(await setsOf("autumn", files)).toEqual([[0, 1, 2, 3]]);
    expect(await setsOf("autumn-hole", [files[0], files[1], files[3]])).toEqual([[0, 1, 2]]);
  });
});

describe("a set of which the first file is compressed", () => {
  it.each(["./caps/a.pcap", "caps//a.pcap", "caps/./a.pcap", "caps/a.pcap"])(
    "is one in whatever spelling: %s",
    async (path) => {
      const files = [`${path}.gz`, `${path}1`].map((name) => ({ path: name }));
      expect(await rotatedSets(files)).toEqual([files]);
    },
  );
});
