// How far an audit is: files, bytes, rate, time left, problems so far; one line on standard error, on a terminal only.
import type { AuditProgress } from "../audit/index.ts";
import type { ProgressStream } from "./progress.ts";

/** An audit that is done in less than this shows nothing. */
const QUIET_MS = 500;
const REDRAW_MS = 200;
const BAR = 20;

export interface AuditProgressLine {
  update(progress: AuditProgress): void;
  clear(): void;
}

/** `stream`: null without a terminal, where nothing is shown. `now` gives milliseconds. */
export function createAuditProgress(stream: ProgressStream | null, now: () => number = Date.now): AuditProgressLine {
  if (stream === null) return { update() {}, clear() {} };
  const start = now();
  let drawn = 0;
  return {
    update(progress) {
      const time = now();
      if (time - start < QUIET_MS || time - drawn < REDRAW_MS) return;
      drawn = time;
      // A line that the terminal wraps could not be taken back.
      stream.write(`\r\x1b[K${line(progress, time - start).slice(0, Math.max(10, (stream.columns ?? 80) - 1))}`);
    },
    clear() {
      if (drawn > 0) stream.write("\r\x1b[K");
    },
  };
}

function line({ captures, capturesTotal, bytes, bytesTotal, problems }: AuditProgress, elapsed: number): string {
  const share = bytesTotal === 0 ? captures / Math.max(1, capturesTotal) : bytes / bytesTotal;
  const full = Math.min(BAR, Math.floor(share * BAR));
  const left = share > 0 ? (elapsed * (1 - share)) / share / 1000 : 0;
  const parts = [
    `[${"#".repeat(full)}${".".repeat(BAR - full)}]`,
    `${captures} of ${capturesTotal} captures`,
    `${(bytes / 1e6).toFixed(0)} of ${(bytesTotal / 1e6).toFixed(0)} MB`,
    `${(bytes / 1e3 / elapsed).toFixed(0)} MB/s`,
    `${timeText(left)} left`,
    `${problems} problem${problems === 1 ? "" : "s"}`,
  ];
  return parts.join("  ");
}

function timeText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
