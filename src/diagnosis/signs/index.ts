// Signs without keys; see weigh.ts for what they add up to.
export type { Sign, SignsFound } from "./types.ts";
export { signsOf } from "./weigh.ts";
