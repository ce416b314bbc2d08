export type * from "./types.ts";
export { VERDICTS } from "./types.ts";
