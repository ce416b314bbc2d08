// Several processes that want the lock of one journal at the same time, and one whose owner has ended in a way that hides it.
import { spawn } from "node:child_process";
import type * as fs from "node:fs";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import type * as os from "node:os";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JournalLock } from "../../src/audit/journal-lock.ts";

type Call = "write" | "link" | "remove";

/** What the others do right before this process writes, links or removes a file of such a name. */
let meanwhile: { readonly call: Call; readonly file: RegExp; readonly act: () => void } | null = null;

function letOthers(call: Call, path: unknown): void {
  if (meanwhile?.call !== call || !meanwhile.file.test(String(path))) return;
  const { act } = meanwhile;
  meanwhile = null;
  act();
}

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const write: typeof fs.writeFileSync = (path, data, options) => {
    letOthers("write", path);
    real.writeFileSync(path, data, options);
  };
  const remove: typeof fs.rmSync = (path, options) => {
    letOthers("remove", path);
    real.rmSync(path, options);
  };
  const link: typeof fs.linkSync = (path, to) => {
    letOthers("link", path);
    real.linkSync(path, to);
  };
  return { ...real, writeFileSync: write, linkSync: link, rmSync: remove };
});

let machine = "one";
vi.mock("node:os", async (original) => ({ ...(await original<typeof os>()), hostname: () => machine }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-race-"));
  writeFileSync(file(), JSON.stringify({ ...ownerNow(), started: "1" }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const journal = (): string => join(folder, "j.ndjson");
const file = (): string => `${journal()}.lock`;

/** What a lock says of this process. */
function ownerNow(): Record<string, unknown> {
  const path = join(folder, "other");
  const lock = JournalLock.take(path);
  const owner: Record<string, unknown> = JSON.parse(readFileSync(`${path}.lock`, "utf8"));
  if (typeof lock !== "string") lock.release();
  return owner;
}

describe("a lock whose owner is gone", () => {
  it.each<[string, Call, RegExp]>([
    ["before this one takes it away", "write", /\.lock\.old\.\w+$/],
    ["while this one takes it away", "remove", /\.lock$/],
  ])("is taken by one process only, also where another one comes %s", (_when, call, file) => {
    const takers: (JournalLock | string)[] = [];
    meanwhile = { call, file, act: () => takers.push(JournalLock.take(journal())) };
    takers.push(JournalLock.take(journal()));
    expect(takers).toHaveLength(2);
    const locks = takers.filter((taker) => typeof taker !== "string");
    expect(locks).toHaveLength(1);
    locks[0]?.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is taken by one process only, also where another machine has one of the same number", () => {
    rmSync(file());
    const takers: (JournalLock | string)[] = [];
    const act = (): void => {
      machine = "another";
      takers.push(JournalLock.take(journal()));
      machine = "one";
    };
    meanwhile = { call: "link", file: /\.lock\.\w+$/, act };
    takers.push(JournalLock.take(journal()));
    const [theirs, ours] = takers;
    expect(ours).toMatch(/^another audit writes to it \(process \d+ on another, /);
    if (typeof theirs === "object") theirs.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is taken by one process only, also where the volume has no hard links", () => {
    rmSync(file());
    const act = (): void => {
      throw Object.assign(new Error("not there"), { code: "EPERM" });
    };
    const takers = [1, 2].map(() => {
      meanwhile = { call: "link", file: /\.lock\.\w+$/, act };
      return JournalLock.take(journal());
    });
    const [lock, other] = takers;
    expect(other).toMatch(/^another audit writes to it \(process \d+; /);
    expect(JSON.parse(readFileSync(file(), "utf8"))).toHaveProperty("pid", process.pid);
    if (typeof lock === "object") lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is left where it cannot be told for how long its owner was silent", () => {
    writeFileSync(file(), JSON.stringify({ ...ownerNow(), host: "another" }));
    utimesSync(file(), 1, 1);
    const probe = /\.lock\.\w+$/;
    const fail = (): void => {
      throw Object.assign(new Error("full"), { code: "ENOSPC" });
    };
    // The first one that it writes is the lock that it would like to have.
    const wait = (): void => {
      meanwhile = { call: "write", file: probe, act: fail };
    };
    meanwhile = { call: "write", file: probe, act: wait };
    expect(JournalLock.take(journal())).toMatch(/^another audit writes to it \(process \d+ on another, /);
  });

  it("is taken where one was ended while it took it away", () => {
    writeFileSync(`${file()}.old`, readFileSync(file()));
    const lock = JournalLock.take(journal());
    expect(lock).toBeInstanceOf(JournalLock);
    if (typeof lock !== "string") lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(process.platform === "linux")("is free where nobody has asked for the end of that process", async () => {
    // What sleeps on in the shell's place never asks for it.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const pid = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
      const state = (): readonly string[] => readFileSync(`/proc/${pid}/stat`, "utf8").split(" ");
      while (state()[2] !== "Z") await new Promise((resolve) => setTimeout(resolve, 10));
      writeFileSync(file(), JSON.stringify({ ...ownerNow(), pid, started: state()[21] }));
      const lock = JournalLock.take(journal());
      expect(lock).toBeInstanceOf(JournalLock);
      if (typeof lock !== "string") lock.release();
    } finally {
      parent.kill();
    }
  });
});
