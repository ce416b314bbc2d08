// Who may write to a journal: one process, on whatever machine, until it is gone.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { JournalLock } from "../../src/audit/journal-lock.ts";

let folder: string;
let own: Record<string, unknown>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-lock-"));
  const lock = take();
  own = JSON.parse(readFileSync(file(), "utf8"));
  lock.release();
});
beforeEach(() => rmSync(file(), { force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const journal = (): string => join(folder, "j.ndjson");
const file = (): string => `${journal()}.lock`;
const MINUTE_MS = 60_000;

function take(): JournalLock {
  const lock = JournalLock.take(journal());
  if (typeof lock === "string") throw new Error(lock);
  return lock;
}

/** Whether the lock can be had where another owner left one, so many minutes ago. */
function taken(owner: Record<string, unknown> | string, minutes = 0): boolean {
  writeFileSync(file(), typeof owner === "string" ? owner : JSON.stringify({ ...own, ...owner }));
  const then = new Date(Date.now() - minutes * MINUTE_MS);
  utimesSync(file(), then, then);
  const lock = JournalLock.take(journal());
  if (typeof lock !== "string") lock.release();
  else expect(lock).toMatch(/^another audit writes to it \(.*; .*\.lock\)$/);
  return typeof lock !== "string";
}

describe("the lock of a journal", () => {
  it("is there also for one whose name is as long as a name may be, and for each its own", () => {
    const names = ["\u00e9", "x"].flatMap((unit) => ["1", "2"].map((last) => `${unit.repeat(300)}.${last}`));
    const journals = names.map((name) => {
      const bytes = Buffer.from(name);
      return join(folder, `${bytes.subarray(0, 252)}${name.slice(-2)}`);
    });
    const locks = journals.map((path) => JournalLock.take(path));
    for (const lock of locks) expect(lock).toBeInstanceOf(JournalLock);
    for (const path of journals)
      expect(JournalLock.take(path)).toMatch(/^another audit writes to it \(process \d+; .*\.lock\)$/);
    for (const lock of locks) if (typeof lock !== "string") lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is one process's, and is given back", () => {
    const lock = take();
    expect(JournalLock.take(journal())).toBe(`another audit writes to it (process ${process.pid}; ${file()})`);
    lock.release();
    expect(existsSync(file())).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each<[string, Record<string, unknown> | string, boolean]>([
    ["runs here", { pid: process.ppid, started: "" }, false],
    ["had a number that another process has now", { pid: process.ppid, started: "1" }, true],
    ["had the number that this process has now", { started: "1" }, true],
    ["had the number that this process has now, and does not say since when", { started: "" }, true],
    ["ran in a container before this machine was started again", { space: "pid:[1]", boot: "another" }, true],
    ["does not run any more", { pid: 2 ** 22 - 1, started: "" }, true],
    ["ran before this machine was started again", { pid: process.ppid, started: "", boot: "another" }, true],
    ["was an earlier version, and runs", `${process.ppid}\n`, false],
    ["was an earlier version, and does not run", `${2 ** 22 - 1}\n`, true],
  ])("of one that %s: taken %s", (_what, owner, expected) => {
    expect(taken(owner)).toBe(expected);
    // How long ago it was does not matter where it can be told.
    expect(taken(owner, 60)).toBe(expected);
  });

  it.each<[string, Record<string, unknown> | string]>([
    ["is on another machine", { host: "another", pid: 2 ** 22 - 1 }],
    ["is in another container", { space: "pid:[1]", pid: 2 ** 22 - 1 }],
    ["does not say who it is", ""],
    ["has a number that no process has", { pid: 0, started: "" }],
  ])("of one that %s is left to it while it shows itself", (_what, owner) => {
    expect(taken(owner)).toBe(false);
    expect(taken(owner, 1)).toBe(false);
    expect(taken(owner, 3)).toBe(true);
  });

  it("is shown again and again while the audit works", () => {
    vi.useFakeTimers({ now: Date.now() });
    const lock = take();
    const long = new Date(Date.now() - 60 * MINUTE_MS);
    utimesSync(file(), long, long);
    const text = readFileSync(file(), "utf8");
    vi.advanceTimersByTime(MINUTE_MS);
    vi.useRealTimers();
    expect(Date.now() - statSync(file()).mtimeMs).toBeLessThan(MINUTE_MS);
    expect(readFileSync(file(), "utf8")).toBe(text);
    lock.release();
  });

  it("is shown also where the clock was set back", () => {
    vi.useFakeTimers({ now: Date.now() });
    const lock = take();
    const long = new Date(Date.now() - 60 * MINUTE_MS);
    utimesSync(file(), long, long);
    vi.setSystemTime(long);
    lock.beat();
    vi.useRealTimers();
    expect(Date.now() - statSync(file()).mtimeMs).toBeLessThan(MINUTE_MS);
    lock.release();
  });

  it("is not taken from whoever has it now, and not shown for them", () => {
    vi.useFakeTimers({ now: Date.now() });
    const lock = take();
    const others = JSON.stringify({ ...own, host: "another" });
    writeFileSync(file(), others);
    lock.release();
    // A whole second: no file system rounds it.
    const then = new Date(1_000_000_000_000);
    utimesSync(file(), then, then);
    vi.advanceTimersByTime(MINUTE_MS);
    vi.useRealTimers();
    expect(readFileSync(file(), "utf8")).toBe(others);
    expect(statSync(file()).mtimeMs).toBe(then.getTime());
  });

  it.runIf(process.platform === "linux")("says since when its owner runs, in ticks of its machine's clock", () => {
    expect(Number(own.started)).toBeGreaterThan(0);
  });
});
