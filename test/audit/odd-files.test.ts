// Names and files that stand in the way of an audit: each is a row of its own, and none ends it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { examine } from "../../src/audit/examine.ts";
import { findCaptures } from "../../src/audit/find-captures.ts";
import { type AuditOptions, auditCaptures, checkCapture } from "../../src/audit/index.ts";
import { captured } from "../cli/build.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-odd-"));
});
afterEach(() => {
  for (const writer of writers.splice(0)) writer.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** When somebody opens a pipe for writing: that ends a waiting for it, which nothing in this thread could. */
const WRITER_COMES_MS = 5_000;
const writers: ChildProcess[] = [];

/** A pipe takes the place of a file. */
function becomePipe(name: string): void {
  rmSync(at(name), { force: true });
  execFileSync("mkfifo", [at(name)]);
  writers.push(spawn("sh", ["-c", `sleep ${WRITER_COMES_MS / 1000}; : > "$0"`, at(name)]));
}

const at = (name: string): string => join(folder, name);
const put = (name: string): void => copyFileSync(captured("squid-403.pcap"), at(name));

/** What each capture's row says: its verdict, or why it was not checked. */
async function rows(...paths: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const { rows: all } = await auditCaptures(paths, { allRows: true });
  return Object.fromEntries(
    all.map(({ path, verdict, message }) => [path.slice(folder.length + 1), verdict ?? message ?? ""]),
  );
}

describe("an audit", () => {
  it("goes on behind a link that leads to itself", async () => {
    put("a.pcap");
    symlinkSync("loop", at("loop"));
    put("z.pcap");
    expect(await rows(folder)).toEqual({
      "a.pcap": "tunnel-refused",
      loop: "the link cannot be followed: too many symbolic links",
      "z.pcap": "tunnel-refused",
    });
    expect(await rows(at("loop"), at("a.pcap"))).toEqual({
      loop: "too many symbolic links",
      "a.pcap": "tunnel-refused",
    });
  });

  it("passes over links that lead nowhere, and walks a folder once that many lead to", async () => {
    symlinkSync("gone", at("dangling"));
    for (let i = 0; i < 12; i++) {
      mkdirSync(at(`d${i}`));
      for (const link of ["one", "two"]) symlinkSync(at(`d${i + 1}`), join(at(`d${i}`), link));
    }
    mkdirSync(at("d12"));
    put("d12/a.pcap");
    expect(Object.values(await rows(at("d0")))).toEqual(["tunnel-refused"]);
    expect(await rows(folder)).toEqual({ [Object.keys(await rows(folder))[0]!]: "tunnel-refused" });
  });

  it("tells of names that are too long, no file's, or none at all", async () => {
    put("a.pcap");
    const long = at("x".repeat(300));
    expect(await rows(long, at("a\0b"), at("a.pcap"))).toEqual({
      ["x".repeat(300)]: "the name is too long",
      "a\0b": "no file can have such a name",
      "a.pcap": "tunnel-refused",
    });
    for (const path of [long, at("a\0b")]) expect(await checkCapture(path)).toMatchObject({ kind: "failed" });
  });

  it("takes lists as other programs write them, and a capture for none", async () => {
    for (const name of ["a.pcap", "b\nc.pcap", "@d.pcap"]) put(name);
    const listed = async (text: string, encoding: "utf8" | "utf16le" = "utf8") => {
      writeFileSync(at("list"), text, encoding);
      return await rows(`@${at("list")}`);
    };
    const both = { "a.pcap": "tunnel-refused", "b\nc.pcap": "tunnel-refused" };
    expect(await listed(`${at("a.pcap")}\0${at("b\nc.pcap")}\0`)).toEqual(both);
    expect(await listed(`\r\n# today\r\n \t\r\n${at("a.pcap")}\r\n`)).toEqual({ "a.pcap": "tunnel-refused" });
    expect(await listed(`\ufeff${at("a.pcap")}\r\n`, "utf16le")).toEqual({ "a.pcap": "tunnel-refused" });
    expect(await rows(`@${at("a.pcap")}`)).toEqual({
      [`@${at("a.pcap")}`.slice(folder.length + 1)]: "it is a capture and no list of captures: name it without the @",
    });
    expect(await rows("-")).toEqual({ "": expect.stringContaining("pcapcheck -") });
  });

  it("takes what stands before and behind a line of a list that no path is, and tells of it", async () => {
    for (const name of ["a.pcap", "b.pcap"]) put(name);
    const long = "x".repeat(2_000_000);
    const name = `@${at("list")}`.slice(folder.length + 1);
    writeFileSync(at("list"), `${at("a.pcap")}\n${long}\n# ${long}\n${at("b.pcap")}`);
    const both = { "a.pcap": "tunnel-refused", "b.pcap": "tunnel-refused" };
    expect(await rows(`@${at("list")}`)).toEqual({
      ...both,
      [name]: "it has a line that is longer than any path: line 2",
    });
    writeFileSync(at("list"), `${at("a.pcap")}\0${at("b.pcap")}\0${long}\0${long}`);
    expect(await rows(`@${at("list")}`)).toEqual({
      ...both,
      [name]: "it has 2 lines that are longer than any path: line 3",
    });
  });

  it("goes deep, and tells of folders that are too deep", async () => {
    const deep = join(...Array.from({ length: 257 }, () => "d"));
    mkdirSync(at(join(deep, "e")), { recursive: true });
    put(join(deep, "a.pcap"));
    put(join(deep, "e", "b.pcap"));
    expect(await rows(at("d"))).toEqual({
      [join(deep, "a.pcap")]: "tunnel-refused",
      [join(deep, "e")]: "it lies more than 256 folders deep: name it, too",
    });
    expect(await rows(at(join(deep, "e")))).toEqual({ [join(deep, "e", "b.pcap")]: "tunnel-refused" });
  });

  it("takes a file whose name begins as that of a list does for a file, if there is no such list", async () => {
    put("@d.pcap");
    const before = process.cwd();
    process.chdir(folder);
    try {
      const { rows: all } = await auditCaptures(["@d.pcap"], { allRows: true });
      expect(all).toMatchObject([{ path: "@d.pcap", verdict: "tunnel-refused" }]);
      writeFileSync("d.pcap", "");
      expect((await auditCaptures(["@d.pcap"])).captures.total).toBe(0);
    } finally {
      process.chdir(before);
    }
  });

  it("takes time that grows with the hard links of a file only", { timeout: 30_000 }, async () => {
    put("a.pcap");
    mkdirSync(at("links"));
    for (let i = 0; i < 4_000; i++) linkSync(at("a.pcap"), at(`links/${i}`));
    symlinkSync("links", at("again"));
    const started = Date.now();
    const { captures } = await auditCaptures([at("links"), at("again"), at("a.pcap")]);
    expect(captures.total).toBe(4_001);
    // Each with each takes minutes.
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  it("ends at once where what an option names cannot be used, and names it", async () => {
    put("a.pcap");
    const [none, capture] = [at("none"), at("a.pcap")];
    const journal = at("j.ndjson");
    const refused = async (options: AuditOptions): Promise<unknown> =>
      await auditCaptures([capture], { ...options, journal }).catch((error: Error) => [error.name, error.message]);
    for (const [option, what] of [
      ["keylogs", "the key log cannot be read"],
      ["rsaKeys", "the RSA key cannot be read"],
      ["trust", "the certificate cannot be read"],
      ["proxyCa", "the certificate cannot be read"],
    ] as const)
      expect(await refused({ [option]: [none] })).toEqual(["Error", `${none}: ${what}: there is no such file`]);
    expect(await refused({ keylogs: [folder] })).toEqual([
      "Error",
      `${folder}: the key log cannot be read: it is a folder`,
    ]);
    expect(await refused({ trust: [capture] })).toEqual(["Error", `${capture}: it holds no certificate (PEM or DER)`]);
    expect(existsSync(journal)).toBe(false);
  });

  it("finds captures whose key log could have no name, or is a link to itself", async () => {
    const long = `${"x".repeat(250)}.pcap`;
    put(long);
    put("c.pcap");
    symlinkSync("c.keys", at("c.keys"));
    expect(await rows(folder)).toMatchObject({ [long]: "tunnel-refused", "c.pcap": "tunnel-refused" });
  });

  it("tells of names that are no UTF-8", async () => {
    put("a.pcap");
    execFileSync("bash", ["-c", "cp a.pcap $'caf\\xe9.pcap'"], { cwd: folder });
    const all = await rows(folder);
    expect(all["a.pcap"]).toBe("tunnel-refused");
    expect(Object.values(all).some((text) => text.includes("UTF-8"))).toBe(true);
    execFileSync("bash", ["-c", "rm caf*.pcap; mkdir $'d\\xe9'; cp a.pcap $'d\\xe9'"], { cwd: folder });
    expect(Object.values(await rows(folder))).toContainEqual(expect.stringMatching(/folder .* its name is no UTF-8/));
    // So is a single one that is named.
    expect(await checkCapture(join(folder, "caf\ufffd.pcap"))).toMatchObject({
      message: expect.stringContaining("UTF-8"),
    });
  });

  it("does not wait for a pipe", async () => {
    put("a.pcap");
    execFileSync("mkfifo", [at("f.pcap")]);
    expect(await rows(at("f.pcap"), at("a.pcap"))).toEqual({
      "f.pcap": "it is a pipe, a device or a folder: an audit is for files",
      "a.pcap": "tunnel-refused",
    });
    expect(await rows(folder)).toEqual({ "a.pcap": "tunnel-refused" });
    await expect(auditCaptures([folder], { since: at("f.pcap") })).rejects.toThrow("the journal is no file");
  });

  it("does not wait for a pipe that takes a file's place behind the listing", async () => {
    for (const name of ["a.pcap", "b.pcap", "c.pcap1", "c.pcap2"]) put(name);
    const { rows: all } = await auditCaptures([folder], {
      allRows: true,
      join: true,
      onRow({ path }) {
        if (path === at("a.pcap")) for (const name of ["b.pcap", "c.pcap2"]) becomePipe(name);
      },
    });
    expect(all.map(({ verdict, message }) => verdict ?? message)).toEqual([
      "tunnel-refused",
      "it is a pipe or a device, and no file",
      "tunnel-refused",
    ]);
    expect(all[2]?.findings).toMatchObject({ "capture-quality": 1 });
  }, 30_000);

  it("does not wait for a pipe that takes a file's place before it is looked into", async () => {
    for (const name of ["a", "b"]) put(name);
    const started = Date.now();
    const { tasks } = await findCaptures([folder], {
      join: false,
      hash: false,
      shard: null,
      keysOf(capture) {
        if (capture === at("a")) becomePipe("b");
        return null;
      },
    });
    expect(tasks.map(({ path }) => path)).toEqual([at("a"), at("b")]);
    expect(Date.now() - started).toBeLessThan(WRITER_COMES_MS);
  }, 30_000);

  it("does not wait for a pipe that takes the place of a key log beside a capture", async () => {
    put("a.pcap");
    becomePipe("a.keys");
    const started = Date.now();
    const examined = await examine(at("a.pcap"), {}, () => [at("a.keys")]);
    expect(examined).toMatchObject({ diagnosis: { verdict: "tunnel-refused", facts: { keys: { sources: [] } } } });
    expect(Date.now() - started).toBeLessThan(WRITER_COMES_MS);
    // That there are no keys would send people for what lies there.
    const text = "a key log beside the capture could not be read: it is a pipe or a device, and no file";
    expect(examined).toMatchObject({ capture: { warnings: [{ id: "tls-keys-unread", count: 1, frame: null, text }] } });
  }, 30_000);

  it("ends where its journal is deleted, or the folder of it: nobody would find what is written", async () => {
    for (const name of ["a.pcap", "b.pcap"]) put(name);
    for (const gone of ["out", "out/journal.ndjson"]) {
      mkdirSync(at("out"), { recursive: true });
      const journal = at("out/journal.ndjson");
      const onRow = (): void => rmSync(at(gone), { recursive: true, force: true });
      await expect(auditCaptures([at("a.pcap"), at("b.pcap")], { journal, onRow })).rejects.toThrow(
        `${journal}: the journal was deleted while it was written`,
      );
    }
    expect(existsSync(at("out/journal.ndjson.lock"))).toBe(false);
  });

  it("goes on with a journal in which bytes were damaged", async () => {
    put("a.pcap");
    put("b.pcap");
    const journal = at("journal.ndjson");
    await auditCaptures([at("a.pcap"), at("b.pcap")], { journal });
    const bytes = readFileSync(journal);
    const first = bytes.indexOf(10) + 20;
    bytes.fill(0xff, first, first + 10);
    writeFileSync(journal, Buffer.concat([bytes, Buffer.from('{"path":"torn')]));
    await auditCaptures([at("a.pcap"), at("b.pcap")], { journal });
    const lines = readFileSync(journal, "latin1").trimEnd().split("\n");
    expect(lines.filter((line) => line.includes("torn"))).toEqual([]);
    expect(lines.slice(2).every((line) => line.startsWith('{"path":"') && line.endsWith("}"))).toBe(true);
  });

  it("takes no line for a result that is none", async () => {
    const journal = at("journal.ndjson");
    put("a.pcap");
    await auditCaptures([at("a.pcap")], { journal });
    appendFileSync(journal, '{"path":"x","groups":[],"verdict":null}\n');
    await expect(auditCaptures([at("a.pcap")], { since: journal })).rejects.toThrow("a line that is no result");
  });
});
