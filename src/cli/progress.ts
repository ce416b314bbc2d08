// How far a long read is: one line on standard error, on a terminal only, gone when it is done.

/** A file that is read in less than this shows nothing. */
const QUIET_MS = 500;
const REDRAW_MS = 200;

/** What the progress needs of a terminal. */
export interface ProgressStream {
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  update(done: number, total: number | null): void;
  clear(): void;
}

/** Shows the progress of reading `name`, which was escaped before; without a terminal nothing. `now` gives milliseconds. */
export function createProgress(name: string, stream: ProgressStream | null, now: () => number = Date.now): Progress {
  if (stream === null) return { update() {}, clear() {} };
  const start = now();
  let drawn = 0;
  return {
    update(done, total) {
      const time = now();
      if (time - start < QUIET_MS || time - drawn < REDRAW_MS) return;
      drawn = time;
      const rate = `${(done / 1e3 / (time - start)).toFixed(0)} MB/s`;
      const megabytes = `${(done / 1e6).toFixed(0)} MB`;
      const share =
        total === null || total === 0 ? megabytes : `${percent(done, total)} of ${(total / 1e6).toFixed(0)} MB`;
      const text = `${share}, ${rate}: ${name}`;
      // A line that the terminal wraps could not be taken back.
      stream.write(`\r\x1b[K${text.slice(0, Math.max(10, (stream.columns ?? 80) - 1))}`);
    },
    clear() {
      if (drawn > 0) stream.write("\r\x1b[K");
    },
  };
}

function percent(done: number, total: number): string {
  return `${Math.min(100, Math.floor((100 * done) / total))} %`;
}
