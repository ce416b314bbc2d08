// Key logs beside captures: found alike, one by one and folder by folder.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KeyLogFolders, keyLogsBeside } from "../../src/audit/key-logs-beside.ts";

let folder = "";
const at = (name: string): string => join(folder, name);
/** A folder that was changed a while ago. */
const settle = (seconds: number): void => utimesSync(folder, seconds, seconds);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-beside-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

describe("key logs beside captures", () => {
  it("are those of the capture's name, compressed or not", () => {
    for (const name of ["a.keys", "b.sslkeylog", "c.keylog", "other.keys"]) writeFileSync(at(name), "");
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
    ] as const) {
      const paths = logs.map(at);
      expect(keyLogsBeside(at(capture))).toEqual(paths);
      expect(folders.beside(at(capture))).toEqual(paths);
    }
    expect(folders.beside("-")).toEqual([]);
    expect(folders.beside(null)).toEqual([]);
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
