// The tcp room: segments in; bytes and gaps of followed connections out, in order, per direction.
export { createTcp } from "./tcp.ts";
export type * from "./types.ts";
