// HTTP messages from the bytes of one direction; challenges and credentials reduced to what may be known.
export { isKnownScheme } from "./credentials.ts";
export { looksLikeRequest, looksLikeResponse, requestForm, statusAt } from "./detect.ts";
export { createHttp1Parser } from "./http1.ts";
export { createHttp2Connection, looksLikeHttp2 } from "./http2/connection.ts";
export { shownMethod } from "./methods.ts";
export { askedBy, fieldOf, isChallenge, isSuccess } from "./response.ts";
export { parseTarget, shownUrl } from "./target.ts";
export type * from "./types.ts";
