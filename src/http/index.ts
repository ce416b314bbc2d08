// HTTP messages from the bytes of one direction; challenges and credentials reduced to what may be known.
export { type Looks, looksLikeRequest, looksLikeResponse, requestForm } from "./detect.ts";
export { createHttp1Parser } from "./http1.ts";
export { parseTarget } from "./target.ts";
export type * from "./types.ts";
