// Where captures of an audit are checked: in this process, or in workers that can be ended when they take too long or too much.

import type { AuditRow } from "../report/index.ts";
import { type AuditTask, checkTask, failedRow } from "./audit-row.ts";
import type { ExamineOptions } from "./examine.ts";
import { KeyLogFolders } from "./key-logs-beside.ts";

export interface RunnerOptions {
  readonly jobs: number;
  /** Milliseconds for one capture, and MiB of a worker's heap; null: no limit. */
  readonly timeoutMs: number | null;
  readonly maxMemoryMiB: number | null;
  /** The bundle that workers run; null: there are none. */
  readonly workerFile: string | null;
}

export interface Runner {
  /** Batches that may be under way at a time. */
  readonly window: number;
  /** Captures of a batch at most, and bytes beyond which it takes no further one. */
  readonly batch: { readonly captures: number; readonly bytes: number };
  /** The rows of a batch, in its order. Never rejects for what a capture holds. null: no capture, and not named. */
  run(tasks: readonly AuditTask[]): Promise<readonly (AuditRow | null)[]>;
  close(): Promise<void>;
}

const ONE_BY_ONE = { captures: 1, bytes: 0 };
/** Handing something to a worker and back takes as long as checking a small capture: they go by dozens. */
const BATCH = { captures: 32, bytes: 4 * 1024 * 1024 };

/** What a capture takes whatever is in it, and what a megabyte of it takes, once all is compiled: measured with short tunnels. */
const CAPTURE_MS = 0.08;
const MEGABYTE_MS = 1;
/** A worker compiles everything for itself: with less than this to do it ends later than one process that does all. */
const WORKER_PAYS_MS = 1_500;

/** How many of `jobs` workers pay for so many captures and bytes; less than two: none does. */
export function payingJobs(jobs: number, captures: number, bytes: number): number {
  const work = captures * CAPTURE_MS + (bytes / 1e6) * MEGABYTE_MS;
  return Math.min(jobs, Math.floor(work / WORKER_PAYS_MS));
}

/** In-process where one job without limits is asked for: a worker costs more than hundreds of small captures. */
export async function createRunner(check: ExamineOptions, options: RunnerOptions): Promise<Runner> {
  const limited = options.timeoutMs !== null || options.maxMemoryMiB !== null;
  if (options.workerFile === null || (options.jobs <= 1 && !limited)) return inProcess(check);
  return inWorkers(check, options, options.workerFile);
}

function inProcess(check: ExamineOptions): Runner {
  const folders = new KeyLogFolders();
  return {
    window: 1,
    batch: ONE_BY_ONE,
    run: async ([task]) => (task === undefined ? [] : [await checkTask(task, check, folders)]),
    close: async () => {},
  };
}

/** A longer one would be over at once: 24 days, longer than any capture takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a worker is given. */
export interface WorkerTask {
  readonly tasks: readonly AuditTask[];
  readonly check: ExamineOptions;
}

async function inWorkers(check: ExamineOptions, options: RunnerOptions, workerFile: string): Promise<Runner> {
  const { Piscina } = await import("piscina");
  const { maxMemoryMiB, timeoutMs, jobs } = options;
  const pool = new Piscina({
    filename: workerFile,
    name: "work",
    minThreads: jobs,
    maxThreads: jobs,
    ...(maxMemoryMiB === null ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxMemoryMiB } }),
  });
  /** What waits for rows: ends that, with the reason. */
  const waiting = new Set<(error: unknown) => void>();
  // A worker that had nothing to do has ended: with too little memory none even starts. Where it was the last one nothing in the
  // queue would get another.
  pool.on("error", (error) => {
    if (pool.threads.length === 0) for (const giveUp of waiting) giveUp(error);
  });
  /** Rejects if the worker ends, be it that it was ended. */
  const inOne = async (tasks: readonly AuditTask[], abort: AbortController): Promise<readonly (AuditRow | null)[]> =>
    await new Promise((resolve, reject) => {
      const giveUp = (error: unknown): void => {
        reject(error);
        abort.abort();
      };
      waiting.add(giveUp);
      pool
        .run({ tasks, check } satisfies WorkerTask, { signal: abort.signal })
        .then(resolve, reject)
        .finally(() => waiting.delete(giveUp));
    });
  const alone = async (task: AuditTask): Promise<AuditRow | null> => {
    const abort = new AbortController();
    let isLate = false;
    const end = (): void => {
      isLate = true;
      abort.abort();
    };
    const timer = timeoutMs === null ? null : setTimeout(end, Math.min(timeoutMs, LONGEST_TIMER_MS));
    try {
      return (await inOne([task], abort))[0] ?? null;
    } catch (error) {
      if (timeoutMs !== null && isLate)
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
  };
  const limited = timeoutMs !== null || maxMemoryMiB !== null;
  return {
    // With a clock running no task may wait in a queue; without one a second round keeps the workers busy.
    window: timeoutMs === null ? 2 * jobs : jobs,
    batch: limited ? ONE_BY_ONE : BATCH,
    async run(tasks) {
      if (tasks.length > 1) {
        try {
          return await inOne(tasks, new AbortController());
        } catch {
          // One of them ended the worker: each by itself, so that the others are not lost and it is known which one.
        }
      }
      return await Promise.all(tasks.map(alone));
    },
    close: () => pool.destroy(),
  };
}
