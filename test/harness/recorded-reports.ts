// Reports of recorded captures, checked with the keys and options that their truths name.
import { dirname, join } from "node:path";
import { type CheckOptions, checkCapture, type ProxyAddress } from "../../src/audit/index.ts";
import { proxies } from "../../src/cli/option-values.ts";
import type { Report } from "../../src/report/index.ts";
import type { RecordedCapture } from "./truth.ts";

const KNOWN = new Set(["--proxy", "--rsa-key"]);

/** Options of the truth are those of the command line. Throws if one is unknown here: a test must not pass over it. */
export function optionsOf({ truth, path, name }: RecordedCapture): CheckOptions {
  const unknown = truth.options.find((option, i) => i % 2 === 0 && !KNOWN.has(option));
  if (unknown !== undefined) throw new Error(`${name} needs ${unknown}, which the tests do not pass on`);
  const valuesOf = (option: string) => truth.options.filter((_, i) => truth.options[i - 1] === option);
  return {
    proxies: valuesOf("--proxy").reduce<readonly ProxyAddress[]>((before, value) => proxies(value, before), []),
    rsaKeys: valuesOf("--rsa-key").map((file) => join(dirname(path), file)),
  };
}

/** The report of a recorded capture. Throws if it cannot be checked. */
export async function recordedReport(capture: RecordedCapture): Promise<Report> {
  const result = await checkCapture(capture.path, optionsOf(capture));
  if ("kind" in result) throw new Error(`${capture.path}: ${result.message}`);
  return result;
}
