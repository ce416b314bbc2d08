// How far a long read is: one line on standard error, on a terminal only, gone when it is done.

/** A file that is read in less than this shows nothing. */
const QUIET_MS = 500;
const REDRAW_MS = 200;

export interface Progress {
  update(done: number, total: number | null): void;
  clear(): void;
}

/** Shows the progress of reading `name`. */
export function createProgress(name: string, stream: NodeJS.WriteStream): Progress {
  if (stream.isTTY !== true) return { update() {}, clear() {} };
  const start = Date.now();
  let drawn = 0;
  return {
    update(done, total) {
      const now = Date.now();
      if (now - start < QUIET_MS || now - drawn < REDRAW_MS) return;
      drawn = now;
      const rate = (done / 1e6 / ((now - start) / 1000)).toFixed(0);
      const share =
        total === null
          ? `${(done / 1e6).toFixed(0)} MB`
          : `${Math.floor((100 * done) / total)} % of ${(total / 1e6).toFixed(0)} MB`;
      stream.write(`\r\x1b[K${name}: ${share}, ${rate} MB/s`);
    },
    clear() {
      if (drawn > 0) stream.write("\r\x1b[K");
    },
  };
}
