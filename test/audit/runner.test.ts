// Batches in workers: one capture that ends its worker costs none of the others.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { AuditTask } from "../../src/audit/audit-row.ts";
import { createRunner, payingJobs } from "../../src/audit/runner.ts";
import type { CheckOptions } from "../../src/audit/types.ts";
import { buildProgram, captured } from "../cli/build.ts";

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
  return { path, files: [path], size: 1, modified: 0, hash: null, keys: null, found: true };
}

describe("the workers of an audit", () => {
  it("are none where there is little to do, as many as were asked for where there is much", () => {
    expect(payingJobs(4, 2_000, 20e6)).toBeLessThan(2);
    expect(payingJobs(4, 40_000, 320e6)).toBe(2);
    expect(payingJobs(4, 1_000_000, 8e9)).toBe(4);
    expect(payingJobs(4, 10, 50e9)).toBe(4);
  });

  it("give the rows that the process itself gives, a batch at a time", async () => {
    const program = buildProgram();
    const options = { timeoutMs: null, maxMemoryMiB: null, workerFile: join(program.folder, "pcapcheck.worker.cjs") };
    const own = await createRunner({}, { ...options, jobs: 1 });
    const workers = await createRunner({}, { ...options, jobs: 2 });
    const tasks = ["squid-basic.pcap", "mitm-401-basic.pcap", "README.md", "squid-403.pcap"].map(captured).map(task);
    const rows = [];
    for (const one of tasks) rows.push(...(await own.run([one])));
    expect(rows.map((row) => row?.verdict ?? null)).toEqual(["auth-ok", "tunnel-401-proxy", null, "tunnel-refused"]);
    expect(workers.batch.captures).toBeGreaterThanOrEqual(tasks.length);
    expect(await workers.run(tasks)).toEqual(rows);
    await workers.close();
    program.remove();
  });
});

describe("a limit of time", () => {
  it("may be longer than any timer", async () => {
    const slow = join(folder, "slow.cjs");
    writeFileSync(
      slow,
      `exports.work = async ({ tasks }) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return tasks.map(({ path }) => ({ path }));
      };`,
    );
    const month = 31 * 24 * 3_600_000;
    const runner = await createRunner({}, { jobs: 1, timeoutMs: month, maxMemoryMiB: null, workerFile: slow });
    expect(await runner.run([task("a")])).toEqual([{ path: "a" }]);
    await runner.close();
  });
});

describe("a runner without workers", () => {
  it("loses one capture where the program fails, and no other", async () => {
    let failures = 1;
    const check: CheckOptions = {
      get verifyBodies() {
        if (failures-- > 0) throw new RangeError("Maximum call stack size exceeded");
        return true;
      },
    };
    const options = { jobs: 1, timeoutMs: null, maxMemoryMiB: null, workerFile: null };
    const runner = await createRunner(check, options);
    const run = async (name: string) => (await runner.run([task(captured(name))]))[0];
    expect(await run("mitm-401-basic.pcap")).toMatchObject({
      verdict: null,
      exitCode: 2,
      message: "pcapcheck itself failed (Maximum call stack size exceeded): please report that",
    });
    expect(await run("squid-403.pcap")).toMatchObject({ verdict: "tunnel-refused" });
  });
});

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

  it.each([1, 2])("says of each capture that there was too little memory where %i cannot even start", async (jobs) => {
    const greedy = join(folder, "greedy.cjs");
    // Outside of any task: that the pool tells nobody who waits for one.
    writeFileSync(greedy, "for (const all = []; ; ) all.push(new Array(1000).fill(all.length)); exports.work = null;");
    const limits = { timeoutMs: 60_000, maxMemoryMiB: 8 };
    const runner = await createRunner({}, { jobs, ...limits, workerFile: greedy });
    const batches = ["a", "b", "c", "d"].map((path) => runner.run([task(path)]));
    const rows = (await Promise.all(batches)).flat();
    const givenUp = { limit: "memory", limitMiB: 8 };
    const message = "it took more memory than 8 MiB";
    expect(rows).toMatchObject(["a", "b", "c", "d"].map((path) => ({ path, verdict: null, message, givenUp })));
    await runner.close();
  });
});
