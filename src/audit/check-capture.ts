// One capture from its bytes to its report.
import { buildReport, type Report } from "../report/index.ts";
import { checkedOptions } from "./check-options.ts";
import { DIGESTS } from "./digests.ts";
import { examine } from "./examine.ts";
import type { CaptureSource } from "./input.ts";
import type { CaptureFiles } from "./joined-files.ts";
import type { CheckFailure, CheckOptions } from "./types.ts";
import { VERSION } from "./version.ts";

/**
 * Checks one capture. Never rejects for what the source holds: a source that is no capture, or cannot be read, gives a
 * `CheckFailure`; damage inside a capture is told in its report.
 */
export async function checkCapture(
  source: CaptureSource | CaptureFiles,
  options: CheckOptions = {},
): Promise<Report | CheckFailure> {
  const examined = await examine(source, checkedOptions(options));
  if ("kind" in examined) return examined;
  const detail = options.detail ?? "full";
  return buildReport(examined, {
    digests: detail === "full" ? DIGESTS : null,
    one: detail === "verdict",
    version: VERSION,
  });
}
