// One capture from its bytes to its report.
import { buildReport, type LazyReport, wholeReport } from "../report/index.ts";
import { mustGoOn } from "./byte-source.ts";
import { checkedOptions, mustBePaths } from "./check-options.ts";
import { DIGESTS } from "./digests.ts";
import { type ExamineOptions, examine } from "./examine.ts";
import { type CaptureSource, mustBeSource } from "./input.ts";
import { type CaptureFiles, isFiles } from "./joined-files.ts";
import type { CheckFailure, CheckOptions, CheckResult } from "./types.ts";
import { VERSION } from "./version.ts";

/**
 * Checks one capture. Never rejects for what the source holds: a source that is no capture, or cannot be read, gives a
 * `CheckFailure` (which has `kind`, and a report has not); damage inside a capture is told in its report. Rejects with `TypeError`
 * for a source or option that is none, with the reason of `signal`, and with what `onProgress` throws; a stream is ended then.
 *
 * Checks may run at the same time, but share one thread: a worker is the place for captures that take seconds.
 */
export async function checkCapture(
  source: CaptureSource | CaptureFiles,
  options: CheckOptions = {},
): Promise<CheckResult> {
  const result = await checkLazily(source, options);
  return "kind" in result ? result : wholeReport(result);
}

/** The same; connections are made when they are gone through. */
export async function checkLazily(
  source: CaptureSource | CaptureFiles,
  options: ExamineOptions,
): Promise<LazyReport | CheckFailure> {
  const checked = checkedOptions(options);
  if (isFiles(source)) mustBePaths("source.files", source.files);
  else mustBeSource(source);
  mustGoOn(options.signal);
  const examined = await examine(source, checked);
  if ("kind" in examined) return examined;
  const detail = options.detail ?? "full";
  return buildReport(examined, {
    digests: detail === "full" ? DIGESTS : null,
    one: detail === "verdict",
    version: VERSION,
  });
}
