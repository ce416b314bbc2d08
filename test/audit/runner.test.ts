// Batches in workers: one capture that ends its worker costs none of the others.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { AuditTask } from "../../src/audit/audit-row.ts";
import { createRunner } from "../../src/audit/runner.ts";

const folder = mkdtempSync(join(tmpdir(), "pcapcheck-runner-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A worker that gives each task's path back, takes "none" for no capture, and ends at "bad". */
const workerFile = join(folder, "worker.cjs");
writeFileSync(
  workerFile,
  `exports.work = async ({ tasks }) => tasks.map(({ path }) => {
    if (path === "bad") process.exit(7);
    return path === "none" ? null : { path, text: String(tasks.length) };
  });`,
);

function task(path: string): AuditTask {
  return { path, files: [path], size: 1, modified: 0, hash: null, found: true };
}

describe("a runner with workers", () => {
  it("gives a batch to one of them, and its rows back in order", async () => {
    const runner = await createRunner({}, { jobs: 2, timeoutMs: null, maxMemoryMiB: null, workerFile });
    expect(runner.batch.captures).toBeGreaterThan(1);
    const rows = await runner.run(["a", "none", "b"].map(task));
    expect(rows.map((row) => row?.path ?? null)).toEqual(["a", null, "b"]);
    expect(rows[0]?.text).toBe("3");
    await runner.close();
  });

  it("finds out which one of a batch ends its worker, and loses no other", async () => {
    const runner = await createRunner({}, { jobs: 1, timeoutMs: null, maxMemoryMiB: 64, workerFile });
    const others = await createRunner({}, { jobs: 2, timeoutMs: null, maxMemoryMiB: null, workerFile });
    const rows = await others.run(["a", "bad", "b", "c"].map(task));
    expect(rows.map((row) => row?.path)).toEqual(["a", "bad", "b", "c"]);
    expect(rows.map((row) => row?.message ?? null)).toEqual([null, expect.stringMatching(/worker ended/), null, null]);
    // With a limit each one goes alone, so that the limit is one capture's.
    expect(runner.batch.captures).toBe(1);
    await runner.close();
    await others.close();
  });
});
