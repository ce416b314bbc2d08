// A CONNECT while its answer is waited for, and what such an answer looks like.

import type { FrameNo, Where } from "../bytes/index.ts";
import { isSuccess, parseTarget, type RequestHead, type ResponseHead, type Target } from "../http/index.ts";
import { EARLY_NS } from "./pairing.ts";
import type { Unanswered } from "./types.ts";

/** A CONNECT while its answer is waited for. */
export interface OpenConnect {
  request: RequestHead;
  target: Target;
  response: ResponseHead | null;
  interim: number;
  unanswered: Unanswered | null;
  droppedBefore: number;
}

/** CONNECT attempts kept of one connection, the first ones and the last; an authentication loop makes its point long before. */
const MAX_CONNECTS = 64;

/** Of a tunnel whose CONNECT is not in the capture. */
const UNKNOWN_TARGET: Target = { host: "", port: null, kind: "malformed", text: "" };

/** The CONNECT of this head, as the last of those that are kept of its connection. */
export function openConnect(request: RequestHead, kept: OpenConnect[]): OpenConnect {
  const dropped = kept.length < MAX_CONNECTS ? undefined : kept.pop();
  const droppedBefore = dropped === undefined ? 0 : dropped.droppedBefore + 1;
  const target = parseTarget(request.target);
  const connect = { request, target, response: null, interim: 0, unanswered: null, droppedBefore };
  kept.push(connect);
  return connect;
}

/** Where a tunnel leads that this CONNECT opened; null: one that is not in the capture. */
export function targetOf(connect: OpenConnect | null): Target {
  return connect?.target ?? UNKNOWN_TARGET;
}

/** Whether this CONNECT was sent before `frame`: what is missing in front of it may be of an earlier one's answer, and told late. */
export function waitsAt(connect: OpenConnect | null, frame: FrameNo): boolean {
  return connect !== null && connect.request.where.frame < frame;
}

/** A success without a length, as an answer to CONNECT is (RFC 9110 §9.3.6). */
export function isUnframedSuccess(head: ResponseHead): boolean {
  return isSuccess(head.status) && head.contentLength === null && !head.chunked;
}

/** Whether it can only answer a CONNECT: the usual words of proxies, without a length. */
export function opensTunnel(head: ResponseHead): boolean {
  return isUnframedSuccess(head) && /^connection /i.test(head.reason);
}

/** Whether a 2xx that nobody is known to have asked for may open a tunnel; `unseen`: not all requests are in the capture. */
export function mayOpen(head: ResponseHead, unseen: boolean): boolean {
  return unseen ? isUnframedSuccess(head) : opensTunnel(head);
}

/**
 * Whether an answer that was met before this request is one to it: it was captured later, or, where no other request can be
 * missing (`whole`), so shortly before it that only the capture put it there.
 */
export function isAnswerTo(answer: Where, request: Where, whole: boolean): boolean {
  return answer.frame > request.frame || (whole && request.time - answer.time <= EARLY_NS);
}
