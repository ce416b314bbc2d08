// What Windows has otherwise: backslashes, cases that are the same, UTF-16, names of devices, appending that cannot cut.
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, posix, win32 } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { auditCaptures, mergeJournals } from "../../src/audit/audit.ts";
import { parted } from "../../src/audit/globs.ts";
import { JournalLock } from "../../src/audit/journal-lock.ts";
import { beginList, pathsIn } from "../../src/audit/path-list.ts";
import { reservedName } from "../../src/audit/reserved-names.ts";
import { identityOf, portablePath } from "../../src/audit/row-identity.ts";
import { onWindows } from "../harness/windows.ts";

const CAPTURE = fileURLToPath(new URL("../../captures/squid-403.pcap", import.meta.url));

vi.mock("node:fs", async (original) => {
  const actual = await original<typeof import("node:fs")>();
  return {
    ...actual,
    // Of a file that is open for appending: it takes more rights than appending does.
    ftruncateSync(): never {
      throw Object.assign(new Error("EPERM: operation not permitted, ftruncate"), { code: "EPERM" });
    },
  };
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-windows-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a row of a journal", () => {
  it.each([
    "caps\\A b.pcap",
    "CAPS/a B.pcap",
    ".\\caps\\.\\a b.pcap",
    "\\work\\caps\\a b.pcap",
    "c:/Work/caps/a b.pcap",
  ])("is found on Windows by %s", (path) => {
    const paths = { ...win32, resolve: (name: string) => win32.resolve("C:\\work", name) };
    expect(identityOf(path, paths)).toBe("c:\\work\\caps\\a b.pcap");
  });

  it("is one for each case elsewhere", () => {
    expect(identityOf("/caps/A.pcap", posix)).toBe("/caps/A.pcap");
  });

  it("is in the same part on Windows and elsewhere", () => {
    expect(portablePath(".\\caps\\\\a.pcap", win32)).toBe(portablePath("caps/a.pcap", posix));
  });

  it("is in the same part in upper and lower case: on Windows each machine may be given another one", async () => {
    const names = ["b.pcap", "B.PCAP", "ä.pcap", "Ä.pcap"];
    for (const name of names) copyFileSync(CAPTURE, join(folder, name));
    const parts = await Promise.all(
      [1, 2, 3, 4, 5].map((index) => auditCaptures([folder], { allRows: true, shard: { index, of: 5 } })),
    );
    const found = parts.map(({ rows }) => rows.map(({ path }) => path.toLowerCase()));
    for (const paths of found)
      for (const path of paths) expect(paths.filter((other) => other === path)).toHaveLength(2);
    expect(found.flat()).toHaveLength(names.length);
  });
});

describe("a pattern", () => {
  const thereIs =
    (...folders: string[]) =>
    (path: string): boolean =>
      folders.includes(path);

  it.each([
    ["caps\\*.pcap", "caps\\", "*.pcap"],
    ["C:\\caps\\**\\x\\*.pcap", "C:\\caps\\", "**/x/*.pcap"],
    ["C:/caps (old)\\[2026]\\*.pcap", "C:/caps (old)\\[2026]\\", "*.pcap"],
    ["C:\\[ab]\\*.pcap", "C:\\", "[ab]/*.pcap"],
    ["\\\\host\\share\\*.pcap", "\\\\host\\share\\", "*.pcap"],
    ["\\\\?\\C:\\caps\\*.pcap", "\\\\?\\C:\\caps\\", "*.pcap"],
    ["*.pcap", "", "*.pcap"],
  ])("of Windows, %s, has backslashes between folders", (pattern, at, rest) => {
    expect(parted(pattern, win32, thereIs("C:/caps (old)\\[2026]\\"))).toEqual({ folder: at, rest });
  });

  it("of other platforms has them in names", () => {
    expect(parted("/caps/a\\*b/*.pcap", posix, thereIs())).toEqual({ folder: "/caps/", rest: "a\\*b/*.pcap" });
  });

  it("has folders of any name in front", async () => {
    const odd = join(folder, "caps (86) [old] {1,2} +(a)");
    mkdirSync(odd);
    copyFileSync(CAPTURE, join(odd, "a.pcap"));
    const { rows } = await auditCaptures([`${odd}/*.pcap`], { allRows: true });
    expect(rows.map(({ path }) => path)).toEqual([join(odd, "a.pcap")]);
  });
});

