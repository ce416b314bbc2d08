// Audits through the program: workers, limits, journals that are gone on with, signals.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditReport, AuditRow } from "../../src/report/index.ts";
import { buildProgram, captured, type Program } from "../cli/build.ts";

const CAPTURES = dirname(captured("squid-basic.pcap"));

let program: Program;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

const inside = (name: string): string => join(program.folder, name);
const run = (...args: string[]) => program.run(["audit", ...args]);
const fresh = (name: string): string => {
  mkdirSync(inside(name));
  return inside(name);
};
const put = (to: string, ...names: string[]): void => {
  for (const name of names) copyFileSync(captured(name), join(to, name));
};

describe("an audit by the program", () => {
  it("gives the same with two workers as with none", () => {
    for (const format of ["ndjson", "table", "line"]) {
      const alone = run(CAPTURES, "-f", format);
      // The limit is none of these captures', but it needs workers, however little there is to do.
      for (const limit of [[], ["--max-memory", "2048"]]) {
        const many = run(CAPTURES, "-f", format, "-j", "2", ...limit);
        expect(many.out).toBe(alone.out);
        expect([many.code, many.err]).toEqual([alone.code, ""]);
      }
    }
  });

  it("ends with its last capture, however long one might take: nothing of a limit goes on behind it", () => {
    const started = Date.now();
    const limits = ["--timeout", "60", "--max-memory", "512"];
    // On a terminal: elsewhere the program ends itself.
    expect(program.runOnTerminal(["audit", "-q", ...limits, captured("squid-403.pcap")], 80)).toMatchObject({
      code: 1,
      out: expect.stringContaining("tunnel-refused"),
    });
    expect(Date.now() - started).toBeLessThan(45_000);
  });

  it("finds captures by globs, and tells of those that find nothing", () => {
    const all = fresh("globs");
    put(all, "squid-403.pcap", "squid-basic.pcap");
    const found = run(join(all, "*-4*.pcap"), "-f", "line");
    expect(found.out).toMatch(/^tunnel-refused\t.*squid-403\.pcap\t/);
    const none = run(join(all, "*.x"), "-f", "line");
    expect([none.code, none.err]).toEqual([2, ""]);
    expect(none.out).toContain("nothing has such a name");
  });

  it.skipIf(process.platform === "win32")("tells of folders into which a pattern leads and that cannot be read", () => {
    const all = fresh("shut");
    mkdirSync(join(all, "deep/er"), { recursive: true });
    put(join(all, "deep/er"), "squid-403.pcap");
    put(all, "squid-403.pcap");
    const { mode } = statSync(program.folder);
    chmodSync(program.folder, 0o755);
    chmodSync(join(all, "deep/er"), 0);
    // Whom nothing is forbidden is nobody here.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const told = (pattern: string) => {
      const args = [program.path, "audit", "-f", "line", pattern];
      const { status, stdout } = spawnSync(process.execPath, args, {
        cwd: program.folder,
        encoding: "utf8",
        ...nobody,
      });
      return [
        status,
        ...stdout
          .trimEnd()
          .split("\n")
          .map((line) => line.split("\t").slice(0, 2).join(" ")),
      ];
    };
    const [shut, seen] = ["not-checked shut/deep/er", "tunnel-refused shut/squid-403.pcap"];
    expect(told("shut")).toEqual([2, shut, seen]);
    expect(told("shut/**/*.pcap")).toEqual([2, shut, seen]);
    expect(told("shut/**")).toEqual([2, shut, seen]);
    expect(told("shut/*")).toEqual([2, shut, seen]);
    expect(told("shut/deep/er/*.pcap")).toEqual([2, shut]);
    expect(told("shut/*.pcap")).toEqual([1, seen]);
    expect(told("nowhere/*/*.pcap")).toEqual([2, "not-checked nowhere/*/*.pcap"]);
    chmodSync(join(all, "deep/er"), 0o700);
    chmodSync(program.folder, mode);
  });

  it("tells on standard error what it could not check where it prints a verdict only", () => {
    const all = fresh("unread");
    put(all, "squid-403.pcap");
    const names = Array.from({ length: 12 }, (_, i) => `not-there-${i + 10}.pcap`);
    const one = run(all, "not-there-1.pcap", "-q");
    expect(one).toEqual({
      code: 2,
      out: "tunnel-refused\n",
      err: "pcapcheck: not-there-1.pcap: there is no such file\n",
    });
    const { err } = run(all, ...names, "-q");
    expect(err.trimEnd().split("\n")).toEqual([
      ...names.slice(0, 10).map((name) => `pcapcheck: ${name}: there is no such file`),
      "pcapcheck: 2 more could not be checked",
    ]);
  });

  it("waits as long as it is told to, even for longer than a timer can be set", () => {
    const all = fresh("patient");
    put(all, "squid-403.pcap");
    expect(run(all, "-q", "--timeout", "2592000")).toMatchObject({ code: 1, err: "", out: "tunnel-refused\n" });
  });

  it("gives up a capture that takes too much memory or time, and goes on with another worker", () => {
    const all = fresh("limits");
    put(all, "squid-403.pcap");
    makeLong(join(all, "long.pcap"));
    const slow = run(all, "--timeout", "0.6", "-f", "ndjson");
    expect(slow.out).toContain("it took longer than 0.6 s");
    expect(slow.out).toContain('"tunnel-refused"');
    const large = run(all, "--max-memory", "12", "-f", "ndjson");
    expect(large.out).toContain("it took more memory than 12 MiB");
    expect(large.out).toContain('"tunnel-refused"');
    expect([slow.code, large.code]).toEqual([2, 2]);
  });

  it("tries again what a limit ended if more is allowed, and only then", () => {
    const all = fresh("retried");
    put(all, "squid-403.pcap", "squid-basic.pcap");
    const rows = (): readonly AuditRow[] =>
      readFileSync(inside("retried.ndjson"), "utf8")
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((line) => JSON.parse(line) as AuditRow);
    const again = (...limits: string[]): string =>
      run(all, "--journal", "retried.ndjson", "-q", ...limits).out.trimEnd();
    // No worker starts in a microsecond.
    expect(again("--timeout", "0.001")).toBe("not-checked");
    expect(rows().map(({ givenUp }) => givenUp)).toEqual(Array(2).fill({ limit: "time", limitMs: 1 }));
    expect(again("--timeout", "0.001", "-j", "2")).toBe("not-checked");
    expect(again("--timeout", "0.001", "--max-memory", "500")).toBe("not-checked");
    expect(rows()).toHaveLength(2);
    // Of one of the files the limit was memory, as an earlier audit has it.
    const [head, ...lines] = readFileSync(inside("retried.ndjson"), "utf8").split("\n");
    const byMemory = lines.map((line) =>
      line.replace('{"limit":"time","limitMs":1}', '{"limit":"memory","limitMiB":400}'),
    );
    writeFileSync(inside("retried.ndjson"), [head, byMemory[0], ...lines.slice(1)].join("\n"));
    expect(again("--timeout", "50", "--max-memory", "300")).toBe("encrypted");
    expect(rows().map(({ verdict }) => verdict)).toEqual([null, null, "encrypted"]);
    expect(again("--timeout", "50", "--max-memory", "500")).toBe("tunnel-refused");
    expect(again()).toBe("tunnel-refused");
    expect(rows().map(({ verdict }) => verdict)).toEqual([null, null, "encrypted", "tunnel-refused"]);
  });

  it("tells against an earlier journal what is new, gone and still there, in every format", () => {
    const all = fresh("compared");
    put(all, "scripted-plain-401.pcap", "squid-403.pcap");
    expect(run(all, "--journal", "monday.ndjson", "-q").code).toBe(1);
    rmSync(join(all, "squid-403.pcap"));
    put(all, "scripted-connect-401.pcap");
    const changes = {
      journal: "monday.ndjson",
      new: [expect.objectContaining({ verdict: "connect-401" })],
      perhapsNew: [],
      gone: [expect.objectContaining({ verdict: "tunnel-refused" })],
      still: [expect.objectContaining({ verdict: "tunnel-401-proxy" })],
      unclear: [],
    };
    const since = ["--since", "monday.ndjson"];
    const json = run(all, "-f", "json", ...since, "--journal", "tuesday.ndjson");
    expect([json.code, json.err]).toEqual([1, ""]);
    expect((JSON.parse(json.out) as AuditReport).changes).toEqual(changes);
    const merged = program.run(["merge", "tuesday.ndjson", ...since, "-f", "json"]);
    expect((JSON.parse(merged.out) as AuditReport).changes).toEqual(changes);
    const lines = run(all, "-f", "ndjson", ...since)
      .out.trimEnd()
      .split("\n");
    expect((JSON.parse(lines.at(-1)!) as AuditReport).changes).toEqual(changes);
    expect(run(all, ...since).out.replace(/^.*?(?=New since)/s, "")).toMatch(
      /^New since the earlier journal: 1\n.*connect-401.*Gone: 1\n.*tunnel-refused.*Still there: 1\n/s,
    );
    expect(run(all, "-f", "html", ...since).out).toMatch(/>New since monday\.ndjson<.*>Gone<.*>Still there</s);
    // Compared with what it said before, a journal may be gone on with.
    const same = run(all, "-f", "json", ...since, "--journal", "monday.ndjson");
    expect((JSON.parse(same.out) as AuditReport).changes).toEqual(changes);
  });

  it.each([
    ["none.ndjson", "pcapcheck: none.ndjson: the journal cannot be read: there is no such file\n"],
    [captured("squid-403.pcap"), `pcapcheck: ${captured("squid-403.pcap")}: this is no journal of an audit\n`],
  ])("tells before it begins that %s is nothing to compare with", (since, err) => {
    expect(run(CAPTURES, "--since", since, "--journal", "unbegun.ndjson")).toEqual({ code: 2, out: "", err });
    expect(existsSync(inside("unbegun.ndjson"))).toBe(false);
  });

  it("keeps what is missing in the journal, for the summary of all parts, until it is there", () => {
    const audit = () => run("later.pcap", captured("squid-403.pcap"), "-q", "--journal", "missing.ndjson");
    const merged = () => {
      const { code, out } = program.run(["merge", "missing.ndjson", "-f", "json"]);
      return { code, captures: (JSON.parse(out) as AuditReport).captures };
    };
    expect(audit().code).toBe(2);
    expect(merged()).toMatchObject({ code: 2, captures: { total: 2, checked: 1, failed: 1 } });
    const text = readFileSync(inside("missing.ndjson"), "utf8");
    expect(audit().code).toBe(2);
    expect(readFileSync(inside("missing.ndjson"), "utf8")).toBe(text);
    copyFileSync(captured("squid-basic.pcap"), inside("later.pcap"));
    expect(audit().code).toBe(1);
    expect(merged()).toMatchObject({ code: 1, captures: { total: 2, checked: 2, failed: 0 } });
    // A folder has no row of its own that would replace the one that says it is missing.
    expect(run("not-mounted", "-q", "--journal", "folder.ndjson").code).toBe(2);
    put(fresh("not-mounted"), "squid-403.pcap");
    expect(run("not-mounted", "-q", "--journal", "folder.ndjson").code).toBe(1);
    expect(program.run(["merge", "folder.ndjson", "-q"])).toEqual({ code: 1, out: "tunnel-refused\n", err: "" });
  });

  it("tells in every part that something is not on this machine", () => {
    for (const part of [1, 2, 3]) {
      const { code, out } = run("not-there", "--shard", `${part}/3`, "-f", "line");
      expect([code, out.trimEnd().split("\t").slice(0, 2)]).toEqual([2, ["not-checked", "not-there"]]);
    }
  });

  it("has nothing to say against a part without captures, only against captures that are nowhere", () => {
    const all = fresh("parts");
    put(all, "mitm-noauth.pcap");
    const codes = [1, 2, 3].map((part) => {
      const { code, out } = run(all, "--shard", `${part}/3`, "--journal", `parts-${part}.ndjson`);
      return code === 0 && out.startsWith("no capture is in this part") ? "empty" : code;
    });
    expect(codes.filter((code) => code === "empty").length).toBe(2);
    const { code, out } = program.run(["merge", ...[1, 2, 3].map((part) => `parts-${part}.ndjson`), "-q"]);
    expect([codes.find((code) => code !== "empty"), out]).toEqual([code, run(all, "-q").out]);
    writeFileSync(join(fresh("no-parts"), "notes.txt"), "nothing to see\n");
    for (const part of [1, 2, 3]) expect(run(inside("no-parts"), "--shard", `${part}/3`).code).toBe(2);
  });

  it("fails on what it is told to, and has 2 all the same where something could not be checked", () => {
    const all = fresh("fail-on");
    put(all, "squid-403.pcap", "squid-basic.pcap");
    const code = (verdicts: string, ...more: string[]) => run(all, ...more, "-q", "--fail-on", verdicts).code;
    expect(run(all, "-q")).toMatchObject({ code: 1, out: "tunnel-refused\n" });
    expect([code("none"), code("encrypted"), code("tunnel-401-proxy")]).toEqual([3, 1, 3]);
    expect([code("none", "none.pcap"), code("encrypted", "none.pcap")]).toEqual([2, 2]);
    rmSync(join(all, "squid-basic.pcap"));
    expect([code("none"), code("tunnel-401-proxy,tunnel-refused")]).toEqual([0, 1]);
  });

  it("puts its output in the place of nothing that it reads or writes", () => {
    put(program.folder, "mitm-noauth.pcap");
    const keys = "some bytes that tell nothing";
    for (const name of ["o.list", "o.keys", "o.key"])
      writeFileSync(inside(name), name === "o.list" ? "mitm-noauth.pcap\n" : keys);
    const err = (name: string) => `pcapcheck: ${name}: it is what is read; nothing was written\n`;
    for (const [name, ...args] of [
      ["o.list", "@o.list"],
      ["o.keys", "mitm-noauth.pcap", "--keylog", "./o.keys"],
      ["o.key", "mitm-noauth.pcap", "--redact", "ip", "--redact-key", "o.key"],
      ["o.ndjson", "mitm-noauth.pcap", "--journal", "./o.ndjson"],
      ["o.none", "mitm-noauth.pcap", "o.none"],
    ] as const)
      expect(run(...args, "-o", name)).toEqual({ code: 2, out: "", err: err(name) });
    expect([readFileSync(inside("o.list"), "utf8"), readFileSync(inside("o.keys"), "utf8")]).toEqual([
      "mitm-noauth.pcap\n",
      keys,
    ]);
    expect(existsSync(inside("o.ndjson"))).toBe(false);
  });

  it("says that no capture was found where its output says nothing", () => {
    fresh("nothing");
    expect(run("-f", "line", "nothing")).toEqual({ code: 2, out: "", err: "pcapcheck: no capture was found\n" });
  });

  it("killed at any moment it goes on to the same journal", { timeout: 120_000 }, async () => {
    const without = inside("without.ndjson");
    expect(run(CAPTURES, "--journal", without, "-q").code).toBe(1);
    const wanted = readFileSync(without, "utf8");
    const journal = inside("killed.ndjson");
    for (let kill = 0; kill < 10; kill++) {
      const child = spawn(process.execPath, [program.path, "audit", CAPTURES, "--journal", journal, "-q"], {
        stdio: "ignore",
      });
      // Anywhere between its start and its end.
      await ended(child, 60 + Math.random() * 300);
      if (existsSync(journal)) {
        const text = readFileSync(journal, "utf8");
        expect(wanted.startsWith(text.slice(0, text.lastIndexOf("\n") + 1))).toBe(true);
      }
    }
    run(CAPTURES, "--journal", journal, "-q");
    expect(readFileSync(journal, "utf8")).toBe(wanted);
  });

  it.each([
    ["Ctrl-C", "SIGINT"],
    ["the end of its terminal", "SIGHUP"],
  ] as const)("ends at %s with what is done", async (_what, signal) => {
    const all = fresh(`interrupted-${signal}`);
    for (let i = 0; i < 2000; i++) copyFileSync(join(CAPTURES, "far-401-h2.pcap"), join(all, `${i}.pcap`));
    const journal = inside(`interrupted-${signal}.ndjson`);
    const output = inside(`interrupted-${signal}.json`);
    const args = ["audit", all, "-f", "json", "-o", output, "--journal", journal];
    const child = spawn(process.execPath, [program.path, ...args]);
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      told += text;
    });
    // As soon as something is done, however fast the machine is.
    const looking = setInterval(() => {
      if (!existsSync(journal) || statSync(journal).size === 0) return;
      clearInterval(looking);
      child.kill(signal);
    }, 10);
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(looking);
    expect(told).toBe("pcapcheck: interrupted: not all captures are in this result\n");
    const report = JSON.parse(readFileSync(output, "utf8")) as AuditReport;
    expect(code).toBe(2);
    expect(report.captures.interrupted).toBe(true);
    expect(report.rows.length).toBe(report.captures.total);
    expect(report.captures.total).toBeLessThan(2000);
  });
});

/** Kills the process after so many milliseconds, and waits for its end. */
async function ended(child: ChildProcess, milliseconds: number): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  await new Promise((resolve) => child.on("exit", resolve));
  clearTimeout(timer);
}

/** A capture of many tunnels: one recorded connection over and over, each time from another port. */
function makeLong(path: string): void {
  const one = readFileSync(join(CAPTURES, "squid-basic.pcap"));
  const packets = one.subarray(24);
  const copies: Buffer[] = [one.subarray(0, 24)];
  for (let i = 0; i < 30_000; i++) {
    const copy = Buffer.from(packets);
    for (let at = 0; at + 16 <= copy.length; ) {
      const length = copy.readUInt32LE(at + 8);
      const ip = at + 16 + 14;
      const tcp = ip + (copy[ip]! & 15) * 4;
      const side = copy.readUInt16BE(tcp) === 3128 ? 2 : 0;
      copy.writeUInt16BE(1024 + (i % 60_000), tcp + side);
      at += 16 + length;
    }
    copies.push(copy);
  }
  writeFileSync(path, Buffer.concat(copies));
}
