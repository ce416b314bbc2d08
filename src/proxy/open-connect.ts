// A CONNECT while its answer is waited for, and what such an answer looks like.

import type { Where } from "../bytes/index.ts";
import { parseTarget, type RequestHead, type ResponseHead, type Target } from "../http/index.ts";
import { EARLY_NS } from "./pairing.ts";
import type { Unanswered } from "./types.ts";

/** A CONNECT while its answer is waited for. */
export interface OpenConnect {
  request: RequestHead;
  target: Target;
  response: ResponseHead | null;
  interim: number;
  unanswered: Unanswered | null;
}

/** The CONNECT of this head. */
export function openConnect(request: RequestHead): OpenConnect {
  return { request, target: parseTarget(request.target), response: null, interim: 0, unanswered: null };
}

/** A success without a length, as an answer to CONNECT is (RFC 9110 §9.3.6). */
export function isUnframedSuccess(head: ResponseHead): boolean {
  return head.status >= 200 && head.status < 300 && head.contentLength === null && !head.chunked;
}

/** Whether it can only answer a CONNECT: the usual words of proxies, without a length. */
export function opensTunnel(head: ResponseHead): boolean {
  return isUnframedSuccess(head) && /^connection /i.test(head.reason);
}

/** Whether `answer` was recorded so shortly before `request` that only the capture put it there. */
export function isEarly(answer: Where, request: Where): boolean {
  return request.time - answer.time <= EARLY_NS;
}