/** The paths of a list, which are the same in whatever pieces it comes. */
function listed(bytes: Uint8Array): readonly string[] {
  const whole = [...pathsIn(beginList([bytes].values()))];
  // Its beginning is read in one; behind it, pieces are as they come.
  const first = Buffer.from(bytes);
  for (const size of [1, 2, 3]) {
    for (let cut = first.indexOf("\n") + 2; cut < bytes.length; cut++) {
      const rest: Uint8Array[] = [];
      for (let at = cut; at < bytes.length; at += size) rest.push(bytes.subarray(at, at + size));
      expect([...pathsIn({ first: first.subarray(0, cut), rest })]).toEqual(whole);
    }
  }
  return whole;
}

describe("a list", () => {
  const LINES = "# captures\r\ncaps\\größe.pcap\r\n\r\nC:\\caps\\a b.pcap\r\n";
  const little = Buffer.from(LINES, "utf16le");
  const big = Buffer.from(little).swap16();

  it.each([
    ["UTF-8", Buffer.from(LINES)],
    ["UTF-8 behind a mark", Buffer.from(`\ufeff${LINES}`)],
    ["UTF-16 behind a mark", Buffer.concat([Buffer.of(0xff, 0xfe), little])],
    ["UTF-16 without a mark", little],
    ["the other UTF-16", Buffer.concat([Buffer.of(0xfe, 0xff), big])],
  ])("is read in %s", (_what, bytes) => {
    expect(listed(bytes)).toEqual(["caps\\größe.pcap", "C:\\caps\\a b.pcap"]);
  });

  it("of find -print0 has names of one letter, too", () => {
    expect(listed(Buffer.from("a\0b\0c\r\n\0"))).toEqual(["a", "b", "c\r\n"]);
  });
});

describe("a name that Windows keeps for a device", () => {
  it.each([
    ["NUL", "NUL"],
    ["nul", "NUL"],
    ["C:\\caps\\con.html", "CON"],
    ["x/com1", "COM1"],
    ["aux .txt", "AUX"],
    ["NUL:", "NUL"],
    ["console.html", null],
    ["nul\\report.html", null],
    ["com10.csv", null],
    ["\\\\.\\pipe\\x", null],
  ])("%s is told: %s", async (path, device) => {
    expect(await onWindows(() => reservedName(path))).toBe(device);
    expect(reservedName(path)).toBeNull();
  });
});

describe("a journal", () => {
  it("that ends in the middle of a line is gone on with where what is open for appending cannot be cut", async () => {
    const journal = join(folder, "torn.ndjson");
    await auditCaptures([CAPTURE], { journal });
    const whole = readFileSync(journal, "utf8");
    appendFileSync(journal, '{"path":"to');
    expect((await auditCaptures([CAPTURE], { journal })).captures.total).toBe(1);
    expect(readFileSync(journal, "utf8")).toBe(whole);
  });

  it("of a process that did not show itself is free on Windows, where its number may be another's", async () => {
    const journal = join(folder, "left.ndjson");
    const lock = JournalLock.take(journal);
    if (typeof lock === "string") throw new Error(lock);
    const own: unknown = JSON.parse(readFileSync(`${journal}.lock`, "utf8"));
    lock.release();
    const left = (minutes: number): Promise<boolean> => {
      // The parent of this process runs.
      writeFileSync(`${journal}.lock`, JSON.stringify({ ...Object(own), pid: process.ppid, started: "" }));
      const then = new Date(Date.now() - minutes * 60_000);
      utimesSync(`${journal}.lock`, then, then);
      return onWindows(() => typeof JournalLock.take(journal) !== "string");
    };
    expect(await left(1)).toBe(false);
    expect(await left(3)).toBe(true);
  });

  it("of Windows and one of elsewhere have the same row for the same capture", async () => {
    mkdirSync(join(folder, "both"));
    const [here, there] = [join(folder, "here.ndjson"), join(folder, "there.ndjson")];
    copyFileSync(CAPTURE, join(folder, "both", "a.pcap"));
    const paths = [join(folder, "both")];
    await auditCaptures(paths, { journal: here });
    await onWindows(() => auditCaptures(paths, { journal: there }));
    // What Windows writes into its rows, JSON has twice.
    const text = readFileSync(there, "utf8").replaceAll(
      /"path":"([^"]*)a.pcap"/g,
      (_, path: string) => `"path":"${path.replaceAll("/", "\\\\")}a.pcap"`,
    );
    expect(text).toContain("both\\\\a.pcap");
    writeFileSync(there, text);
    expect(mergeJournals([here, there]).captures.total).toBe(1);
    expect(mergeJournals([there, here]).captures.total).toBe(1);
  });

  it("is not NUL", async () => {
    await expect(onWindows(() => auditCaptures([CAPTURE], { journal: join(folder, "nul") }))).rejects.toThrow(
      "the journal is no file",
    );
  });
});
