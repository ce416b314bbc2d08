// Where captures of an audit are checked: in this process, or in workers that can be ended when they take too long or too much.

import type { AuditRow } from "../report/index.ts";
import { type AuditTask, checkTask, failedRow } from "./audit-row.ts";
import type { CheckOptions } from "./types.ts";

export interface RunnerOptions {
  readonly jobs: number;
  /** Milliseconds for one capture, and MiB of a worker's heap; null: no limit. */
  readonly timeoutMs: number | null;
  readonly maxMemoryMiB: number | null;
  /** The bundle that workers run; null: there are none. */
  readonly workerFile: string | null;
}

export interface Runner {
  /** Captures that may be under way at a time. */
  readonly window: number;
  /** Never rejects for what a capture holds. null: no capture, and not named. */
  run(task: AuditTask): Promise<AuditRow | null>;
  close(): Promise<void>;
}

/** In-process where one job without limits is asked for: a worker costs more than hundreds of small captures. */
export async function createRunner(check: CheckOptions, options: RunnerOptions): Promise<Runner> {
  const limited = options.timeoutMs !== null || options.maxMemoryMiB !== null;
  if (options.workerFile === null || (options.jobs <= 1 && !limited)) return inProcess(check);
  return inWorkers(check, options, options.workerFile);
}

function inProcess(check: CheckOptions): Runner {
  return { window: 1, run: (task) => checkTask(task, check), close: async () => {} };
}

/** What a worker is given. */
export interface WorkerTask {
  readonly task: AuditTask;
  readonly check: CheckOptions;
}

async function inWorkers(check: CheckOptions, options: RunnerOptions, workerFile: string): Promise<Runner> {
  const { Piscina } = await import("piscina");
  const { maxMemoryMiB, timeoutMs, jobs } = options;
  const pool = new Piscina({
    filename: workerFile,
    name: "work",
    minThreads: jobs,
    maxThreads: jobs,
    ...(maxMemoryMiB === null ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxMemoryMiB } }),
  });
  return {
    // With a clock running no task may wait in a queue; without one a second round keeps the workers busy.
    window: timeoutMs === null ? 2 * jobs : jobs,
    async run(task) {
      const abort = new AbortController();
      const timer = timeoutMs === null ? null : setTimeout(() => abort.abort(), timeoutMs);
      try {
        return (await pool.run({ task, check } satisfies WorkerTask, { signal: abort.signal })) as AuditRow | null;
      } catch (error) {
        if (timeoutMs !== null && abort.signal.aborted)
          return failedRow(task, `it took longer than ${timeoutMs / 1000} s`, { limit: "time", limitMs: timeoutMs });
        if (error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY") {
          const most = maxMemoryMiB === null ? "Node grants a worker" : `${maxMemoryMiB} MiB`;
          const message = `it took more memory than ${most}`;
          return failedRow(task, message, { limit: "memory", limitMiB: maxMemoryMiB });
        }
        return failedRow(task, `the worker ended: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        if (timer !== null) clearTimeout(timer);
      }
    },
    close: () => pool.destroy(),
  };
}
