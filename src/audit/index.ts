// Captures in, reports out: the floor where files and platform are.
export { checkCapture } from "./check-capture.ts";
export type { CaptureSource } from "./input.ts";
export type * from "./types.ts";
export { VERSION } from "./version.ts";
