// Why a stream of HTTP/2 has no answer, where one side ended it with RST_STREAM (RFC 9113 §6.4).
import type { Http2Role } from "../http/index.ts";
import type { Unanswered } from "./types.ts";

/** Error codes of RFC 9113 §7. */
const REFUSED_STREAM = 0x7;
const HTTP_1_1_REQUIRED = 0xd;

/** RFC 9113 §8.7: what was refused was not worked on; RFC 9113 §7: what asks for HTTP/1.1 is sent again that way. */
export function whyReset(from: Http2Role, code: number): Unanswered {
  return from === "client" || code === REFUSED_STREAM || code === HTTP_1_1_REQUIRED ? "cancelled" : "reset";
}
