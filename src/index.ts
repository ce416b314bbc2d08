// The library: a capture in, a report out.
export {
  type CaptureSource,
  type CheckFailure,
  type CheckOptions,
  type CheckResult,
  checkCapture,
  type ProxyAddress,
} from "./audit/index.ts";
export { type Explanation, explanations, VERDICTS, type Verdict } from "./diagnosis/index.ts";
export type * from "./report/index.ts";
export { reportSchema } from "./report/index.ts";
