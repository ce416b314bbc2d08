// Key logs beside captures: found alike, one by one and folder by folder.
import type * as fs from "node:fs";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KeyLogFolders, keyLogsBeside } from "../../src/audit/key-logs-beside.ts";

/** As if this process were not allowed to list it: whoever runs the tests may be allowed everything. */
let unlisted = "";
vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const readdirSync = (path: string): readonly string[] => {
    if (path === unlisted) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
    return real.readdirSync(path);
  };
  return { ...real, readdirSync };
});

let folder = "";
const at = (name: string): string => join(folder, name);
/** A folder that was changed a while ago. */
const settle = (seconds: number): void => utimesSync(folder, seconds, seconds);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-beside-"));
});
afterEach(() => {
  vi.useRealTimers();
  unlisted = "";
  rmSync(folder, { recursive: true, force: true });
});

describe("key logs beside captures", () => {
  it("are those of the capture's name, compressed or not", () => {
    for (const name of ["a.keys", "b.sslkeylog", "c.keylog", "E.keys", "other.keys"]) writeFileSync(at(name), "");
    mkdirSync(at("d.keys"));
    settle(1_000_000);
    const folders = new KeyLogFolders();
    for (const [capture, logs] of [
      ["a.pcap", ["a.keys"]],
      ["a.pcap.gz", ["a.keys"]],
      ["b.pcapng.zst", ["b.sslkeylog"]],
      ["c.CAP", ["c.keylog"]],
      ["d.pcap", []],
      // Of a rotated capture the one that has the name of all its files, whichever of them is read first.
      ["a.pcap1", ["a.keys"]],
      ["a.pcap07.gz", ["a.keys"]],
      ["b_00003_20240102030405.pcapng", ["b.sslkeylog"]],
      ["b_20240102030405_00003.pcapng.zst", ["b.sslkeylog"]],
      ["a_00003.pcap", []],
      ["E.pcap", ["E.keys"]],
    ] as const) {
      const paths = logs.map(at);
      expect(keyLogsBeside(at(capture))).toEqual(paths);
      expect(folders.beside(at(capture))).toEqual(paths);
    }
    expect(folders.beside("-")).toEqual([]);
    expect(folders.beside(null)).toEqual([]);
  });

  it("are those of one folder after the other", () => {
    const folders = new KeyLogFolders();
    for (const inner of ["x", "y"]) {
      mkdirSync(at(inner));
      writeFileSync(at(`${inner}/${inner}.keys`), "");
      utimesSync(at(inner), 1_000_000, 1_000_000);
      const found = ["a", inner].map((name) => folders.beside(at(`${inner}/${name}.pcap`)));
      expect(found).toEqual([[], [at(`${inner}/${inner}.keys`)]]);
    }
  });

  it("are looked for one by one in a folder that may be entered and not listed", () => {
    writeFileSync(at("b.keys"), "");
    settle(1_000_000);
    unlisted = folder;
    const folders = new KeyLogFolders();
    const found = ["a", "b", "b"].map((name) => folders.beside(at(`${name}.pcap`)));
    expect(found).toEqual([[], [at("b.keys")], [at("b.keys")]]);
  });

  it("are looked for again once the folder was changed", () => {
    vi.useFakeTimers({ now: 2_000_000_000_000 });
    settle(1_000_000);
    const folders = new KeyLogFolders();
    expect(folders.beside(at("a.pcap"))).toEqual([]);
    expect(folders.beside(at("b.pcap"))).toEqual([]);
    writeFileSync(at("b.keys"), "");
    settle(1_000_001);
    vi.advanceTimersByTime(100);
    expect(folders.beside(at("b.pcap"))).toEqual([at("b.keys")]);
  });

  it("are looked for one by one in a folder that is changing", () => {
    const folders = new KeyLogFolders();
    folders.beside(at("a.pcap"));
    for (const name of ["a", "b", "c"]) {
      writeFileSync(at(`${name}.keys`), "");
      expect(folders.beside(at(`${name}.pcap`))).toEqual([at(`${name}.keys`)]);
    }
  });
});
