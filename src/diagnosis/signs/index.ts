// Signs without keys; see weigh.ts for what they add up to.
export { TunnelsBeyond } from "./beyond.ts";
export { hasOwnSign } from "./own-sign.ts";
export type { Sign, SignsFound } from "./types.ts";
export { signsOf } from "./weigh.ts";
