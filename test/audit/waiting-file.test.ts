// A file that says it has nothing yet, as Linux' /proc/kmsg and trace_pipe, which are said to be files.
import type * as fs from "node:fs";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { auditCaptures } from "../../src/audit/index.ts";
import { captured } from "../cli/build.ts";

/** What is read of a file of this name is not there yet. */
const NAME = "waits.pcap";

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const waiting = new Set<number>();
  const open: typeof fs.openSync = (path, flags, mode) => {
    const descriptor = real.openSync(path, flags, mode);
    if (String(path).endsWith(NAME)) waiting.add(descriptor);
    return descriptor;
  };
  const close: typeof fs.closeSync = (descriptor) => {
    waiting.delete(descriptor);
    real.closeSync(descriptor);
  };
  const readSync = (descriptor: number, ...how: [Uint8Array, number, number, number | null]): number => {
    if (waiting.has(descriptor)) throw Object.assign(new Error("nothing yet"), { code: "EAGAIN" });
    return real.readSync(descriptor, ...how);
  };
  return { ...real, openSync: open, closeSync: close, readSync };
});

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-waiting-"));
  for (const name of ["a.pcap", NAME]) copyFileSync(captured("squid-403.pcap"), join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("an audit does not wait for it, and says so", async () => {
  const { rows } = await auditCaptures([folder], { allRows: true });
  expect(rows.map(({ verdict, message }) => verdict ?? message)).toEqual([
    "tunnel-refused",
    "it waits for what comes, as a pipe does, and is no file that can be read to its end",
  ]);
}, 20_000);
